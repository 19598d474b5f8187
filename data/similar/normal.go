package similar

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"mulligan/data"
)

// Tokens returns the form of a text in which duplicates are looked for: NFKC, case folded; a token is a run of
// letters, digits and marks, or one other visible sign, so that 3 + 4 and 3 - 4 differ, and 3+4 and 3 + 4 do not.
// A superscript number is read as ^ and the number, a subscript one as _ and the number. White space only separates;
// control and format characters are passed over. In scripts that do not separate words (Han, Kana, Bopomofo, Thai,
// Lao, Khmer, Myanmar, Tibetan) each character with its marks is a token. A mark without a letter is passed over. The
// tokens share memory with one another.
func Tokens(text string) []string {
	text = fold(text)
	tokens := make([]string, 0, len(text)/4+1)
	start := -1 // of the open run; -1: none
	single := false
	end := func(at int) {
		if start >= 0 {
			tokens = append(tokens, text[start:at])
		}
		start, single = -1, false
	}
	for i, r := range text {
		switch class(r) {
		case classSpace:
			end(i)
		case classHidden, classMark: // fold leaves no hidden one; a mark belongs to the open run, or to no text
		case classWord:
			if single {
				end(i)
			}
			if start < 0 {
				start = i
			}
		case classUnspaced:
			end(i)
			start, single = i, true
		case classSign:
			end(i)
			tokens = append(tokens, text[i:i+utf8.RuneLen(r)])
		}
	}
	end(len(text))
	return tokens
}

// Words returns the form of a text in which n-grams of evaluation sets are looked for: NFKC, case folded, punctuation
// and symbols deleted (don't is dont), split at white space. Scripts that do not separate words are split into
// characters as Tokens does it.
//
// Source of the rule: GPT-3, appendix C (a gram is a lower-case word between white space, without punctuation), and
// EleutherAI/lm-evaluation-harness@121b709 lm_eval/decontamination/janitor.py, which deletes the ASCII punctuation.
// Here a word that held nothing else is no word; there it is an empty one in the training text and none in the
// evaluation text, so that such n-grams never meet.
func Words(text string) []string {
	text = fold(text)
	b := make([]byte, 0, len(text)+16)
	unspaced := false // the open word is one character of a script without spaces
	open := false
	for _, r := range text {
		c := class(r)
		switch c {
		case classHidden, classSign:
			continue
		case classMark:
			if open {
				b = utf8.AppendRune(b, r)
			}
			continue
		case classSpace:
			if open {
				b = append(b, ' ')
			}
			open, unspaced = false, false
			continue
		}
		if c == classUnspaced || c == classWord && unspaced {
			if open {
				b = append(b, ' ')
			}
			unspaced = c == classUnspaced
		}
		open = true
		b = utf8.AppendRune(b, r)
	}
	if !isASCII(text) {
		b = norm.NFKC.Bytes(b) // what stood apart may compose
	}
	return strings.Fields(string(b))
}

// Digest identifies a text by its Tokens: it is the same for texts that differ in case, Unicode form, control
// characters and white space alone.
func Digest(text string) data.Digest {
	h := data.NewHasher("similar text")
	for _, t := range Tokens(text) {
		h.String(t)
	}
	return h.Sum()
}

// fold returns text in NFKC and case folded, without control and format characters; an invalid byte is U+FFFD.
func fold(text string) string {
	ascii, hidden := true, false
	for i := 0; i < len(text) && ascii; i++ {
		ascii = text[i] < utf8.RuneSelf
		hidden = hidden || ascii && asciiClasses[text[i]] == classHidden
	}
	if hidden || !ascii {
		text = strings.Map(visible, text)
	}
	if ascii {
		return strings.ToLower(text)
	}
	text = norm.NFKC.String(raise(text))
	return norm.NFKC.String(cases.Fold().String(text))
}

// visible drops control and format characters, so that a hidden one does not split a word.
func visible(r rune) rune {
	if class(r) == classHidden {
		return -1
	}
	return r
}

// raise marks the numbers that NFKC writes as plain digits: x² is x^2 and not x2, 2½ is 2 1⁄2 and not 21⁄2.
func raise(text string) string {
	if strings.IndexFunc(text, isOtherNumber) < 0 {
		return text
	}
	var b strings.Builder
	var last rune
	for _, r := range text {
		mark := scriptMark(r)
		if mark != 0 && scriptMark(last) != mark {
			b.WriteRune(mark)
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

func isOtherNumber(r rune) bool { return r > unicode.MaxASCII && unicode.Is(unicode.No, r) }

// scriptMark returns what stands before a number that is not on the line, or 0.
func scriptMark(r rune) rune {
	switch {
	case r == '²', r == '³', r == '¹', r >= '⁰' && r <= '⁹':
		return '^'
	case r >= '₀' && r <= '₉':
		return '_'
	case isOtherNumber(r):
		return ' '
	}
	return 0
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
