package tokenizer

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestPreTokenizersAsHuggingFace cuts random texts by every pre-tokenizer that New knows, and by every regular
// expression that ReadJSON knows, and wants the pieces of Hugging Face's own library. Texts are of
// characters of every class that the regular expressions tell apart.
func TestPreTokenizersAsHuggingFace(t *testing.T) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		if os.Getenv("MULLIGAN_FULL") == "1" {
			t.Fatal("MULLIGAN_PYTHON is not set")
		}
		t.Skip("MULLIGAN_PYTHON is not set")
	}
	steps := map[string][]step{}
	for name, pre := range preTokenizers {
		steps[name] = pre.steps
	}
	for _, k := range knownRegexes {
		steps["regex "+k.name] = []step{{stepSplit, k.regex}}
	}
	steps["runs of digits"] = []step{{kind: stepDigits}, {kind: stepByteLevel}}
	steps["nothing"] = nil
	names := make([]string, 0, len(steps))
	for name := range steps {
		names = append(names, name)
	}
	slices.Sort(names)
	order := struct {
		PreTokenizers []any    `json:"pre_tokenizers"`
		Texts         []string `json:"texts"`
	}{Texts: classTexts(4000)}
	for _, name := range names {
		order.PreTokenizers = append(order.PreTokenizers, preTokenizerJSON(steps[name]))
	}
	in, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/pretokenize.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pretokenize.py: %v", err)
	}
	lines := json.NewDecoder(bytes.NewReader(out))
	for _, name := range names {
		var want [][]string
		if err := lines.Decode(&want); err != nil {
			t.Fatal(err)
		}
		stages, err := newStages(steps[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		different := 0
		for i, text := range order.Texts {
			got := spelledPieces(stages, text)
			if slices.Equal(got, want[i]) {
				continue
			}
			if different++; different <= 3 {
				t.Errorf("%s: %+q: got %q, want %q", name, text, got, want[i])
			}
		}
		t.Logf("%s: %d texts, %d different", name, len(order.Texts), different)
	}
}

// preTokenizerJSON returns steps as a tokenizer.json has them.
func preTokenizerJSON(steps []step) any {
	level := func(regex bool) any {
		return map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": regex}
	}
	var all []any
	bytes := false
	for _, s := range steps {
		switch s.kind {
		case stepSplit:
			all = append(all, map[string]any{"type": "Split", "pattern": map[string]any{"Regex": s.regex}, "behavior": "Isolated", "invert": false})
		case stepDigit, stepDigits:
			all = append(all, map[string]any{"type": "Digits", "individual_digits": s.kind == stepDigit})
		case stepPunctuation:
			all = append(all, map[string]any{"type": "Punctuation", "behavior": "Contiguous"})
		case stepByteLevel:
			all, bytes = append(all, level(true)), true
		}
	}
	if !bytes {
		all = append(all, level(false))
	}
	return map[string]any{"type": "Sequence", "pretokenizers": all}
}

// spelledPieces returns the pieces of a text, in stand-ins for bytes.
func spelledPieces(stages []splitter, text string) []string {
	pieces := []string{text}
	for _, stage := range stages {
		var next []string
		for _, piece := range pieces {
			for i := 0; i < len(piece); {
				end := stage.next(piece, i)
				next = append(next, piece[i:end])
				i = end
			}
		}
		pieces = next
	}
	for i, piece := range pieces {
		var s strings.Builder
		for _, b := range []byte(piece) {
			s.WriteRune(byteRunes[b])
		}
		pieces[i] = s.String()
	}
	return pieces
}

// classTexts makes texts of which every few characters are of another class.
func classTexts(n int) []string {
	r := rand.New(rand.NewPCG(4, 1))
	byClass := map[class][]rune{}
	for x := rune(0x80); x <= utf8.MaxRune; x++ {
		if utf8.ValidRune(x) {
			byClass[classes().of(x)] = append(byClass[classes().of(x)], x)
		}
	}
	keys := make([]class, 0, len(byClass))
	for c := range byClass {
		keys = append(keys, c)
	}
	slices.Sort(keys)
	common := strings.Split("'s 'S '\u017f 'll 'LL 're 'vE 'd x' \u00a0 \u3000 \u2028 \u0085 Hello ABC abc 12 3456 字 日本 かな カナ 한국 é e\u0301 ÀB ʰ ʰA AʰB \u0301 A\u0301b ½² Ⅷ ٣٤ 😀 \u200d € ， 。 ! / // -- ... ǅ ǅa aǅ ß", " ")
	var texts []string
	for range n {
		var s strings.Builder
		for range 1 + r.IntN(24) {
			switch r.IntN(7) {
			case 0, 1:
				s.WriteRune(rune(r.IntN(0x80)))
			case 2:
				s.WriteString([]string{" ", " ", "  ", "\n", "\r\n", "\t", "\n\n", " \n"}[r.IntN(8)])
			case 3, 4:
				s.WriteString(common[r.IntN(len(common))])
			default:
				of := byClass[keys[r.IntN(len(keys))]]
				s.WriteRune(of[r.IntN(len(of))])
			}
		}
		texts = append(texts, s.String())
	}
	return append(texts, " ", "\n", "'")
}
