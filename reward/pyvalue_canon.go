package reward

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// canon writes values so that equal values give equal bytes, and others do not. There are two
// equalities:
//
//   - the strict one of function_call: numbers are equal when their decimal literals have the same
//     exact value (1 = 1.0 = 1e0, and 9007199254740993 is not 9007199254740992), a boolean is no
//     number, a tuple is a list, text is compared byte by byte;
//   - Python's ==: floats are 64 bits, True is 1.
//
// In both the order of keys does not matter and NaN equals nothing.
type canon struct {
	python bool
	dst    []byte
	nan    bool // the value holds a NaN (strictly also a number out of all bounds): it equals nothing
}

// text returns the canonical form; ok is false if the value equals nothing, not even itself.
func (c *canon) text(v pyValue) (s string, ok bool) {
	c.dst, c.nan = c.dst[:0], false
	c.value(v)
	return string(c.dst), !c.nan
}

// kindOf names the class of values that can be equal to v.
func (c *canon) kindOf(v pyValue) pyKind {
	switch {
	case c.python && v.isNumber():
		return pyInt
	case !c.python && v.kind == pyFloat:
		return pyInt
	case !c.python && v.kind == pyTuple:
		return pyList
	}
	return v.kind
}

func (c *canon) value(v pyValue) {
	switch kind := c.kindOf(v); kind {
	case pyNone:
		c.dst = append(c.dst, 'N')
	case pyBool:
		c.dst = append(c.dst, 'F'+byte(v.n)*('T'-'F'))
	case pyInt:
		c.number(v)
	case pyComplex:
		c.nan = true // no JSON text holds one
	case pyStr, pyBytes:
		c.dst = append(c.dst, "sb"[kind-pyStr])
		c.dst = strconv.AppendInt(c.dst, int64(len(v.s)), 10)
		c.dst = append(c.dst, ':')
		c.dst = append(c.dst, v.s...)
	case pyList, pyTuple:
		c.dst = append(c.dst, "[("[kind-pyList])
		for _, x := range v.items {
			c.value(x)
		}
		c.dst = append(c.dst, ']')
	default:
		c.object(v.dict)
	}
}

func (c *canon) object(m *pyMap) {
	order := make([]int, m.len())
	plain := true
	for i, k := range m.keys {
		order[i] = i
		plain = plain && k.kind == pyStr
	}
	text := func(i int) string { return m.keys[i].s }
	if !plain {
		keys := make([]string, m.len())
		for i, k := range m.keys {
			kc := canon{python: c.python}
			keys[i], _ = kc.text(k)
		}
		text = func(i int) string { return keys[i] }
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(text(i), text(j)) })
	c.dst = append(c.dst, '{')
	for _, i := range order {
		c.value(m.keys[i])
		c.value(m.vals[i])
	}
	c.dst = append(c.dst, '}')
}

func (c *canon) number(v pyValue) {
	c.dst = append(c.dst, '#')
	if !c.python {
		c.decimal(v)
		c.dst = append(c.dst, ';')
		return
	}
	switch {
	case v.kind == pyFloat && (math.IsNaN(v.f) || math.IsInf(v.f, 0) || v.f != math.Trunc(v.f)):
		c.nan = c.nan || math.IsNaN(v.f)
		c.dst = strconv.AppendFloat(c.dst, v.f, 'g', -1, 64)
	case v.kind == pyFloat && math.Abs(v.f) < 1<<62:
		c.dst = strconv.AppendInt(c.dst, int64(v.f), 10)
	case v.kind == pyFloat:
		i, _ := big.NewFloat(v.f).Int(nil)
		c.dst = i.Append(c.dst, 10)
	case v.kind == pyComplex:
		c.dst = strconv.AppendFloat(c.dst, v.f, 'g', -1, 64) // unequal numbers may share it: see pyMap.find
	case v.big == nil:
		c.dst = strconv.AppendInt(c.dst, v.n, 10)
	default:
		c.dst = v.big.Append(c.dst, 10)
	}
	c.dst = append(c.dst, ';')
}

// decimal writes sign, digits without zeros at either end, and the exponent of the last digit.
func (c *canon) decimal(v pyValue) {
	s := v.s
	if s == "" {
		if v.kind == pyFloat {
			s = strconv.FormatFloat(v.f, 'e', -1, 64)
		} else if longInt(v) {
			c.nan = true
			return
		} else {
			s = v.integer().String()
		}
	}
	if v.kind == pyFloat && (math.IsNaN(v.f) || s[len(s)-1] > '9') { // NaN, Infinity
		c.nan = true
		return
	}
	neg := s[0] == '-'
	s = strings.TrimLeft(s, "+-")
	var exp int64
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		digits := strings.TrimLeft(strings.TrimLeft(s[i+1:], "+-"), "0")
		if len(digits) > 18 { // beyond any use; a zero is a zero all the same
			c.nan = c.nan || strings.Trim(s[:i], "0.") != ""
			digits = ""
		}
		exp, _ = strconv.ParseInt(digits, 10, 64)
		if s[i+1] == '-' {
			exp = -exp
		}
		s = s[:i]
	}
	whole, frac, _ := strings.Cut(s, ".")
	exp -= int64(len(frac))
	all := strings.TrimLeft(whole+frac, "0")
	digits := strings.TrimRight(all, "0")
	if digits == "" {
		c.dst = append(c.dst, '0')
		return
	}
	if neg {
		c.dst = append(c.dst, '-')
	}
	c.dst = append(c.dst, digits...)
	c.dst = append(c.dst, 'e')
	c.dst = strconv.AppendInt(c.dst, exp+int64(len(all)-len(digits)), 10)
}
