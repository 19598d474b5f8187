package tokenizer_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mulligan/data/tokenizer"
)

// vocabulary is one to compare.
type vocabulary struct {
	name      string
	open      func(t *testing.T) (*tokenizer.Tokenizer, error)
	reference func(t *testing.T, dir string) string // path of the tokenizer.json that Hugging Face's library reads
	special   []string                              // tokens to put into texts
	known     func(text string, o tokenizer.Options) bool
}

// real returns the vocabularies of a folder.
//
//	NAME.json               a tokenizer.json
//	smollm2.gguf            a byte-level GGUF file, against the tokenizer.json of its merges
//	gemma3.gguf             scores, against gemma3.json
//	NAME.model              SentencePiece scores, against the tokenizer.json that transformers makes of them,
//	                        legacy (Prepend) and not (Metaspace)
func real(t *testing.T, dir string) []vocabulary {
	paths, err := filepath.Glob(filepath.Join(dir, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []vocabulary
	for _, path := range paths {
		switch filepath.Ext(path) {
		case ".json":
			all = append(all, ofJSON(t, path))
		case ".gguf":
			all = append(all, ofGGUF(t, path))
		case ".model":
			all = append(all, ofModel(t, path)...)
		}
	}
	return all
}

func ofJSON(t *testing.T, path string) vocabulary {
	return vocabulary{
		name: filepath.Base(path),
		open: func(t *testing.T) (*tokenizer.Tokenizer, error) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			return tokenizer.ReadJSON(b)
		},
		reference: func(*testing.T, string) string { return path },
		special:   addedTokens(t, path),
	}
}

func ofGGUF(t *testing.T, path string) vocabulary {
	v := readGGUF(t, path)
	c := vocabulary{
		name: filepath.Base(path),
		open: func(*testing.T) (*tokenizer.Tokenizer, error) { return tokenizer.New(v) },
	}
	if v.Model == "llama" {
		other := strings.TrimSuffix(path, ".gguf") + ".json"
		c.reference = func(*testing.T, string) string { return other }
		c.special, c.known = addedTokens(t, other), gemmaDiffers(t, other, v)
		return c
	}
	c.reference = func(t *testing.T, dir string) string { return writeFile(t, dir, byteLevelJSON(v)) }
	for id, kind := range v.Types {
		if kind == 3 {
			c.special = append(c.special, v.Tokens[id])
		}
	}
	return c
}

// ofModel returns three comparisons: of scores, and of the merges that transformers makes of them, in
// both of its forms.
func ofModel(t *testing.T, path string) []vocabulary {
	v := readSentencePiece(t, path)
	scored := vocabulary{
		name: filepath.Base(path) + " scores",
		open: func(*testing.T) (*tokenizer.Tokenizer, error) { return tokenizer.New(v) },
		reference: func(t *testing.T, dir string) string {
			return writeFile(t, dir, spacedJSON(v, true))
		},
	}
	for id, kind := range v.Types {
		if (kind == 3 || kind == 4) && len(scored.special) < 300 {
			scored.special = append(scored.special, v.Tokens[id])
		}
	}
	all := []vocabulary{scored}
	for _, legacy := range []bool{true, false} {
		merged := scored
		merged.name = filepath.Base(path) + map[bool]string{true: " Prepend", false: " Metaspace"}[legacy]
		merged.reference = func(t *testing.T, dir string) string { return writeFile(t, dir, spacedJSON(v, legacy)) }
		merged.open = func(t *testing.T) (*tokenizer.Tokenizer, error) { return tokenizer.ReadJSON(spacedJSON(v, legacy)) }
		all = append(all, merged)
	}
	return all
}

func writeFile(t *testing.T, dir string, b []byte) string {
	path := filepath.Join(dir, "tokenizer.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type added struct {
	ID      int
	Content string
	Special bool
}

func readAdded(t *testing.T, path string) []added {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Added []added `json:"added_tokens"`
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f.Added
}

// addedTokens returns the added tokens of a tokenizer.json, of many some.
func addedTokens(t *testing.T, path string) []string {
	all := readAdded(t, path)
	var some []string
	for i := 0; i < len(all); i += max(1, len(all)/300) {
		some = append(some, all[i].Content)
	}
	return some
}

// gemmaDiffers returns what tells the texts on which Gemma's GGUF files and its tokenizer.json differ.
// Tokens for runs of spaces are spelled with spaces in the one and with U+2581 in the other, where they
// are also found in a text that has U+2581 itself. And more tokens are control tokens in the one than
// are special in the other: they are text where special tokens are text.
func gemmaDiffers(t *testing.T, path string, v tokenizer.Vocabulary) func(string, tokenizer.Options) bool {
	var control []string
	for _, a := range readAdded(t, path) {
		if !a.Special && v.Types[a.ID] == 3 {
			control = append(control, a.Content)
		}
	}
	return func(text string, o tokenizer.Options) bool {
		return strings.Contains(text, "\u2581") || o.Plain && slices.ContainsFunc(control, func(token string) bool { return strings.Contains(text, token) })
	}
}
