package similar

import "unicode"

// What a rune does to the text around it.
const (
	classSpace    = iota // separates
	classHidden          // control and format characters: not there
	classMark            // belongs to the character before it
	classWord            // letter or number
	classUnspaced        // a letter of a script that does not separate words
	classSign            // punctuation, symbols, and what Unicode has not assigned
)

// unspaced are the scripts whose words are not separated by white space.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

func class(r rune) uint8 {
	if r <= unicode.MaxASCII {
		return asciiClasses[r]
	}
	switch {
	case unicode.IsMark(r):
		return classMark
	case unicode.IsLetter(r):
		if r >= 0x0E00 && unicode.IsOneOf(unspaced, r) || r == 'ー' { // Thai is the first of them; ー has no script
			return classUnspaced
		}
		return classWord
	case unicode.IsNumber(r):
		return classWord
	case unicode.IsSpace(r), unicode.Is(unicode.Z, r):
		return classSpace
	case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r):
		return classHidden
	}
	return classSign
}

// asciiClasses are the classes of ASCII: they are asked for a hundred times more often than all others.
var asciiClasses = func() (classes [unicode.MaxASCII + 1]uint8) {
	for i := range classes {
		switch b := byte(i); {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
			classes[i] = classWord
		case b == ' ', b >= '\t' && b <= '\r':
			classes[i] = classSpace
		case b < ' ', b == 0x7F:
			classes[i] = classHidden
		default:
			classes[i] = classSign
		}
	}
	return classes
}()
