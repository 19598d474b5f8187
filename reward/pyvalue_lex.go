package reward

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// pyTok is the kind of a token of a Python expression.
type pyTok uint8

const (
	tokEnd pyTok = iota
	tokNewline
	tokName // keywords too; text is normalised
	tokNumber
	tokString // one literal, with its prefix and quotes
	tokOp
)

type pyToken struct {
	kind pyTok
	text string // tokName, tokOp; of tokNumber and tokString the source
	val  pyValue
}

// pyLexer cuts Python source into tokens. Source must be valid UTF-8 with "\n" line ends. It is a
// plain value: a copy of it is a place to come back to.
type pyLexer struct {
	src    string
	at     int
	level  int // open brackets
	budget int // tokens that may still be read
}

const maxBrackets = 200 // as CPython's tokenizer: one more is a syntax error

var errPySyntax = errors.New("invalid syntax")

// normalizeNewlines gives source the line ends that CPython gives it.
func normalizeNewlines(src string) string {
	if !strings.Contains(src, "\r") {
		return src
	}
	return strings.ReplaceAll(strings.ReplaceAll(src, "\r\n", "\n"), "\r", "\n")
}

var pyOperators = [...]string{ // longest first
	"...", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", ":=", "->",
	"+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", "=",
}

func (l *pyLexer) next() (pyToken, error) {
	if l.budget--; l.budget < 0 {
		return pyToken{}, fmt.Errorf("more than %d tokens", maxValues)
	}
	if newline, err := l.skip(); err != nil || newline {
		return pyToken{kind: tokNewline}, err
	}
	if l.at >= len(l.src) {
		return pyToken{kind: tokEnd}, nil
	}
	c := l.src[l.at]
	switch {
	case c >= '0' && c <= '9', c == '.' && l.at+1 < len(l.src) && isDigit(l.src[l.at+1]):
		return l.number()
	case c == '"' || c == '\'':
		return l.str(l.at)
	case c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf:
		return l.name()
	}
	for _, op := range pyOperators {
		if strings.HasPrefix(l.src[l.at:], op) {
			l.at += len(op)
			switch op {
			case "(", "[", "{":
				if l.level++; l.level > maxBrackets {
					return pyToken{}, fmt.Errorf("more than %d nested brackets", maxBrackets)
				}
			case ")", "]", "}":
				l.level--
			}
			return pyToken{kind: tokOp, text: op}, nil
		}
	}
	return pyToken{}, fmt.Errorf("offset %d: %w: character %q", l.at, errPySyntax, c)
}

// skip passes over blanks, comments and joined lines. It stops after a line end outside brackets.
func (l *pyLexer) skip() (newline bool, err error) {
	for l.at < len(l.src) {
		switch l.src[l.at] {
		case ' ', '\t', '\f':
			l.at++
		case '#':
			if i := strings.IndexByte(l.src[l.at:], '\n'); i >= 0 {
				l.at += i
			} else {
				l.at = len(l.src)
			}
		case '\n':
			l.at++
			if l.level <= 0 {
				return true, nil
			}
		case '\\':
			if !strings.HasPrefix(l.src[l.at:], "\\\n") || l.at+2 >= len(l.src) {
				return false, fmt.Errorf("offset %d: %w after a line continuation", l.at, errPySyntax)
			}
			l.at += 2
		default:
			return false, nil
		}
	}
	return false, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isPyNameStart(r rune) bool {
	return r == '_' || unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start)
}

func isPyNamePart(r rune) bool {
	return isPyNameStart(r) || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
}

func (l *pyLexer) name() (pyToken, error) {
	start, plain := l.at, true
	for l.at < len(l.src) {
		r, n := rune(l.src[l.at]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(l.src[l.at:])
			plain = false
		}
		if !isPyNamePart(r) || l.at == start && !isPyNameStart(r) {
			break
		}
		l.at += n
	}
	text := l.src[start:l.at]
	if text == "" {
		return pyToken{}, fmt.Errorf("offset %d: %w: not a character of a name", start, errPySyntax)
	}
	if l.at < len(l.src) && (l.src[l.at] == '"' || l.src[l.at] == '\'') && len(text) <= 2 {
		switch strings.ToLower(text) {
		case "r", "u", "b", "br", "rb":
			return l.str(start)
		case "f", "fr", "rf":
			return pyToken{}, fmt.Errorf("offset %d: an f-string", start)
		}
	}
	if !plain {
		text = norm.NFKC.String(text)
	}
	return pyToken{kind: tokName, text: text}, nil
}

// number reads a number and sees to it that nothing but an operator or a keyword follows.
func (l *pyLexer) number() (pyToken, error) {
	start := l.at
	v, err := l.numberValue()
	if err != nil {
		return pyToken{}, fmt.Errorf("offset %d: %w", start, err)
	}
	if rest := l.src[l.at:]; rest != "" {
		if r, _ := utf8.DecodeRuneInString(rest); isPyNamePart(r) {
			save := *l
			t, err := l.name()
			*l = save
			switch t.text { // CPython only warns of 1if
			case "and", "else", "for", "if", "in", "is", "or", "not":
			default:
				return pyToken{}, fmt.Errorf("offset %d: %w: a name right after a number", l.at, errors.Join(errPySyntax, err))
			}
		}
	}
	return pyToken{kind: tokNumber, text: l.src[start:l.at], val: v}, nil
}

// digits reads digits of a base, single underscores between them, or one before them if lead.
func (l *pyLexer) digits(base int, lead bool) (string, error) {
	start, last := l.at, byte('_')
	if lead {
		last = '0'
	}
	for l.at < len(l.src) {
		c := l.src[l.at]
		if c == '_' && last != '_' || digitValue(c) < base {
			last = c
			l.at++
			continue
		}
		break
	}
	if s := l.src[start:l.at]; s != "" && last != '_' {
		return strings.ReplaceAll(s, "_", ""), nil
	}
	return "", fmt.Errorf("%w: digits", errPySyntax)
}

func digitValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 99
}

func (l *pyLexer) numberValue() (pyValue, error) {
	if l.src[l.at] == '0' && l.at+1 < len(l.src) {
		if i := strings.IndexByte("xob", l.src[l.at+1]|0x20); i >= 0 {
			l.at += 2
			base := [...]int{16, 8, 2}[i]
			s, err := l.digits(base, true)
			if err != nil {
				return pyValue{}, err
			}
			n, ok := new(big.Int).SetString(s, base) // bases of two: linear time
			if !ok {
				return pyValue{}, errPySyntax
			}
			return pyBigInt(n), nil
		}
	}
	var whole, frac, exp string
	var err error
	if l.src[l.at] != '.' {
		if whole, err = l.digits(10, false); err != nil {
			return pyValue{}, err
		}
	}
	float := false
	if l.at < len(l.src) && l.src[l.at] == '.' {
		float = true
		if l.at++; l.at < len(l.src) && isDigit(l.src[l.at]) {
			if frac, err = l.digits(10, false); err != nil {
				return pyValue{}, err
			}
		}
	}
	if exp, err = l.exponent(); err != nil {
		return pyValue{}, err
	}
	float = float || exp != ""
	imaginary := l.at < len(l.src) && l.src[l.at]|0x20 == 'j'
	switch {
	case imaginary || float:
		if whole = strings.TrimLeft(whole, "0"); whole == "" {
			whole = "0"
		}
		if frac == "" {
			frac = "0"
		}
		v := pyFloatLiteral(whole + "." + frac + exp)
		if imaginary {
			l.at++
			v = pyValue{kind: pyComplex, im: v.f}
		}
		return v, nil
	case whole[0] == '0' && strings.Trim(whole, "0") != "":
		return pyValue{}, fmt.Errorf("%w: leading zeros in an int", errPySyntax)
	}
	return pyIntLiteral(whole)
}

// exponent reads e+10 and the like; "" if there is none.
func (l *pyLexer) exponent() (string, error) {
	if l.at >= len(l.src) || l.src[l.at]|0x20 != 'e' {
		return "", nil
	}
	i, sign := l.at+1, ""
	if i < len(l.src) && (l.src[i] == '+' || l.src[i] == '-') {
		sign = l.src[i : i+1]
		i++
	}
	if i >= len(l.src) || !isDigit(l.src[i]) {
		return "", nil // what follows is a name, and refused as such
	}
	l.at = i
	s, err := l.digits(10, false)
	return "e" + sign + s, err
}
