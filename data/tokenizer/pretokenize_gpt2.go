package tokenizer

// gpt2 is the regular expression of GPT-2, built into ByteLevel:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
type gpt2 struct{ t *classTable }

func (p gpt2) next(s string, i int) int {
	if end := contraction(s, i, false); end > i {
		return end
	}
	j := i
	if s[i] == ' ' && i+1 < len(s) {
		j++
	}
	c, n := p.t.at(s, j)
	switch {
	case c&classLetter != 0:
		return p.t.run(s, j+n, classLetter)
	case c&classNumber != 0:
		return p.t.run(s, j+n, classNumber)
	case c&classSpace == 0:
		return p.t.others(s, j+n, classSpace|classLetter|classNumber)
	}
	return p.t.blank(s, i, false)
}

// digits is the pre-tokenizer Digits: numbers one by one, or runs of them.
type digits struct {
	t      *classTable
	single bool
}

func (p digits) next(s string, i int) int {
	c, n := p.t.at(s, i)
	switch {
	case c&classDigit == 0:
		return p.t.others(s, i+n, classDigit)
	case p.single:
		return i + n
	}
	return p.t.run(s, i+n, classDigit)
}

// punctuation is the pre-tokenizer Punctuation with the behaviour Contiguous: runs of punctuation,
// and of anything else.
type punctuation struct{ t *classTable }

func (p punctuation) next(s string, i int) int {
	c, n := p.t.at(s, i)
	if c&classOldPunct != 0 {
		return p.t.run(s, i+n, classOldPunct)
	}
	return p.t.others(s, i+n, classOldPunct)
}

// byteDigits is Digits after ByteLevel, as Falcon has it: runs of what are numbers among the
// stand-ins for bytes, which are the digits and ² ³ ¹ ¼ ½ ¾ (the bytes B2, B3, B9, BC, BD, BE).
type byteDigits struct{ single bool }

func (p byteDigits) next(s string, i int) int {
	digit := isByteDigit(s[i])
	j := i + 1
	for j < len(s) && isByteDigit(s[j]) == digit && !(digit && p.single) {
		j++
	}
	return j
}

func isByteDigit(b byte) bool {
	switch b {
	case 0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE:
		return true
	}
	return '0' <= b && b <= '9'
}
