package ollama_test

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"mulligan/data/tokenizer"
)

// oddTexts is what contexts are made of that tokenizers disagree on.
var oddTexts = []string{
	" ", "  ", "   ", "\t", "\t\t", "\n", "\n\n", "\n \n", "\r\n", "\r", " \t\n", "\v", "\f", "\u0085", "\u00a0", "\u2003", "\u2028", "\u3000", "\u200b", "\ufeff",
	"<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start", "<reponame>", "<|im_start|>user\n", "<|im_end|>\n", "im_end|>", "<tool_call>", "</think>",
	"e\u0301", "é", "A\u030a", "Å", "\u212b", "ﬁ", "ﷺ", "각", "\u1100\u1161\u11a8", "n\u0303\u0323", "\u0301", "\uFFFD", "\uFFFD\uFFFD",
	"I'm", "we'll", "DON'T", "don’t", "'s", "''''", "it's'", "0", "12", "123456789", "3.14159", "1,000,000", "٣٤", "²³", "Ⅷ", "x86_64", "0xFF",
	"hello", " world", "Hello", " The", "ΑΒΓ", "привет", " мир", "你好", "世界。", "こんにちは", "한국어", "שלום", "مرحبا", "नमस्ते", "สวัสดี", "𓀀", "𝒳",
	"🙂", "👩‍🚀", "👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "❤️", "#️⃣", "\u200d", "\ufe0f",
	"def f(x):\n    return x", "\tif (a && b) {\n", "// ---", "/* */", "====", "....", "!!!", "\"\"\"", "``` json", "{\"a\": [1, 2]}", "\\n", "a\\u00e9", "http://a.b/c?d=e&f=%20", "--", "—", "…", "_", "__init__",
	"\x01", "\x1b[0m", "\x7f", "\u00ad",
}

func contextTexts(n int) []string {
	texts := slices.Clone(oddTexts)
	rng := rand.New(rand.NewPCG(5, 23))
	for len(texts) < n {
		var b strings.Builder
		for range 2 + rng.IntN(14) {
			b.WriteString(oddTexts[rng.IntN(len(oddTexts))])
		}
		texts = append(texts, b.String())
	}
	return texts
}

// TestContexts holds that the tokenizer makes the same ids of a context as the engines' own: those of
// llama-server's /tokenize, and those that Ollama tells of a prompt (the context field of
// /api/generate), which also counts them. The smallest model of another vocabulary that Ollama has is asked as well.
func TestContexts(t *testing.T) {
	e := realEngines(t)
	texts := contextTexts(160)
	if os.Getenv("MULLIGAN_PROOF") != "" {
		texts = contextTexts(500)
	}
	t.Run(e.model, func(t *testing.T) { e.contexts(t, texts) })
	t.Run("another vocabulary", func(t *testing.T) {
		other := e.another(t)
		t.Log(other.model, other.tok.Name())
		other.contexts(t, texts)
	})
}

// another returns the smallest model of another vocabulary, of at most 1 GB.
func (e *engines) another(t *testing.T) *engines {
	t.Helper()
	var tags struct {
		Models []struct {
			Name string
			Size int64
		}
	}
	if err := get(t.Context(), e.ollama+"/api/tags", &tags); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(tags.Models, func(a, b struct {
		Name string
		Size int64
	}) int {
		return cmp.Compare(a.Size, b.Size)
	})
	for _, m := range tags.Models {
		if m.Name == e.model || m.Size > 1e9 {
			continue
		}
		other := &engines{ollama: e.ollama, model: m.Name}
		switch err := other.speak(t.Context()); {
		case errors.Is(err, tokenizer.ErrNotUnderstood): // an embedding model, perhaps
		case err != nil:
			t.Fatal(err)
		case other.tok.Digest() != e.tok.Digest():
			return other
		}
	}
	t.Skip("the server has no model of another vocabulary, of at most 1 GB")
	return nil
}

// contexts compares texts with Ollama, and with llama-server where there is one. Texts that are in doubt count as
// such, and may be the same or not.
func (e *engines) contexts(t *testing.T, texts []string) {
	same := struct{ llama, ollama, counted, doubted int }{}
	for i, text := range texts {
		ours, doubt := e.align.EncodeContext(text, false)
		if e.llama != "" {
			var llama struct{ Tokens []int32 }
			e.must(t, e.llama+"/tokenize", map[string]any{"content": text, "parse_special": true, "add_special": false}, &llama)
			if slices.Equal(ours, llama.Tokens) {
				same.llama++
			} else {
				t.Errorf("text %d %q: %v, llama-server %v", i, text, ours, llama.Tokens)
			}
		}
		if doubt != "" {
			same.doubted++
			continue
		}
		in := map[string]any{"model": e.model, "prompt": text, "template": "{{ .Prompt }}", "stream": false,
			"options": map[string]any{"num_predict": 1, "temperature": 0, "num_ctx": 2048, "num_thread": proofThreads()}}
		var ollama struct {
			Response string
			Context  []int32
			Counted  int `json:"prompt_eval_count"`
		}
		e.must(t, e.ollama+"/api/generate", in, &ollama)
		with, doubt := e.align.EncodeContext(text+ollama.Response, false)
		switch {
		case doubt != "":
			same.doubted++
		case slices.Equal(with, ollama.Context):
			same.ollama++
		default:
			t.Errorf("text %d %q: %v, Ollama %v", i, text+ollama.Response, with, ollama.Context)
		}
		if all, _ := e.align.EncodeContext(text, true); len(all) == ollama.Counted {
			same.counted++
		} else {
			t.Errorf("text %d %q: %d ids, Ollama counts %d", i, text, len(all), ollama.Counted)
		}
	}
	t.Logf("texts %d: the same ids as llama-server %d, as Ollama %d; as many as Ollama counts %d; in doubt %d", len(texts), same.llama, same.ollama, same.counted, same.doubted)
	if same.ollama < len(texts)/2 {
		t.Errorf("%d of %d texts compared with Ollama: too few to prove anything", same.ollama, len(texts))
	}
}
