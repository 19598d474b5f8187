package tokenizer

import "unicode/utf8"

// cl100k is a family of regular expressions that began with OpenAI's cl100k_base. For Llama 3:
//
//	(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
type cl100k struct {
	t            *classTable
	numbers      int   // most numbers in a piece: {1,3} has 3
	letters      class // of a word: letters, or letters and marks
	contractions bool
}

func (p cl100k) next(s string, i int) int {
	b := s[i]
	if b == '\'' && p.contractions {
		if end := contraction(s, i, true); end > i {
			return end
		}
	}
	var c class
	n := 1
	if b < utf8.RuneSelf {
		c = asciiClass[b]
	} else {
		c, n = p.t.at(s, i)
	}
	if c&p.letters&classLetter != 0 {
		return p.t.run(s, i+n, p.letters)
	}
	if c&classNumber != 0 {
		return p.t.upTo(s, i+n, classNumber, p.numbers-1)
	}
	if !isNewline(b) && i+n < len(s) {
		if next, m := p.t.at(s, i+n); next&p.letters != 0 {
			return p.t.run(s, i+n+m, p.letters)
		}
	}
	if c&p.letters != 0 { // a mark with no letter or mark after it
		return i + n
	}
	not := classSpace | classNumber | p.letters
	switch {
	case c&classSpace == 0:
		return newlines(s, p.t.others(s, i+n, not), false)
	case b == ' ' && i+1 < len(s):
		if next, m := p.t.at(s, i+1); next&not == 0 {
			return newlines(s, p.t.others(s, i+1+m, not), false)
		}
	}
	return p.t.blank(s, i, true)
}
