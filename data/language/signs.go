package language

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// symbols measures the characters that are neither letters nor digits.
func symbols(s sample) (share float64, detail string) {
	other, all := 0, 0
	for _, r := range s.text {
		switch {
		case unicode.IsSpace(r):
		case isWord(r):
			all++
		default:
			other++
			all++
		}
	}
	if all < 40 {
		return 0, ""
	}
	return float64(other) / float64(all), fmt.Sprintf("%d of %d characters", other, all)
}

// replacement measures U+FFFD and bytes that are no UTF-8.
func replacement(s sample) (share float64, detail string) {
	n := strings.Count(s.text, "\uFFFD")
	for i, r := range s.text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s.text[i:]); size == 1 {
				n++
			}
		}
	}
	if n < 2 {
		return 0, ""
	}
	return float64(n) / float64(s.runes), fmt.Sprintf("%d of %d characters", n, s.runes)
}

// control measures characters that are not for reading.
func control(s sample) (share float64, detail string) {
	n := 0
	var first rune
	for _, r := range s.text {
		if r >= ' ' && r < 0x7F {
			continue
		}
		bad := unicode.Is(unicode.Cc, r) && !unicode.IsSpace(r) || unicode.Is(unicode.Co, r) ||
			!unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C)
		if bad && n == 0 {
			first = r
		}
		if bad {
			n++
		}
	}
	if n < 2 {
		return 0, ""
	}
	return float64(n) / float64(s.runes), fmt.Sprintf("%d characters such as %U", n, first)
}

// eastAsian are scripts that Japanese and Korean mix.
var eastAsian = map[string]bool{"Han": true, "Hiragana": true, "Katakana": true, "Bopomofo": true, "Hangul": true}

// mixedScripts measures the letters of other scripts than that of most letters. Names, terms and code in Latin letters
// belong to every language: Latin letters take part only where their words are of a language.
func mixedScripts(s sample) (share float64, detail string) {
	counts, letters := countScripts(s.text)
	if letters < 20 || len(counts) < 2 {
		return 0, ""
	}
	groups := map[string]int{}
	for script, n := range counts {
		if eastAsian[script] {
			script = "East Asian"
		}
		groups[script] += n
	}
	if groups["Greek"] > 0 && groups["Latin"] > groups["Greek"] { // letters of formulas
		letters -= groups["Greek"]
		delete(groups, "Greek")
	}
	if groups["Latin"] > 0 && len(groups) > 1 && byWords(s.text, "Latin") == Unknown {
		letters -= groups["Latin"]
		delete(groups, "Latin")
	}
	list := shares(groups, letters)
	if letters < 20 || len(list) < 2 {
		return 0, ""
	}
	return 1 - list[0].Share, fmt.Sprintf("%.0f%% %s, %.0f%% %s", 100*list[0].Share, list[0].Script, 100*list[1].Share, list[1].Script)
}

// noWords measures Latin words that cannot be spoken: of 4 letters and more without a vowel, or with 5 consonants in a
// row more often than one in a German or English word; and the part of the text that is one unbroken word.
func noWords(s sample) (share float64, detail string) {
	words, bad, long := 0, 0, 0
	example, run := "", ""
	for _, t := range s.tokens {
		if len(t) > 50 && strings.IndexFunc(t, func(r rune) bool { return r > unicode.MaxASCII }) < 0 {
			long += len(t)
			run = t
		}
		if !lettersOnly(t) || len(t) < 4 || len(t) > 50 || t == strings.ToUpper(t) { // HTTP, MNOP
			continue
		}
		words++
		if unspeakable(strings.ToLower(t)) {
			bad++
			if example == "" {
				example = t
			}
		}
	}
	if words >= 12 {
		share, detail = float64(bad)/float64(words), fmt.Sprintf("%d of %d words, such as %q", bad, words, clip(example))
	}
	if l := float64(long) / float64(max(len(s.text), 1)); l > share {
		share, detail = l, fmt.Sprintf("%d bytes without a break, such as %q", long, clip(run))
	}
	return share, detail
}

func lettersOnly(t string) bool {
	return strings.Trim(t, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// unspeakable reports whether a word has no vowel, or 5 consonants in a row.
func unspeakable(w string) bool {
	vowels, run, most := 0, 0, 0
	for i := range len(w) {
		if strings.IndexByte("aeiouy", w[i]) >= 0 {
			vowels++
			run = 0
			continue
		}
		run++
		most = max(most, run)
	}
	return vowels == 0 || most >= 5
}
