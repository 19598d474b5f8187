package tokenizer

import (
	"strings"
	"testing"
)

func TestContextDoubt(t *testing.T) {
	for _, c := range []struct {
		pre, architecture, text, want string
	}{
		{"qwen2", "qwen2", "caf\u00e9 \u4e2d", ""},
		{"qwen2", "qwen2", "cafe\u0301", "NFC"},
		{"smollm", "llama", "cafe\u0301", ""}, // this vocabulary has no normaliser
		{"smollm", "llama", "a\u3000b", "U+3000"},
		{"smollm", "falcon", "a\u3000b", ""}, // llama.cpp only
		{"smollm", "llama", "a\tb\n", ""},
		{"gpt-4o", "phi3", "na\u00efve", "U+00EF"},
		{"gpt-4o", "phi3", "plain \u4e2d", ""},
	} {
		tok, err := New(tiny(c.pre, "a b"))
		if err != nil {
			t.Fatal(err)
		}
		a, err := NewAligner(tok, AlignerOptions{End: -1, Architecture: c.architecture})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.ContextDoubt(c.text); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s on %s, %q: %q, want %q", c.pre, c.architecture, c.text, got, c.want)
		}
	}
}
