package reward

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// str reads one string literal; l.at is at its opening quote and start at its prefix.
func (l *pyLexer) str(start int) (pyToken, error) {
	prefix := strings.ToLower(l.src[start:l.at])
	quote := l.src[l.at : l.at+1]
	if strings.HasPrefix(l.src[l.at:], strings.Repeat(quote, 3)) {
		quote = l.src[l.at : l.at+3]
	}
	l.at += len(quote)
	body := l.at
	for {
		i := strings.IndexAny(l.src[l.at:], "\\\n"+quote[:1])
		if i < 0 {
			return pyToken{}, fmt.Errorf("offset %d: %w: a string without its end", start, errPySyntax)
		}
		l.at += i
		switch c := l.src[l.at]; {
		case c == '\\':
			if l.at += 2; l.at > len(l.src) {
				return pyToken{}, fmt.Errorf("offset %d: %w: a string without its end", start, errPySyntax)
			}
		case c == '\n' && len(quote) == 1:
			return pyToken{}, fmt.Errorf("offset %d: %w: a string without its end", start, errPySyntax)
		case c == '\n' || !strings.HasPrefix(l.src[l.at:], quote):
			l.at++
		default:
			v, err := decodePyString(prefix, l.src[body:l.at])
			if err != nil {
				return pyToken{}, fmt.Errorf("offset %d: %w", start, err)
			}
			l.at += len(quote)
			return pyToken{kind: tokString, text: l.src[start:l.at], val: v}, nil
		}
	}
}

func decodePyString(prefix, body string) (pyValue, error) {
	v := pyValue{kind: pyStr, s: body}
	if strings.Contains(prefix, "b") {
		v.kind = pyBytes
		for i := 0; i < len(body); i++ {
			if body[i] >= utf8.RuneSelf {
				return v, fmt.Errorf("%w: bytes beyond ASCII", errPySyntax)
			}
		}
	}
	if strings.Contains(prefix, "r") || !strings.Contains(body, "\\") {
		return v, nil
	}
	b := make([]byte, 0, len(body))
	for i := 0; i < len(body); {
		if body[i] != '\\' {
			b = append(b, body[i])
			i++
			continue
		}
		var n int
		var err error
		if b, n, err = appendPyEscape(b, body[i:], v.kind == pyBytes); err != nil {
			return v, err
		}
		i += n
	}
	v.s = string(b)
	return v, nil
}

// appendPyEscape decodes the escape that s begins with and returns its length. An escape that
// Python does not know stands for itself.
func appendPyEscape(b []byte, s string, bytes bool) ([]byte, int, error) {
	c := s[1] // the literal's end would have been escaped otherwise
	if i := strings.IndexByte(`\'"abfnrtv`, c); i >= 0 {
		return append(b, "\\'\"\a\b\f\n\r\t\v"[i]), 2, nil
	}
	switch {
	case c == '\n':
		return b, 2, nil
	case c >= '0' && c <= '7':
		n, r := 1, rune(0)
		for ; n < 4 && n < len(s) && s[n] >= '0' && s[n] <= '7'; n++ {
			r = r*8 + rune(s[n]-'0')
		}
		if bytes {
			return append(b, byte(r)), n, nil
		}
		return appendRune(b, r), n, nil
	case c == 'x' || (c == 'u' || c == 'U') && !bytes:
		width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		r, ok := hexRune(s[2:], width)
		if !ok || r < 0 || r > utf8.MaxRune {
			return nil, 0, fmt.Errorf("%w: escape \\%c", errPySyntax, c)
		}
		if bytes {
			return append(b, byte(r)), 2 + width, nil
		}
		return appendRune(b, r), 2 + width, nil
	case c == 'N' && !bytes:
		return nil, 0, fmt.Errorf("a character by its name (\\N)")
	}
	return append(b, '\\'), 1, nil
}
