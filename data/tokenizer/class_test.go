package tokenizer

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestClassesAsHuggingFace holds the classes to those of tokenizers 0.23.3, measured there for every
// character: how many characters each has, and the SHA-256 of their numbers in decimal, with commas between. It
// fails when a new version of Go brings newer Unicode tables: unicodeDifferences must then change.
func TestClassesAsHuggingFace(t *testing.T) {
	for _, c := range []struct {
		name  string
		class class
		count int
		sum   string
	}{
		{"Lu, Lt", classUpper, 1889, "a1c69f0acd30658a"},
		{"Ll", classLower, 2258, "1fd918cb27cbd7f7"},
		{"Lm, Lo", classCaseless, 136881, "a2d586390d13e2d7"},
		{"M", classMark, 2501, "ae245a228820a815"},
		{"N", classNumber, 1911, "42144a06a7c79f3e"},
		{`\s`, classSpace, 25, "221eaeff21a4eaa3"},
		{"P", classPunct, 855, "757ebb25e934751b"},
		{"S", classSymbol, 8514, "fa9ff490f0375303"},
		{"Digits", classDigit, 1924, "12d50e59ce148871"},
		{"Punctuation", classOldPunct, 726, "1eb3bf9083f60533"},
	} {
		var numbers []string
		for r := rune(0); r <= utf8.MaxRune; r++ {
			if classes().of(r)&c.class != 0 {
				numbers = append(numbers, strconv.Itoa(int(r)))
			}
		}
		sum := sha256.Sum256([]byte(strings.Join(numbers, ",")))
		if got := hex.EncodeToString(sum[:8]); len(numbers) != c.count || got != c.sum {
			t.Errorf("%s: %d characters, %s, want %d, %s", c.name, len(numbers), got, c.count, c.sum)
		}
	}
}

func TestClassAt(t *testing.T) {
	for _, c := range []struct {
		text   string
		class  class
		length int
	}{
		{"a", classLower, 1},
		{"é", classLower, 2},
		{"ǅ", classUpper, 2},
		{"\u3000", classSpace, 3},
		{"²", classNumber | classDigit, 2},
		{"\uFFFD", classSymbol, 3},
		{"\xFF", 0, 1},
		{"\xE6\x97", 0, 1},     // a character cut off
		{"\xED\xA0\x80", 0, 1}, // half a surrogate pair
		{"\U0002EBF0", classCaseless, 4},
	} {
		if got, n := classes().at(c.text, 0); got != c.class || n != c.length {
			t.Errorf("%q: class %b, %d bytes, want %b, %d", c.text, got, n, c.class, c.length)
		}
	}
}
