package tokenizer

// deepseek is the last regular expression of DeepSeek V3 and R1, after numbers and CJK were cut off:
//
//	[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
//
// What matches none of it (numbers, control characters) is cut off as it stands.
type deepseek struct{ t *classTable }

func (p deepseek) next(s string, i int) int {
	if end := p.match(s, i); end > i {
		return end
	}
	for i < len(s) {
		_, n := p.t.at(s, i)
		i += n
		if i < len(s) && p.match(s, i) > i {
			break
		}
	}
	return i
}

func (p deepseek) match(s string, i int) int {
	const word, sign = classLetter | classMark, classPunct | classSymbol
	c, n := p.t.at(s, i)
	if s[i] < 0x80 && c&sign != 0 && i+1 < len(s) && isASCIILetter(s[i+1]) {
		end := i + 2
		for end < len(s) && isASCIILetter(s[end]) {
			end++
		}
		return end
	}
	if c&(classLetter|sign) == 0 && !isNewline(s[i]) && i+n < len(s) {
		if next, m := p.t.at(s, i+n); next&word != 0 {
			return p.t.run(s, i+n+m, word)
		}
	}
	switch {
	case c&word != 0:
		return p.t.run(s, i+n, word)
	case c&sign != 0:
		return newlines(s, p.t.run(s, i+n, sign), false)
	case s[i] == ' ' && i+1 < len(s):
		if next, m := p.t.at(s, i+1); next&sign != 0 {
			return newlines(s, p.t.run(s, i+1+m, sign), false)
		}
	}
	if c&classSpace != 0 {
		return p.t.blank(s, i, true)
	}
	return i
}

func isASCIILetter(b byte) bool { return 'a' <= lowerASCII(b) && lowerASCII(b) <= 'z' }
