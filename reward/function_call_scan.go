package reward

// span is a part of a text, from and to byte offsets.
type span struct{ from, to int }

// jsonSpans finds the JSON arrays and objects in a text, in order: those that are whole and lie in
// no other that is whole. It takes time linear in the text: each array or object is tried once,
// whatever it was found in, and one byte is read for at most two that are tried (inside quotes for
// one, outside for the other).
func jsonSpans(text string) []span {
	s := jsonScanner{text: text}
	var spans []span
	for i := 0; i < len(text); i++ {
		if text[i] != '[' && text[i] != '{' {
			continue
		}
		if s.ends == nil {
			s.ends = make([]int32, len(text))
		}
		if end := s.complete(i); end > 0 {
			spans = append(spans, span{i, end})
			i = end - 1
		}
	}
	return spans
}

// jsonScanner knows for each bracket that was tried where its array or object ends.
type jsonScanner struct {
	text string
	ends []int32 // by offset: 0 not tried, -1 not whole, else the end
	open []int32 // offsets of the brackets that are open
}

// complete returns the end of the array or object at i, or -1.
func (s *jsonScanner) complete(i int) int {
	if s.ends[i] == 0 {
		s.open = append(s.open[:0], int32(i))
		if !s.run(i + 1) {
			for _, at := range s.open {
				s.ends[at] = -1
			}
		}
	}
	return int(s.ends[i])
}

// run reads from at until the first open bracket is closed; it reports false where the text is no
// JSON. After an opening bracket, and after each value, it is in front of a new step.
func (s *jsonScanner) run(at int) bool {
	fresh := true // right after an opening bracket
	for {
		at = skipJSONSpace(s.text, at)
		if at >= len(s.text) {
			return false
		}
		top := s.open[len(s.open)-1]
		object := s.text[top] == '{'
		switch c := s.text[at]; {
		case object && c == '}', !object && c == ']':
			at++
			s.ends[top] = int32(at)
			s.open = s.open[:len(s.open)-1]
			if len(s.open) == 0 {
				return true
			}
			fresh = false
			continue
		case fresh:
		case c == ',':
			at = skipJSONSpace(s.text, at+1)
		default:
			return false
		}
		if object {
			if at = skipJSONString(s.text, at); at < 0 {
				return false
			}
			if at = skipJSONSpace(s.text, at); at >= len(s.text) || s.text[at] != ':' {
				return false
			}
			at = skipJSONSpace(s.text, at+1)
		}
		if at >= len(s.text) {
			return false
		}
		fresh = false
		switch s.text[at] {
		case '[', '{':
			switch end := s.ends[at]; {
			case end > 0:
				at = int(end)
			case end < 0:
				return false
			default:
				s.open = append(s.open, int32(at))
				at++
				fresh = true
			}
		default:
			if at = skipJSONScalar(s.text, at); at < 0 {
				return false
			}
		}
	}
}

// skipJSONString returns the end of the string at i, or -1. Its escapes are not looked at.
func skipJSONString(s string, i int) int {
	if i >= len(s) || s[i] != '"' {
		return -1
	}
	for i++; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i++
		case c < ' ':
			return -1
		}
	}
	return -1
}

// skipJSONScalar returns the end of the string, number or word at i, or -1.
func skipJSONScalar(s string, i int) int {
	if s[i] == '"' {
		return skipJSONString(s, i)
	}
	for _, w := range [...]string{"true", "false", "null"} {
		if len(s)-i >= len(w) && s[i:i+len(w)] == w {
			return i + len(w)
		}
	}
	if end, _ := jsonNumber(s, i); end > i {
		return end
	}
	return -1
}
