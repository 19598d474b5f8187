package reward

import (
	"fmt"
	"math"
)

// tzComplexOp computes on complex numbers as CPython's Objects/complexobject.c does. Products are
// rounded one by one: the conversions keep a compiler from fusing them with the sums.
func tzComplexOp(op string, a, b complex128) (tzValue, error) {
	switch op {
	case "+":
		return tzComplex(complex(real(a)+real(b), imag(a)+imag(b))), nil
	case "-":
		return tzComplex(complex(real(a)-real(b), imag(a)-imag(b))), nil
	case "*":
		return tzComplex(complexProduct(a, b)), nil
	case "/":
		if b == 0 {
			return nil, errDivision
		}
		return tzComplex(complexQuotient(a, b)), nil
	case "**":
		return tzComplexPower(a, b)
	}
	return nil, fmt.Errorf("%w: operator %s on a complex number", errType, op)
}

func complexProduct(a, b complex128) complex128 {
	return complex(float64(real(a)*real(b))-float64(imag(a)*imag(b)), float64(real(a)*imag(b))+float64(imag(a)*real(b)))
}

// complexQuotient is Smith's method, as in _Py_c_quot. b is not 0.
func complexQuotient(a, b complex128) complex128 {
	switch {
	case math.Abs(real(b)) >= math.Abs(imag(b)):
		ratio := imag(b) / real(b)
		denom := real(b) + float64(imag(b)*ratio)
		return complex((real(a)+float64(imag(a)*ratio))/denom, (imag(a)-float64(real(a)*ratio))/denom)
	case math.Abs(imag(b)) >= math.Abs(real(b)):
		ratio := real(b) / imag(b)
		denom := float64(real(b)*ratio) + imag(b)
		return complex((float64(real(a)*ratio)+imag(a))/denom, (float64(imag(a)*ratio)-real(a))/denom)
	}
	return complex(math.NaN(), math.NaN())
}

// tzComplexPower is complex_pow: small whole exponents by products, others in polar form.
func tzComplexPower(a, b complex128) (tzValue, error) {
	var z complex128
	switch n := real(b); {
	case imag(b) == 0 && n == math.Floor(n) && math.Abs(n) <= 100:
		z = complexWhole(a, int(math.Abs(n)))
		if n <= 0 {
			if z == 0 {
				return nil, errDivision
			}
			z = complexQuotient(1, z)
		}
	case a == 0:
		if imag(b) != 0 || n < 0 {
			return nil, fmt.Errorf("%w: zero to a negative or complex power", errDivision)
		}
	default:
		z = complexPolar(a, b)
	}
	if math.IsInf(real(z), 0) || math.IsInf(imag(z), 0) {
		return nil, fmt.Errorf("%w: complex power", errOverflow)
	}
	return tzComplex(z), nil
}

// complexWhole is c_powu: a to the power n.
func complexWhole(a complex128, n int) complex128 {
	r, p := complex128(1), a
	for mask := 1; n >= mask; mask <<= 1 {
		if n&mask != 0 {
			r = complexProduct(r, p)
		}
		p = complexProduct(p, p)
	}
	return r
}

// complexPolar is _Py_c_pow for a that is not 0.
func complexPolar(a, b complex128) complex128 {
	size := math.Hypot(real(a), imag(a))
	angle := math.Atan2(imag(a), real(a))
	length, phase := power(size, real(b)), angle*real(b)
	if imag(b) != 0 {
		length /= math.Exp(angle * imag(b))
		phase += float64(imag(b) * math.Log(size))
	}
	sin, cos := math.Sincos(phase)
	return complex(length*cos, length*sin)
}
