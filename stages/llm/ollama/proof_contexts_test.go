package ollama_test

import (
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
// /api/generate), which also counts them.
func TestContexts(t *testing.T) {
	e := realEngines(t)
	texts := contextTexts(160)
	if os.Getenv("MULLIGAN_PROOF") != "" {
		texts = contextTexts(500)
	}
	same := struct{ llama, ollama, counted int }{}
	for i, text := range texts {
		var llama struct{ Tokens []int32 }
		e.must(t, e.llama+"/tokenize", map[string]any{"content": text, "parse_special": true, "add_special": false}, &llama)
		if ours := e.tok.Encode(text, tokenizer.Options{}); slices.Equal(ours, llama.Tokens) {
			same.llama++
		} else {
			t.Errorf("text %d %q: %v, llama-server %v", i, text, ours, llama.Tokens)
		}

		in := map[string]any{"model": e.model, "prompt": text, "template": "{{ .Prompt }}", "stream": false,
			"options": map[string]any{"num_predict": 1, "temperature": 0, "num_ctx": 2048, "num_thread": proofThreads()}}
		var ollama struct {
			Response string
			Context  []int32
			Counted  int `json:"prompt_eval_count"`
		}
		e.must(t, e.ollama+"/api/generate", in, &ollama)
		if ours := e.tok.Encode(text+ollama.Response, tokenizer.Options{}); slices.Equal(ours, ollama.Context) {
			same.ollama++
		} else {
			t.Errorf("text %d %q: %v, Ollama %v", i, text+ollama.Response, ours, ollama.Context)
		}
		if ours := e.tok.Encode(text, tokenizer.Options{AddSpecial: true}); len(ours) == ollama.Counted {
			same.counted++
		} else {
			t.Errorf("text %d %q: %d ids, Ollama counts %d", i, text, len(ours), ollama.Counted)
		}
	}
	t.Logf("texts %d: the same ids as llama-server %d, as Ollama %d; as many as Ollama counts %d", len(texts), same.llama, same.ollama, same.counted)
}
