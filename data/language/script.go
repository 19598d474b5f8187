package language

import (
	"slices"
	"unicode"
)

// Unknown says that there is not enough evidence.
const Unknown = "unknown"

// Share is a part of a text's letters.
type Share struct {
	Script string // as Unicode names it: "Latin", "Han"
	Share  float64
}

// scripts are those that are looked for first; all others follow by name.
var scripts = []string{"Latin", "Han", "Hiragana", "Katakana", "Cyrillic", "Arabic", "Devanagari", "Hangul", "Greek", "Hebrew", "Thai"}

// scriptOf returns the script of a letter; "" for one that several scripts share.
func scriptOf(r rune) string {
	if r <= unicode.MaxASCII {
		return "Latin"
	}
	for _, name := range scripts {
		if unicode.Is(unicode.Scripts[name], r) {
			return name
		}
	}
	for name, table := range unicode.Scripts { // a rune is in one script only, so that the order does not matter
		if unicode.Is(table, r) {
			if name == "Common" || name == "Inherited" {
				return ""
			}
			return name
		}
	}
	return ""
}

// countScripts returns the letters of a text by script, and all of them.
func countScripts(text string) (counts map[string]int, letters int) {
	counts = map[string]int{}
	latin := 0
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			latin++
		case r > unicode.MaxASCII && unicode.IsLetter(r):
			if s := scriptOf(r); s != "" {
				counts[s]++
				letters++
			}
		}
	}
	if latin > 0 {
		counts["Latin"] += latin
	}
	return counts, letters + latin
}

// shares returns counts as parts of all letters, the greatest first, by name among equals.
func shares(counts map[string]int, letters int) []Share {
	var list []Share
	for s, n := range counts {
		list = append(list, Share{s, float64(n) / float64(letters)})
	}
	slices.SortFunc(list, func(a, b Share) int {
		switch {
		case a.Share != b.Share && a.Share > b.Share:
			return -1
		case a.Share != b.Share:
			return 1
		case a.Script < b.Script:
			return -1
		}
		return 1
	})
	return list
}
