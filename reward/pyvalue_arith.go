package reward

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Bounds of arithmetic in arguments: what is larger is refused.
const (
	maxArithBits = 1 << 16 // of an int
	maxArithText = 1 << 16 // bytes of a text, elements of a list
	maxArithWork = 1 << 20 // in one call: see pyResolver.charge
)

var (
	errArith    = errors.New("an operation that is not evaluated")
	errTooLarge = errors.New("the result of an operation is too large")
	errZeroDiv  = errors.New("division by zero")
)

// literal evaluates operators over literals as Python does: + - * / // % ** << >> & | ^ ~ of
// numbers, + of texts, bytes, lists and tuples, and their repetition. Names, calls, subscripts,
// comparisons, % of texts, operators of dicts and sets, and complex numbers beyond + and - are
// refused; bfcl-eval runs all of them as code.
func (r *pyResolver) literal(n *pyNode) (pyValue, error) {
	switch n.kind {
	case nodeConst:
		if longInt(*n.val) { // Python writes the expression out before it runs it
			return pyValue{}, errTooLong
		}
		return *n.val, nil
	case nodeList, nodeTuple:
		v := pyValue{kind: pyList}
		if n.kind == nodeTuple {
			v.kind = pyTuple
		}
		for _, k := range n.kids {
			x, err := r.literal(k)
			if err != nil {
				return pyValue{}, err
			}
			v.items = append(v.items, x)
		}
		return v, nil
	case nodeUnary:
		v, err := r.literal(n.kids[0])
		if err != nil {
			return pyValue{}, err
		}
		if v, err = pyUnary(n.text, v); err != nil {
			return pyValue{}, err
		}
		return v, r.charge(v)
	case nodeBinary:
		a, err := r.literal(n.kids[0])
		if err != nil {
			return pyValue{}, err
		}
		b, err := r.literal(n.kids[1])
		if err != nil {
			return pyValue{}, err
		}
		v, err := pyArith(n.text, a, b)
		if err != nil {
			return pyValue{}, err
		}
		return v, r.charge(v)
	}
	return pyValue{}, errArith
}

// charge counts what an operator made: 16, one for each 8 bytes, and one for each element of a list
// and of the lists in it, as often as they occur.
func (r *pyResolver) charge(v pyValue) error {
	r.budget -= 16
	if v.big != nil {
		r.budget -= v.big.BitLen() / 64
	}
	r.weigh(v)
	if r.budget < 0 {
		return errTooLarge
	}
	return nil
}

func (r *pyResolver) weigh(v pyValue) {
	r.budget -= 1 + len(v.s)/8
	for _, x := range v.items {
		if r.budget < 0 {
			return
		}
		r.weigh(x)
	}
}

func pyUnary(op string, v pyValue) (pyValue, error) {
	switch {
	case op == "-":
		return pyNegate(v)
	case op == "+" && v.kind == pyBool:
		return pyInteger(v.n), nil
	case op == "+" && v.isNumber():
		return v, nil
	case op == "~" && (v.kind == pyBool || v.kind == pyInt):
		return pyBigInt(new(big.Int).Not(v.integer())), nil
	}
	return pyValue{}, fmt.Errorf("%w: unary %s of %s", errArith, op, v.kind)
}

// pyArith is Python's `a op b`, within bounds.
func pyArith(op string, a, b pyValue) (pyValue, error) {
	switch {
	case !a.isNumber() || !b.isNumber():
		return pySequence(op, a, b)
	case a.kind == pyComplex || b.kind == pyComplex:
		return complexArith(op, a, b)
	case a.kind == pyFloat || b.kind == pyFloat || op == "/":
		return floatArith(op, a, b)
	}
	x, y := a.integer(), b.integer()
	z := new(big.Int)
	bits := a.kind == pyBool && b.kind == pyBool
	switch op {
	case "+":
		z.Add(x, y)
	case "-":
		z.Sub(x, y)
	case "*":
		if x.BitLen()+y.BitLen() > maxArithBits {
			return pyValue{}, errTooLarge
		}
		z.Mul(x, y)
	case "//", "%":
		if y.Sign() == 0 {
			return pyValue{}, errZeroDiv
		}
		m := new(big.Int)
		z.DivMod(x, y, m) // Euclidean: m is never negative
		if y.Sign() < 0 && m.Sign() > 0 {
			z.Sub(z, big.NewInt(1))
			m.Add(m, y)
		}
		if op == "%" {
			z = m
		}
	case "**":
		return intPower(x, y)
	case "<<", ">>":
		return intShift(op, x, y)
	case "&":
		z.And(x, y)
	case "|":
		z.Or(x, y)
	case "^":
		z.Xor(x, y)
	default:
		return pyValue{}, errArith
	}
	if z.BitLen() > maxArithBits {
		return pyValue{}, errTooLarge
	}
	if bits && strings.Contains("&|^", op) {
		return pyBoolean(z.Sign() != 0), nil
	}
	return pyBigInt(z), nil
}

func intPower(x, y *big.Int) (pyValue, error) {
	if y.Sign() < 0 {
		return floatArith("**", pyBigInt(x), pyBigInt(y))
	}
	if x.BitLen() > 1 && (!y.IsInt64() || y.Int64() > maxArithBits/int64(x.BitLen()-1)) {
		return pyValue{}, errTooLarge
	}
	if x.BitLen() <= 1 { // -1, 0, 1: only whether y is zero, and odd, matters
		y = new(big.Int).SetInt64(int64(y.Bit(0)) + 2*int64(min(y.Sign(), 1)))
	}
	return pyBigInt(new(big.Int).Exp(x, y, nil)), nil
}

func intShift(op string, x, y *big.Int) (pyValue, error) {
	switch {
	case y.Sign() < 0:
		return pyValue{}, errors.New("negative shift count")
	case op == ">>" && !y.IsInt64(), op == ">>" && y.Int64() > maxArithBits:
		return pyInteger(int64(min(x.Sign(), 0))), nil
	case op == ">>":
		return pyBigInt(new(big.Int).Rsh(x, uint(y.Int64()))), nil
	case x.Sign() == 0:
		return pyInteger(0), nil
	case !y.IsInt64() || y.Int64() > maxArithBits-int64(x.BitLen()):
		return pyValue{}, errTooLarge
	}
	return pyBigInt(new(big.Int).Lsh(x, uint(y.Int64()))), nil
}

// complexArith adds and subtracts, which is what literals such as 1+2j need.
func complexArith(op string, a, b pyValue) (pyValue, error) {
	ar, ai := a.complexParts()
	br, bi := b.complexParts()
	x, err := toFloat(ar)
	if err != nil {
		return pyValue{}, err
	}
	y, err := toFloat(br)
	switch {
	case err != nil:
		return pyValue{}, err
	case op == "+":
		return pyValue{kind: pyComplex, f: x + y, im: ai + bi}, nil
	case op == "-":
		return pyValue{kind: pyComplex, f: x - y, im: ai - bi}, nil
	}
	return pyValue{}, fmt.Errorf("%w: %s of complex numbers", errArith, op)
}

// pySequence joins and repeats texts, bytes, lists and tuples.
func pySequence(op string, a, b pyValue) (pyValue, error) {
	isSequence := func(v pyValue) bool { return v.kind >= pyStr && v.kind <= pyTuple }
	if op == "*" && (b.kind == pyInt || b.kind == pyBool) && isSequence(a) {
		a, b = b, a
	}
	switch {
	case op == "+" && a.kind == b.kind && isSequence(a):
		if len(a.s)+len(b.s) > maxArithText || len(a.items)+len(b.items) > maxArithText {
			return pyValue{}, errTooLarge
		}
		return pyValue{kind: a.kind, s: a.s + b.s, items: append(append([]pyValue(nil), a.items...), b.items...)}, nil
	case op == "*" && (a.kind == pyInt || a.kind == pyBool) && isSequence(b):
		size := int64(len(b.s) + len(b.items))
		if size == 0 || a.integer().Sign() <= 0 {
			return pyValue{kind: b.kind}, nil
		}
		if a.big != nil || a.n > maxArithText/size {
			return pyValue{}, errTooLarge
		}
		v := pyValue{kind: b.kind, s: strings.Repeat(b.s, int(a.n))}
		for range a.n * int64(min(len(b.items), 1)) {
			v.items = append(v.items, b.items...)
		}
		return v, nil
	}
	return pyValue{}, fmt.Errorf("%w: %s %s %s", errArith, a.kind, op, b.kind)
}
