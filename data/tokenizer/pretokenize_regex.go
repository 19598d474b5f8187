package tokenizer

import (
	"fmt"
	"strings"
)

// Regular expressions of tokenizer.json files, as they are spelled there.
const (
	regexGPT2    = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	regexLlama3  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	regexCl100k  = `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`
	regexBailing = `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`
	regexQwen2   = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	regexQwen35  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	regexO200k   = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	regexTekken  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`

	// Newlines in the last are real ones there.
	regexDeepseekCJK     = `[一-龥぀-ゟ゠-ヿ]+`
	regexDeepseekHan     = `[一-龥ࠀ-一가-퟿]+`
	regexDeepseekSigns   = `\s?[!-/:-~！-／：-～‘-‟　-。]+`
	regexDeepseekLetters = `\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+`
	regexDeepseekLast    = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
)

// knownRegex is a regular expression that has a scanner of its own.
type knownRegex struct {
	name, regex string
	total       bool // matches everything: no text is between matches
	stage       func(t *classTable) splitter
}

var knownRegexes = []knownRegex{
	{"gpt-2", regexGPT2, true, func(t *classTable) splitter { return gpt2{t} }},
	{"llama 3", regexLlama3, true, newLlama3},
	{"cl100k", regexCl100k, true, newLlama3},
	{"qwen 2", regexQwen2, true, newQwen2},
	{"bailing", regexBailing, true, newQwen2},
	{"qwen 3.5", regexQwen35, true, newQwen35},
	{"o200k", regexO200k, true, newO200k},
	{"tekken", regexTekken, true, newTekken},
	{"deepseek v3", regexDeepseekLast, false, func(t *classTable) splitter { return deepseek{t} }},
}

func newLlama3(t *classTable) splitter { return cl100k{t, 3, classLetter, true} }
func newQwen2(t *classTable) splitter  { return cl100k{t, 1, classLetter, true} }
func newQwen35(t *classTable) splitter { return cl100k{t, 1, classLetter | classMark, true} }
func newO200k(t *classTable) splitter  { return o200k{t, 3, true} }
func newTekken(t *classTable) splitter { return o200k{t, 1, false} }

// newSplit returns the stage that cuts by a regular expression. total: it matches everything.
func newSplit(regex string) (stage splitter, total bool, err error) {
	plain := strings.NewReplacer("\r", `\r`, "\n", `\n`)
	spelled := plain.Replace(regex)
	for _, k := range knownRegexes {
		if plain.Replace(k.regex) == spelled {
			return k.stage(classes()), k.total, nil
		}
	}
	p, err := newRuns(regex)
	if err != nil {
		names := make([]string, len(knownRegexes))
		for i, k := range knownRegexes {
			names[i] = k.name
		}
		return nil, false, fmt.Errorf("regular expression %q: %w; understood are those of %s, and runs of one set of characters",
			regex, ErrNotUnderstood, strings.Join(names, ", "))
	}
	return p, false, nil
}
