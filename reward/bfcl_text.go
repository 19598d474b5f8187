package reward

import (
	"slices"
	"strings"
	"unicode"
)

// standardize drops blanks and the signs , . / - _ * ^ from a text, makes it lower case and its
// single quotes double, as bfcl-eval does before it compares texts (standardize_string).
func standardize(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ,./-_*^", r) {
			return -1
		}
		return r
	}, pyPlainText(s))
	return strings.ReplaceAll(pyLower(s), "'", `"`)
}

// pyPlainText returns a text whose runes Go reads one by one: a lone surrogate, which strings.Map
// would take for three broken bytes, becomes a private character.
func pyPlainText(s string) string {
	if !strings.Contains(s, "\xED") {
		return s
	}
	var b []byte
	for i := 0; i < len(s); {
		r, n := decodeRune(s[i:])
		if r >= 0xD800 && r < 0xE000 {
			r += 0x100000 - 0xD800 // plane 16
		}
		b = appendRune(b, r)
		i += n
	}
	return string(b)
}

// pyLower is Python's str.lower: simple mappings, but for İ, which becomes two characters, and Σ,
// which becomes ς at the end of a word.
func pyLower(s string) string {
	if !strings.ContainsAny(s, "İΣ") {
		return strings.ToLower(s)
	}
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		switch {
		case r == 'İ':
			b.WriteString("i̇")
		case r == 'Σ' && finalSigma(runes, i):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// finalSigma reports whether a cased letter stands before runes[i] and none after it, whatever
// characters stand between that have no case to speak of (Unicode 3.13, Final_Sigma).
func finalSigma(runes []rune, i int) bool {
	cased := func(list []rune) bool {
		for _, r := range list {
			if caseIgnorable(r) {
				continue
			}
			return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
		}
		return false
	}
	before := runes[max(0, i-maxSigma):i]
	before = append([]rune(nil), before...)
	slices.Reverse(before)
	return cased(before) && !cased(runes[i+1:min(len(runes), i+1+maxSigma)])
}

const maxSigma = 64 // characters that are looked at on either side, so that many Σ take linear time

func caseIgnorable(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) ||
		strings.ContainsRune("'.:^`¨\u00AD·’‘․‧﹒﹕＇．：͵΄΅״׳", r)
}
