package reward

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Bounds on what is read from untrusted text.
const (
	maxJSONDepth = 500     // Python's json gives up somewhat below 1000
	maxValues    = 1 << 18 // values, or tokens of Python source, in one text
	maxIntDigits = 4300    // Python's own limit on reading decimal ints
)

// parseJSON reads one JSON text as Python's json.loads does: NaN, Infinity and -Infinity are
// numbers, the last of equal keys counts, a lone surrogate is a character. Text must be valid UTF-8.
func parseJSON(text string) (pyValue, error) {
	p := jsonParser{text: text, budget: maxValues}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return pyValue{}, err
	}
	if p.space(); p.at < len(text) {
		return pyValue{}, p.unexpected("the end")
	}
	return v, nil
}

type jsonParser struct {
	text   string
	at     int
	budget int // values that may still be read
}

func (p *jsonParser) unexpected(want string) error {
	if p.at >= len(p.text) {
		return fmt.Errorf("offset %d: the text ends, want %s", p.at, want)
	}
	return fmt.Errorf("offset %d: unexpected %q, want %s", p.at, p.text[p.at], want)
}

func (p *jsonParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *jsonParser) space() { p.at = skipJSONSpace(p.text, p.at) }

func skipJSONSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

func (p *jsonParser) value(depth int) (pyValue, error) {
	if p.budget--; p.budget < 0 {
		return pyValue{}, fmt.Errorf("more than %d values", maxValues)
	}
	if depth > maxJSONDepth {
		return pyValue{}, fmt.Errorf("nested deeper than %d", maxJSONDepth)
	}
	switch p.peek() {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		s, err := p.str()
		return pyString(s), err
	}
	for _, w := range [...]struct {
		word string
		v    pyValue
	}{{"true", pyBoolean(true)}, {"false", pyBoolean(false)}, {"null", pyValue{}}} {
		if strings.HasPrefix(p.text[p.at:], w.word) {
			p.at += len(w.word)
			return w.v, nil
		}
	}
	return p.number()
}

func (p *jsonParser) object(depth int) (pyValue, error) {
	m := new(pyMap)
	v := pyValue{kind: pyDict, dict: m}
	p.at++
	if p.space(); p.peek() == '}' {
		p.at++
		return v, nil
	}
	for {
		if p.peek() != '"' {
			return v, p.unexpected("a key")
		}
		key, err := p.str()
		if err != nil {
			return v, err
		}
		if p.space(); p.peek() != ':' {
			return v, p.unexpected("':'")
		}
		p.at++
		p.space()
		x, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		if err := m.set(pyString(key), x); err != nil {
			return v, err
		}
		p.space()
		switch p.peek() {
		case ',':
			p.at++
			p.space()
		case '}':
			p.at++
			return v, nil
		default:
			return v, p.unexpected("',' or '}'")
		}
	}
}

func (p *jsonParser) array(depth int) (pyValue, error) {
	v := pyValue{kind: pyList}
	p.at++
	if p.space(); p.peek() == ']' {
		p.at++
		return v, nil
	}
	for {
		x, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.items = append(v.items, x)
		p.space()
		switch p.peek() {
		case ',':
			p.at++
			p.space()
		case ']':
			p.at++
			return v, nil
		default:
			return v, p.unexpected("',' or ']'")
		}
	}
}

// jsonNumber returns the end of the number that starts at i, and whether it is a float; end is i
// if there is none. A zero is never followed by digits, so that "01" ends after the zero.
func jsonNumber(s string, i int) (end int, float bool) {
	digits := func(j int) int {
		for j < len(s) && s[j] >= '0' && s[j] <= '9' {
			j++
		}
		return j
	}
	j := i
	if j < len(s) && s[j] == '-' {
		j++
	}
	for _, w := range [...]string{"Infinity", "NaN"} {
		if strings.HasPrefix(s[j:], w) && !(w == "NaN" && j > i) {
			return j + len(w), true
		}
	}
	k := digits(j)
	if k == j {
		return i, false
	}
	if s[j] == '0' {
		k = j + 1
	}
	if k+1 < len(s) && s[k] == '.' && digits(k+1) > k+1 {
		k, float = digits(k+1), true
	}
	if k < len(s) && (s[k] == 'e' || s[k] == 'E') {
		e := k + 1
		if e < len(s) && (s[e] == '+' || s[e] == '-') {
			e++
		}
		if d := digits(e); d > e {
			k, float = d, true
		}
	}
	return k, float
}

func (p *jsonParser) number() (pyValue, error) {
	end, float := jsonNumber(p.text, p.at)
	if end == p.at {
		return pyValue{}, p.unexpected("a value")
	}
	s := p.text[p.at:end]
	p.at = end
	if float {
		return pyFloatLiteral(s), nil
	}
	return pyIntLiteral(s)
}

// pyFloatLiteral reads a decimal float as Python does; what is too large is infinite.
func pyFloatLiteral(s string) pyValue {
	f, _ := strconv.ParseFloat(s, 64) // the only error is the range, and then f is right
	return pyValue{kind: pyFloat, f: f, s: s}
}

// pyIntLiteral reads a decimal int as Python does, with its limit on digits.
func pyIntLiteral(s string) (pyValue, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return pyValue{kind: pyInt, n: n, s: s}, nil
	}
	if len(strings.TrimLeft(s, "-")) > maxIntDigits {
		return pyValue{}, fmt.Errorf("an int of more than %d digits", maxIntDigits)
	}
	i, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return pyValue{}, fmt.Errorf("read int of %d characters", len(s))
	}
	v := pyBigInt(i)
	v.s = s
	return v, nil
}
