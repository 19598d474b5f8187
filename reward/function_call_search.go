package reward

import (
	"errors"
	"strings"
	"unicode/utf8"
)

const (
	maxSearch       = 1 << 26 // bytes of Python passed over in one search, again and again where calls nest
	parseCost       = 32      // a byte that is parsed counts as so many that are passed over
	maxSearchWindow = 1 << 16 // bytes of one Python call
	maxSearchDepth  = 3       // texts of JSON in texts of JSON
)

var errSearch = errors.New("look for calls in a text: it takes too long")

// callSearch finds everything in a text that may be a call of one of some functions.
type callSearch struct {
	names  []string
	visit  func(pyCall)
	budget int
}

// text searches a text; depth counts the texts of JSON around it.
func (s *callSearch) text(text string, depth int) error {
	mentioned := make([]bool, len(s.names))
	any := false
	for i, name := range s.names {
		mentioned[i] = strings.Contains(text, name)
		any = any || mentioned[i]
	}
	if !any && depth > 0 {
		return nil
	}
	for _, sp := range jsonSpans(text) {
		v, err := parseJSON(text[sp.from:sp.to])
		if err != nil {
			continue // too deep, too large, or a bad escape
		}
		if err := s.value(v, mentioned, depth); err != nil {
			return err
		}
	}
	done := map[string]bool{}
	for i, name := range s.names {
		if mentioned[i] && !done[name] {
			done[name] = true
			if err := s.python(text, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// value searches a value, and what is in it.
func (s *callSearch) value(v pyValue, mentioned []bool, depth int) error {
	switch v.kind {
	case pyStr:
		if depth < maxSearchDepth && strings.ContainsAny(v.s, "{(") {
			return s.text(v.s, depth+1)
		}
	case pyList:
		for _, x := range v.items {
			if err := s.value(x, mentioned, depth); err != nil {
				return err
			}
		}
	case pyDict:
		if c, ok := callOf(v); ok {
			s.visit(c)
		}
		for i, name := range s.names {
			if args, ok := v.get(name); ok && args.kind == pyDict {
				s.visit(pyCall{name, args})
			}
			if mentioned[i] && v.dict.len() > 0 {
				s.visit(pyCall{name, v})
			}
		}
		for _, x := range v.dict.vals {
			if err := s.value(x, mentioned, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// python looks for name(...) in a text.
func (s *callSearch) python(text, name string) error {
	text = normalizeNewlines(text)
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return nil
		}
		start := from + i
		from = start + len(name)
		open := from + len(text[from:]) - len(strings.TrimLeft(text[from:], " "))
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		if open >= len(text) || text[open] != '(' || start > 0 && (isPyNamePart(before) || before == '.') {
			continue
		}
		window := text[open:min(len(text), open+maxSearchWindow)]
		end, read := skipBrackets(window)
		s.budget -= read + parseCost*end
		if s.budget < 0 {
			return errSearch
		}
		if end == 0 {
			continue
		}
		n, err := parsePyExpression("f" + window[:end])
		if err != nil || n.kind != nodeCall || len(n.kids) > 1 {
			continue
		}
		jsonWords(n)
		if c, err := resolveCall(n); err == nil {
			s.visit(pyCall{name, c.args})
		}
	}
}

// skipBrackets returns the end of the Python text from its opening bracket to the one that closes
// it, 0 if there is none, and how many bytes it read for it.
func skipBrackets(text string) (end, read int) {
	level := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			if level++; level > maxBrackets {
				return 0, i
			}
		case ')', ']', '}':
			if level--; level == 0 {
				return i + 1, i
			}
		case '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case '"', '\'':
			last := skipPyString(text, i)
			if last < 0 {
				return 0, len(text)
			}
			i = last
		}
	}
	return 0, len(text)
}

// skipPyString returns the offset of the last byte of the string literal at i, or -1.
func skipPyString(text string, i int) int {
	quote := text[i : i+1]
	if strings.HasPrefix(text[i:], strings.Repeat(quote, 3)) {
		quote = text[i : i+3]
	}
	for i += len(quote); i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '\n' && len(quote) == 1:
			return -1
		case c == quote[0] && strings.HasPrefix(text[i:], quote):
			return i + len(quote) - 1
		}
	}
	return -1
}

// jsonWords makes the constants of the names true, false and null.
func jsonWords(n *pyNode) {
	if n.kind == nodeName {
		switch n.text {
		case "true", "false":
			v := pyBoolean(n.text == "true")
			n.kind, n.val, n.text = nodeConst, &v, ""
		case "null":
			n.kind, n.val, n.text = nodeConst, new(pyValue), ""
		}
	}
	for _, list := range [...][]*pyNode{n.kids, n.keys} {
		for _, k := range list {
			if k != nil {
				jsonWords(k)
			}
		}
	}
}
