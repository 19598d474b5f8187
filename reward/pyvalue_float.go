package reward

import (
	"errors"
	"fmt"
	"math"
	"math/big"
)

// toFloat is Python's float(v) of a real number.
func toFloat(v pyValue) (float64, error) {
	if v.kind == pyFloat {
		return v.f, nil
	}
	f, _ := new(big.Float).SetInt(v.integer()).Float64()
	if math.IsInf(f, 0) {
		return 0, errors.New("int too large to convert to float")
	}
	return f, nil
}

func floatArith(op string, a, b pyValue) (pyValue, error) {
	result := func(f float64) (pyValue, error) { return pyValue{kind: pyFloat, f: f}, nil }
	if op == "/" && a.kind != pyFloat && b.kind != pyFloat { // rounded once, whatever the size
		if b.integer().Sign() == 0 {
			return pyValue{}, errZeroDiv
		}
		f, _ := new(big.Rat).SetFrac(a.integer(), b.integer()).Float64()
		if math.IsInf(f, 0) {
			return pyValue{}, errTooLarge
		}
		return result(f)
	}
	x, err := toFloat(a)
	if err != nil {
		return pyValue{}, err
	}
	y, err := toFloat(b)
	if err != nil {
		return pyValue{}, err
	}
	switch op {
	case "+":
		return result(x + y)
	case "-":
		return result(x - y)
	case "*":
		return result(x * y)
	case "**":
		return floatPower(x, y)
	case "/", "//", "%":
		if y == 0 {
			return pyValue{}, errZeroDiv
		}
		if op == "/" {
			return result(x / y)
		}
		div, mod := floatDivMod(x, y)
		if op == "%" {
			return result(mod)
		}
		return result(div)
	}
	return pyValue{}, errArith
}

// floatDivMod is Python's divmod: the remainder has the sign of y.
func floatDivMod(x, y float64) (div, mod float64) {
	mod = math.Mod(x, y)
	div = (x - mod) / y
	if mod == 0 {
		mod = math.Copysign(0, y)
	} else if (y < 0) != (mod < 0) {
		mod += y
		div--
	}
	if div == 0 {
		return math.Copysign(0, x/y), mod
	}
	floor := math.Floor(div)
	if div-floor > 0.5 {
		floor++
	}
	return floor, mod
}

// floatPower rounds the exact power where the exponent is a small whole number; otherwise its last
// bit is that of math.Pow, which may not be that of the C library under Python.
func floatPower(x, y float64) (pyValue, error) {
	switch {
	case x == 0 && y < 0:
		return pyValue{}, errZeroDiv
	case x < 0 && y != math.Trunc(y) && !math.IsInf(x, 0):
		return pyValue{}, fmt.Errorf("%w: a complex power", errArith)
	}
	f := math.Pow(x, y)
	if math.IsInf(f, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		return pyValue{}, errTooLarge
	}
	if y == math.Trunc(y) && math.Abs(y) <= 1024 && f != 0 && !math.IsInf(f, 0) && !math.IsNaN(f) {
		base, exact := new(big.Float).SetPrec(512).SetFloat64(x), new(big.Float).SetPrec(512).SetInt64(1)
		for e := int(math.Abs(y)); e > 0; e /= 2 {
			if e%2 == 1 {
				exact.Mul(exact, base)
			}
			base.Mul(base, base)
		}
		if y < 0 {
			exact.Quo(new(big.Float).SetPrec(512).SetInt64(1), exact)
		}
		f, _ = exact.Float64()
	}
	return pyValue{kind: pyFloat, f: f}, nil
}
