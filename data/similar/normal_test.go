package similar_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"mulligan/data/similar"
)

func TestForms(t *testing.T) {
	for _, c := range []struct{ text, tokens, words string }{
		{"", "", ""},
		{" \t\r\n", "", ""},
		{"Don't panic!", "don|'|t|panic|!", "dont|panic"},
		{"3+4 = 7", "3|+|4|=|7", "34|7"},
		{"3 + 4 = 7", "3|+|4|=|7", "3|4|7"},
		{"well-known, e.g. U.S.A.", "well|-|known|,|e|.|g|.|u|.|s|.|a|.", "wellknown|eg|usa"},
		{"$1,234.50", "$|1|,|234|.|50", "123450"},
		{"def f(x_1): return x_1", "def|f|(|x|_|1|)|:|return|x|_|1", "def|fx1|return|x1"},
		{"STRASSE Straße", "strasse|strasse", "strasse|strasse"},
		{"e\u0301t\u00e9", "été", "été"},
		{"ﬁne １２３", "fine|123", "fine|123"},
		{"x² + y₁", "x|^|2|+|y|_|1", "x2|y1"},
		{"10²³", "10|^|23", "1023"},
		{"2½", "2|1|⁄|2", "2|12"},
		{"na\u200bta\u00adlia", "natalia", "natalia"},
		{"a\x00b é\x07", "ab|é", "ab|é"},
		{"a\x00b\x7f", "ab", "ab"},
		{"a\u00a0b\u2003c\u2028d", "a|b|c|d", "a|b|c|d"},
		{"東京タワーGPT3です。", "東|京|タ|ワ|ー|gpt3|で|す|。", "東|京|タ|ワ|ー|gpt3|で|す"},
		{"ｶﾞｷﾞ", "ガ|ギ", "ガ|ギ"},
		{"สวัสดี", "ส|วั|ส|ดี", "ส|วั|ส|ดี"},
		{"한국어 문장", "한국어|문장", "한국어|문장"},
		{"❤\ufe0fhello", "❤|hello", "hello"},
		{"a \u00b4 b", "a|b", "a|b"},
		{"bad\xffbyte", "bad|\ufffd|byte", "badbyte"},
		{"“quoted” — dash…", "“|quoted|”|—|dash|.|.|.", "quoted|dash"},
	} {
		if got := strings.Join(similar.Tokens(c.text), "|"); got != c.tokens {
			t.Errorf("Tokens(%q) = %q, want %q", c.text, got, c.tokens)
		}
		if got := strings.Join(similar.Words(c.text), "|"); got != c.words {
			t.Errorf("Words(%q) = %q, want %q", c.text, got, c.words)
		}
	}
}

func TestDigest(t *testing.T) {
	base := similar.Digest("What is 3 + 4?")
	for _, same := range []string{"what is 3+4 ?", "  WHAT\nIS  3\u200b +４?"} {
		if similar.Digest(same) != base {
			t.Errorf("%q has another digest", same)
		}
	}
	for _, other := range []string{"What is 3 - 4?", "What is 34?", "What is 3 + 4", "What is 3³ + 4?", ""} {
		if similar.Digest(other) == base {
			t.Errorf("%q has the same digest", other)
		}
	}
}

// FuzzForms checks that the forms are stable: no token is empty or holds white space, and normalizing what was
// normalized changes nothing.
func FuzzForms(f *testing.F) {
	for _, s := range []string{"", "Don't 3+4", "x²", "東京", "สวัสดี", "\xff\xfe", "e\u0301", "❤\ufe0f", "ﬁ½", "\u0345", "İI\u0307"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, words := similar.Tokens(text), similar.Words(text)
		for _, s := range slices.Concat(tokens, words) {
			if s == "" || strings.ContainsAny(s, " \t\n\r") || !utf8.ValidString(s) {
				t.Fatalf("token %q of %q", s, text)
			}
		}
		if again := similar.Tokens(strings.Join(tokens, " ")); !slices.Equal(again, tokens) {
			t.Fatalf("Tokens(%q) = %q, again %q", text, tokens, again)
		}
		if again := similar.Words(strings.Join(words, " ")); !slices.Equal(again, words) {
			t.Fatalf("Words(%q) = %q, again %q", text, words, again)
		}
		if utf8.ValidString(text) && similar.Digest(strings.ReplaceAll(text, " ", "  ")) != similar.Digest(text) {
			t.Fatalf("white space changes the digest of %q", text)
		}
	})
}
