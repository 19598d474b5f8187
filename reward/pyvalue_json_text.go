package reward

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errEscape = errors.New("a bad escape in a string")

// str reads a string, its opening quote included.
func (p *jsonParser) str() (string, error) {
	p.at++
	start := p.at
	end := strings.IndexAny(p.text[start:], "\"\\")
	if end >= 0 && p.text[start+end] == '"' && !hasControl(p.text[start:start+end]) {
		p.at = start + end + 1
		return p.text[start : start+end], nil
	}
	var b []byte
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return string(b), nil
		case c < ' ':
			return "", p.unexpected("a character of a string")
		case c != '\\':
			b = append(b, c)
			p.at++
		default:
			var err error
			if b, err = p.escape(b); err != nil {
				return "", err
			}
		}
	}
	return "", p.unexpected("the end of a string")
}

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' {
			return true
		}
	}
	return false
}

func (p *jsonParser) escape(b []byte) ([]byte, error) {
	if p.at+1 >= len(p.text) {
		return nil, errEscape
	}
	c := p.text[p.at+1]
	p.at += 2
	if c != 'u' {
		i := strings.IndexByte(`"\/bfnrt`, c)
		if i < 0 {
			return nil, errEscape
		}
		return append(b, "\"\\/\b\f\n\r\t"[i]), nil
	}
	r, ok := hexRune(p.text[p.at:], 4)
	if !ok {
		return nil, errEscape
	}
	p.at += 4
	if r >= 0xD800 && r < 0xDC00 && strings.HasPrefix(p.text[p.at:], `\u`) {
		if low, ok := hexRune(p.text[p.at+2:], 4); ok && low >= 0xDC00 && low < 0xE000 {
			p.at += 6
			r = (r-0xD800)<<10 + (low - 0xDC00) + 0x10000
		}
	}
	return appendRune(b, r), nil
}

// hexRune reads n hexadecimal digits.
func hexRune(s string, n int) (rune, bool) {
	if len(s) < n {
		return 0, false
	}
	for i := range n { // ParseUint alone would take a sign
		if c := s[i] | 0x20; !(s[i] >= '0' && s[i] <= '9' || c >= 'a' && c <= 'f') {
			return 0, false
		}
	}
	u, err := strconv.ParseUint(s[:n], 16, 32)
	return rune(u), err == nil
}

// appendRune is utf8.AppendRune that keeps surrogates.
func appendRune(b []byte, r rune) []byte {
	if r >= 0xD800 && r < 0xE000 {
		return append(b, 0xED, byte(0x80|(r>>6)&0x3F), byte(0x80|r&0x3F))
	}
	return utf8.AppendRune(b, r)
}

// decodeRune is utf8.DecodeRuneInString that keeps surrogates.
func decodeRune(s string) (rune, int) {
	if len(s) >= 3 && s[0] == 0xED && s[1] >= 0xA0 && s[1] < 0xC0 && s[2] >= 0x80 && s[2] < 0xC0 {
		return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return utf8.DecodeRuneInString(s)
}
