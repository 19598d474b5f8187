package language

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// table is the profiles by word and by letter.
type table struct {
	words   map[string][]place
	letters map[rune][]int // the profiles that have the letter
}

// place is that of a word in a profile.
type place struct{ profile, rank int }

var tables = sync.OnceValue(func() table {
	t := table{map[string][]place{}, map[rune][]int{}}
	for l, p := range profiles {
		for rank, w := range strings.Fields(p.words) {
			if k := t.words[w]; len(k) == 0 || k[len(k)-1].profile != l {
				t.words[w] = append(k, place{l, rank})
			}
		}
		for _, r := range p.letters {
			if k := t.letters[r]; len(k) == 0 || k[len(k)-1] != l {
				t.letters[r] = append(k, l)
			}
		}
	}
	return t
})

// split returns the lower-case words of a text that are of one script. Words with digits, identifiers (user_id, getName)
// and single letters without an accent (x, -a) are none: they are of no language.
func split(text, script string) []string {
	var words []string
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return !isWord(r) && r != '_' && r != '\'' && r != '’'
	}) {
		w = strings.Trim(strings.ReplaceAll(w, "’", "'"), "'")
		if first, _ := utf8.DecodeRuneInString(w); len(w) > 1 && !identifier(w) && scriptOf(first) == script {
			words = append(words, strings.ToLower(w))
		}
	}
	return words
}

// identifier reports whether a word holds a digit, an underscore, or a capital letter after a small one.
func identifier(w string) bool {
	small := false
	for _, r := range w {
		if r == '_' || unicode.IsDigit(r) || small && unicode.IsUpper(r) {
			return true
		}
		small = unicode.IsLower(r)
	}
	return false
}

// cut returns the first n bytes of a text, less a character that would be split.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
