package tokenizer

import "unicode/utf8"

// splitter is one stage of a pre-tokenizer: it cuts a text into pieces, of which nothing is lost.
// Stages follow each other: each cuts the pieces of the one before it, of which it sees nothing but
// the piece. They are scanners written for one regular expression each, in the order in which a
// backtracking engine tries its alternatives.
type splitter interface {
	// next returns where the piece that begins at s[i] ends. i is less than len(s).
	next(s string, i int) int
}

// run returns where the characters of any of the given classes that begin at s[i] end.
func (t *classTable) run(s string, i int, in class) int {
	for i < len(s) {
		if b := s[i]; b < utf8.RuneSelf {
			if asciiClass[b]&in == 0 {
				break
			}
			i++
			continue
		}
		c, n := t.at(s, i)
		if c&in == 0 {
			break
		}
		i += n
	}
	return i
}

// others returns where the characters of none of the given classes that begin at s[i] end.
func (t *classTable) others(s string, i int, not class) int {
	for i < len(s) {
		c, n := t.at(s, i)
		if c&not != 0 {
			break
		}
		i += n
	}
	return i
}

// upTo returns where at most most characters of the given classes that begin at s[i] end.
func (t *classTable) upTo(s string, i int, in class, most int) int {
	for ; most > 0 && i < len(s); most-- {
		c, n := t.at(s, i)
		if c&in == 0 {
			break
		}
		i += n
	}
	return i
}

// blank ends a piece of white space, of which there is some at s[i]: \s*[\r\n]+ (where lines is
// set), else \s+(?!\S), else \s+.
func (t *classTable) blank(s string, i int, lines bool) int {
	line, last, end := 0, i, i
	for end < len(s) {
		c, n := t.at(s, end)
		if c&classSpace == 0 {
			break
		}
		last = end
		end += n
		if isNewline(s[last]) {
			line = end
		}
	}
	switch {
	case lines && line > 0:
		return line
	case end == len(s) || last == i:
		return end
	}
	return last
}

func isNewline(b byte) bool { return b == '\r' || b == '\n' }

// newlines returns where the newlines (and slashes, where slash is set) that begin at s[i] end.
func newlines(s string, i int, slash bool) int {
	for i < len(s) && (isNewline(s[i]) || slash && s[i] == '/') {
		i++
	}
	return i
}

// contraction returns where 's 't 're 've 'm 'll 'd at s[i] ends; i if there is none. fold: in any
// case, with U+017F for s, as (?i:) has it.
func contraction(s string, i int, fold bool) int {
	if i+1 >= len(s) || s[i] != '\'' {
		return i
	}
	a := s[i+1]
	if fold && a == 0xC5 && i+2 < len(s) && s[i+2] == 0xBF {
		return i + 3
	}
	var b byte
	if i+2 < len(s) {
		b = s[i+2]
	}
	if fold {
		a, b = lowerASCII(a), lowerASCII(b)
	}
	switch {
	case a == 's' || a == 't' || a == 'm' || a == 'd':
		return i + 2
	case b == 'e' && (a == 'r' || a == 'v'), b == 'l' && a == 'l':
		return i + 3
	}
	return i
}

func lowerASCII(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}
