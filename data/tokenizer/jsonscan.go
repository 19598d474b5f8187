package tokenizer

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON without building values of it: a tokenizer.json has hundreds of thousands of
// strings, which encoding/json takes five times as long for. Methods return an error with the offset where
// the text is not what they are to read.
type scanner struct {
	b     []byte
	at    int
	depth int // lists that are open
}

// maxDepth is how deep lists may be nested.
const maxDepth = 1000

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("offset %d: %w", s.at, fmt.Errorf(format, args...))
}

var errEnds = errors.New("the text ends inside a value")

// peek returns the next byte that is not white space, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.b); s.at++ {
		switch s.b[s.at] {
		case ' ', '\n', '\r', '\t':
			continue
		}
		return s.b[s.at]
	}
	return 0
}

func (s *scanner) expect(c byte) error {
	if got := s.peek(); got != c {
		if got == 0 {
			return s.errorf("%w", errEnds)
		}
		return s.errorf("%q, want %q", got, c)
	}
	s.at++
	return nil
}

// object calls member for each member, which must read its value.
func (s *scanner) object(member func(key string) error) error {
	return s.list('{', '}', func() error {
		key, err := s.string()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return member(key)
	})
}

// array calls element for each element, which must read it.
func (s *scanner) array(element func() error) error { return s.list('[', ']', element) }

func (s *scanner) list(begin, end byte, element func() error) error {
	if err := s.expect(begin); err != nil {
		return err
	}
	if s.depth++; s.depth > maxDepth {
		return s.errorf("nested deeper than %d", maxDepth)
	}
	defer func() { s.depth-- }()
	if s.peek() == end {
		s.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch c := s.peek(); c {
		case ',':
			s.at++
		case end:
			s.at++
			return nil
		default:
			return s.expect(end)
		}
	}
}

// string reads a string. What is not UTF-8 is refused.
func (s *scanner) string() (string, error) {
	if err := s.expect('"'); err != nil {
		return "", err
	}
	from := s.at
	for s.at < len(s.b) {
		switch c := s.b[s.at]; {
		case c == '"':
			text := s.b[from:s.at]
			if !utf8.Valid(text) {
				return "", s.errorf("a string that is not UTF-8")
			}
			s.at++
			return string(text), nil
		case c == '\\':
			return s.escaped(from)
		case c < ' ':
			return "", s.errorf("control character %q in a string", c)
		}
		s.at++
	}
	return "", s.errorf("%w", errEnds)
}

// escaped reads on in a string that began at from, at its first backslash.
func (s *scanner) escaped(from int) (string, error) {
	text := append([]byte(nil), s.b[from:s.at]...)
	for s.at < len(s.b) {
		c := s.b[s.at]
		s.at++
		switch {
		case c == '"':
			if !utf8.Valid(text) {
				return "", s.errorf("a string that is not UTF-8")
			}
			return string(text), nil
		case c < ' ':
			return "", s.errorf("control character %q in a string", c)
		case c != '\\':
			text = append(text, c)
			continue
		}
		if s.at == len(s.b) {
			break
		}
		c = s.b[s.at]
		s.at++
		switch c {
		case '"', '\\', '/':
			text = append(text, c)
		case 'b':
			text = append(text, '\b')
		case 'f':
			text = append(text, '\f')
		case 'n':
			text = append(text, '\n')
		case 'r':
			text = append(text, '\r')
		case 't':
			text = append(text, '\t')
		case 'u':
			r, err := s.hex()
			if err != nil {
				return "", err
			}
			if utf16.IsSurrogate(r) {
				if s.at+1 < len(s.b) && s.b[s.at] == '\\' && s.b[s.at+1] == 'u' {
					s.at += 2
					low, err := s.hex()
					if err != nil {
						return "", err
					}
					r = utf16.DecodeRune(r, low)
				}
				if utf16.IsSurrogate(r) || r == utf8.RuneError {
					return "", s.errorf("half a surrogate pair in a string")
				}
			}
			text = utf8.AppendRune(text, r)
		default:
			return "", s.errorf(`\%c in a string`, c)
		}
	}
	return "", s.errorf("%w", errEnds)
}

func (s *scanner) hex() (rune, error) {
	if s.at+4 > len(s.b) {
		return 0, s.errorf("%w", errEnds)
	}
	n, err := strconv.ParseUint(string(s.b[s.at:s.at+4]), 16, 16)
	if err != nil {
		return 0, s.errorf(`\u%s in a string`, s.b[s.at:s.at+4])
	}
	s.at += 4
	return rune(n), nil
}

// id reads a whole number from 0 to most.
func (s *scanner) id(most int) (int32, error) {
	s.peek()
	from, n := s.at, 0
	for ; s.at < len(s.b) && '0' <= s.b[s.at] && s.b[s.at] <= '9'; s.at++ {
		if n = n*10 + int(s.b[s.at]-'0'); n > most {
			return 0, s.errorf("id above %d", most)
		}
	}
	if s.at == from || s.at < len(s.b) && (s.b[s.at] == '.' || s.b[s.at] == 'e' || s.b[s.at] == 'E') {
		return 0, s.errorf("an id that is not a whole number from 0 on")
	}
	return int32(n), nil
}

// skip reads over a value and returns it. Its strings and brackets are checked, no more: who uses it decodes it.
func (s *scanner) skip() ([]byte, error) {
	c := s.peek()
	from := s.at
	var err error
	switch c {
	case '{':
		err = s.list('{', '}', func() error {
			if err := s.skipString(); err != nil {
				return err
			}
			if err := s.expect(':'); err != nil {
				return err
			}
			_, err := s.skip()
			return err
		})
	case '[':
		err = s.array(func() error { _, err := s.skip(); return err })
	case '"':
		err = s.skipString()
	default:
		for s.at < len(s.b) && literal(s.b[s.at]) {
			s.at++
		}
		if s.at == from {
			return nil, s.errorf("no value")
		}
	}
	return s.b[from:s.at], err
}

func (s *scanner) skipString() error {
	if err := s.expect('"'); err != nil {
		return err
	}
	for s.at < len(s.b) {
		c := s.b[s.at]
		s.at++
		switch c {
		case '"':
			return nil
		case '\\':
			s.at++
		}
	}
	s.at = len(s.b)
	return s.errorf("%w", errEnds)
}

// later reads over a value and returns a scanner that stands before it.
func (s *scanner) later() (*scanner, error) {
	s.peek()
	from := s.at
	_, err := s.skip()
	return &scanner{b: s.b[:s.at], at: from}, err
}

// literal reports whether a byte is of a number, true, false or null.
func literal(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E'
}
