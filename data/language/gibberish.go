package language

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// The rules of Gibberish.
const (
	RuleLoop         = "loop"          // tokens or characters that repeat without a break
	RuleRepetition   = "repetition"    // runs of 10 words that came before
	RuleSymbols      = "symbols"       // characters that are neither letters nor digits
	RuleReplacement  = "replacement"   // U+FFFD and broken UTF-8
	RuleControl      = "control"       // control characters, private use, not assigned
	RuleMixedScripts = "mixed_scripts" // words of two scripts, or scripts that do not go together
	RuleNoWords      = "no_words"      // Latin letters that no language puts into that order, or a character soup
)

// Reason is one rule that a text breaks.
type Reason struct {
	Rule   string
	Value  float64 // a share of the text, above Limit to 1
	Limit  float64
	Detail string // what a person should look at: "the answer is" 41 times
}

// String says it in one line.
func (r Reason) String() string {
	return fmt.Sprintf("%s: %s (%.0f%%, limit %.0f%%)", r.Rule, r.Detail, 100*r.Value, 100*r.Limit)
}

// rule measures one thing. It returns 0 for a text that is too short to be accused of it.
type rule struct {
	name    string
	limit   float64 // the greatest share that is not accused
	measure func(sample) (share float64, detail string)
}

var rules = []rule{
	{RuleLoop, 0.4, loop},
	{RuleRepetition, 0.6, repetition},
	{RuleSymbols, 0.75, symbols},
	{RuleReplacement, 0.01, replacement},
	{RuleControl, 0.01, control},
	{RuleMixedScripts, 0.1, mixedScripts},
	{RuleNoWords, 0.5, noWords},
}

// sample is a text and its parts.
type sample struct {
	text   string
	runes  int
	tokens []string // runs of letters, digits and marks, each other sign, in order; no white space
	ids    []uint64 // len tokens: their hashes
}

// Gibberish looks for text that nobody would write: loops, character soup, broken encoding, scripts that do not go
// together. It returns a reason for each rule that the text breaks, in a fixed order, and a score from 0 to 1: the
// strongest of them, 0.5 and more exactly if there is a reason. No reason means that nothing was found, and is
// all that a text of a few words can get.
//
//	loop           over 40% of 30 tokens and more lie in one stretch that repeats a piece of up to 64 tokens at least 4 times,
//	               or over 40% of 40 characters and more in one that repeats up to 8 of them
//	repetition     over 60% of 100 words and more lie in runs of 10 words that the text has had before
//	symbols        over 75% of 40 characters and more are neither letters nor digits nor white space
//	replacement    over 1% of the characters are U+FFFD, and at least 2: a completion may be cut inside a character
//	control        over 1% of the characters are control characters other than tab and line ends, for private use, or not assigned
//	mixed_scripts  over 10% of 20 letters and more are of other scripts than most; Latin letters take part only where their words
//	               are of a language, Greek in Latin text is mathematics, Han, Kana, Hangul and Bopomofo go together
//	no_words       over 50% of 12 words and more of Latin letters cannot be spoken, or over 50% of the text is words of over
//	               50 letters and digits
//
// Measured on text that is none: of 19,527 pieces of code, documents, JSON, function calls, Countdown equations and matrices it
// accused 109 (tables of numbers, generated code, base64), and none of the 5,000 equations, calls and matrices; of
// 19,181 sentences in 48 languages 11.
//
// It looks at the first 20,000 bytes and the last 20,000: a loop comes at the end.
func Gibberish(text string) (score float64, reasons []Reason) {
	const most = 20_000
	if len(text) > 2*most {
		from := len(text) - most
		for from < len(text) && !utf8.RuneStart(text[from]) {
			from++
		}
		text = cut(text, most) + text[from:]
	}
	s := sample{text: text, runes: utf8.RuneCountInString(text), tokens: tokens(text)}
	s.ids = make([]uint64, len(s.tokens))
	for i, t := range s.tokens {
		s.ids[i] = hash(t)
	}
	for _, r := range rules {
		share, detail := r.measure(s)
		if share > r.limit {
			reasons = append(reasons, Reason{r.name, share, r.limit, detail})
			score = max(score, 0.5+0.5*(share-r.limit)/(1-r.limit))
		} else {
			score = max(score, 0.499*share/r.limit)
		}
	}
	return min(score, 1), reasons
}

// tokens cuts a text into runs of letters, digits and marks, and single other signs.
func tokens(text string) []string {
	var list []string
	start := -1
	for i, r := range text {
		word := isWord(r)
		if word && start < 0 {
			start = i
		}
		if word {
			continue
		}
		if start >= 0 {
			list = append(list, text[start:i])
			start = -1
		}
		if !unicode.IsSpace(r) {
			_, n := utf8.DecodeRuneInString(text[i:])
			list = append(list, text[i:i+n])
		}
	}
	if start >= 0 {
		list = append(list, text[start:])
	}
	return list
}

// isWord reports whether r is a letter, a digit or a mark.
func isWord(r rune) bool {
	if r <= unicode.MaxASCII {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// hash is FNV-1a, so that the same text has the same score everywhere.
func hash(t string) uint64 {
	h := uint64(0xCBF29CE484222325)
	for i := range len(t) {
		h = (h ^ uint64(t[i])) * 0x100000001B3
	}
	return h
}
