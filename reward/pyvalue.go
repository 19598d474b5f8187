package reward

import (
	"math"
	"math/big"
)

// pyKind is the type of a pyValue, as Python's type() tells them apart.
type pyKind uint8

const (
	pyNone pyKind = iota
	pyBool
	pyInt
	pyFloat
	pyComplex // purely imaginary, or a sum with one
	pyStr
	pyBytes
	pyList
	pyTuple
	pyDict
)

func (k pyKind) String() string {
	return [...]string{"NoneType", "bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "dict"}[k]
}

// pyValue is a Python value, as json.loads or a literal in Python source gives it. Text may hold
// lone surrogates, in three bytes each (WTF-8).
type pyValue struct {
	kind  pyKind
	n     int64     // bool (0 or 1); int, where big is nil
	big   *big.Int  // int outside of int64, else nil
	f, im float64   // float; real and imaginary part of a complex
	s     string    // str and bytes; the literal of an int or float that was read from text, "" if it was computed
	items []pyValue // list, tuple
	dict  *pyMap    // dict
}

func pyString(s string) pyValue { return pyValue{kind: pyStr, s: s} }
func pyInteger(n int64) pyValue { return pyValue{kind: pyInt, n: n} }
func pyBoolean(b bool) pyValue {
	if b {
		return pyValue{kind: pyBool, n: 1}
	}
	return pyValue{kind: pyBool}
}

// pyBigInt returns an int, in its small form where it fits.
func pyBigInt(i *big.Int) pyValue {
	if i.IsInt64() {
		return pyInteger(i.Int64())
	}
	return pyValue{kind: pyInt, big: i}
}

// isNumber reports whether Python compares v with numbers: a bool is one.
func (v pyValue) isNumber() bool { return v.kind >= pyBool && v.kind <= pyComplex }

// integer returns a bool or int as a big.Int, which the caller must not change.
func (v pyValue) integer() *big.Int {
	if v.big != nil {
		return v.big
	}
	return big.NewInt(v.n)
}

// get returns the value at a string key of a dict.
func (v pyValue) get(key string) (pyValue, bool) {
	if v.kind != pyDict {
		return pyValue{}, false
	}
	return v.dict.get(pyString(key))
}

// pyEqual is Python's ==: 1 == 1.0 == True, a list is no tuple, the order of keys does not matter,
// NaN equals nothing.
func pyEqual(a, b pyValue) bool {
	if a.isNumber() && b.isNumber() {
		return numbersEqual(a, b)
	}
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case pyNone:
		return true
	case pyStr, pyBytes:
		return a.s == b.s
	case pyList, pyTuple:
		if len(a.items) != len(b.items) {
			return false
		}
		for i := range a.items {
			if !pyEqual(a.items[i], b.items[i]) {
				return false
			}
		}
		return true
	}
	if a.dict.len() != b.dict.len() {
		return false
	}
	for i, k := range a.dict.keys {
		w, ok := b.dict.get(k)
		if !ok || !pyEqual(a.dict.vals[i], w) {
			return false
		}
	}
	return true
}

func numbersEqual(a, b pyValue) bool {
	if a.kind == pyComplex || b.kind == pyComplex {
		ar, ai := a.complexParts()
		br, bi := b.complexParts()
		return ai == bi && numbersEqual(ar, br)
	}
	switch aFloat, bFloat := a.kind == pyFloat, b.kind == pyFloat; {
	case aFloat && bFloat:
		return a.f == b.f
	case aFloat:
		return floatEqualsInt(a.f, b)
	case bFloat:
		return floatEqualsInt(b.f, a)
	case a.big == nil && b.big == nil:
		return a.n == b.n
	default:
		return a.big != nil && b.big != nil && a.big.Cmp(b.big) == 0
	}
}

// complexParts splits a number into its real part, as a number of its own, and its imaginary part.
func (v pyValue) complexParts() (re pyValue, im float64) {
	if v.kind == pyComplex {
		return pyValue{kind: pyFloat, f: v.f}, v.im
	}
	return v, 0
}

// floatEqualsInt compares exactly, whatever the size of the int.
func floatEqualsInt(f float64, v pyValue) bool {
	if math.IsNaN(f) || math.IsInf(f, 0) || f != math.Trunc(f) {
		return false
	}
	if v.big == nil && math.Abs(f) < 1<<62 {
		return int64(f) == v.n
	}
	i, _ := big.NewFloat(f).Int(nil)
	return i.Cmp(v.integer()) == 0
}

// pyIn is Python's `v in list`.
func pyIn(v pyValue, list []pyValue) bool {
	for _, w := range list {
		if pyEqual(v, w) {
			return true
		}
	}
	return false
}
