package reward

import (
	"fmt"
	"math"
)

// tzFloatOp computes on floats as Python does: division by zero and powers that are too large are
// exceptions, sums and products that are too large are infinite.
func tzFloatOp(op string, x, y float64) (tzValue, error) {
	switch op {
	case "+":
		return tzFloat(x + y), nil
	case "-":
		return tzFloat(x - y), nil
	case "*":
		return tzFloat(x * y), nil
	case "/", "//":
		if y == 0 {
			return nil, errDivision
		}
		if op == "/" {
			return tzFloat(x / y), nil
		}
		return tzFloat(tzFloorDivide(x, y)), nil
	case "**":
		return tzFloatPower(x, y)
	}
	return nil, fmt.Errorf("%w: operator %s", errType, op)
}

// tzFloorDivide is _float_div_mod of CPython's Objects/floatobject.c.
func tzFloorDivide(x, y float64) float64 {
	mod := math.Mod(x, y)
	div := (x - mod) / y
	if mod != 0 && (y < 0) != (mod < 0) {
		div--
	}
	if div == 0 {
		return math.Copysign(0, x/y)
	}
	floor := math.Floor(div)
	if div-floor > 0.5 {
		floor++
	}
	return floor
}

// tzFloatPower is float_pow of CPython's Objects/floatobject.c. A negative number to a power that
// is not whole is complex.
func tzFloatPower(x, y float64) (tzValue, error) {
	odd := math.Abs(math.Mod(y, 2)) == 1
	switch {
	case y == 0 || x == 1:
		return tzFloat(1), nil
	case math.IsNaN(x) || math.IsNaN(y):
		return tzFloat(math.NaN()), nil
	case math.IsInf(x, 0) || math.IsInf(y, 0):
		return tzFloat(math.Pow(x, y)), nil // exact: 0, 1 or infinite, as C99 wants it of both
	case x == 0 && y < 0:
		return nil, fmt.Errorf("%w: zero to a negative power", errDivision)
	case x == 0 && odd:
		return tzFloat(x), nil
	case x == 0:
		return tzFloat(0), nil
	case x < 0 && y != math.Floor(y):
		return tzComplexPower(complex(x, 0), complex(y, 0))
	}
	z := power(math.Abs(x), y)
	if math.IsInf(z, 0) {
		return nil, fmt.Errorf("%w: result of a power is too large", errOverflow)
	}
	if x < 0 && odd {
		z = -z
	}
	return tzFloat(z), nil
}
