package reward

import (
	"math"
	"math/big"
	"sync"
)

// powerBits is the working precision of power. Results are cut to powerBits/2 before they are
// rounded to a float, so that a result that lies half way between two floats is seen as such.
const powerBits = 320

// power returns the float that is nearest to x to the power y, ties to even; infinite if it is too
// large. x is positive and finite, y finite. (math.Pow can be some units of the last place off,
// which floor division shows.)
func power(x, y float64) float64 {
	if x == 1 || y == 0 {
		return 1
	}
	t := logarithm(x)
	t.Mul(t, newPrecise(y))
	n := newPrecise(0).Quo(t, ln2())
	if e, _ := n.Float64(); e > 1030 {
		return math.Inf(1)
	} else if e < -1100 {
		return 0
	}
	whole, _ := n.Add(n, newPrecise(math.Copysign(0.5, float64(n.Sign())))).Int64()
	t.Sub(t, newPrecise(0).Mul(ln2(), newPrecise(float64(whole))))
	z := exponential(t)
	z.SetMantExp(z, int(whole))
	f, _ := z.SetPrec(powerBits / 2).Float64()
	return f
}

func newPrecise(f float64) *big.Float { return new(big.Float).SetPrec(powerBits).SetFloat64(f) }

var ln2 = sync.OnceValue(func() *big.Float { // ln 2 = 2 artanh(1/3)
	z := artanh(newPrecise(0).Quo(newPrecise(1), newPrecise(3)))
	return z.Add(z, z)
})

// logarithm returns ln x: with x = m 2^e, ln m + e ln 2, and ln m = 2 artanh((m-1)/(m+1)).
func logarithm(x float64) *big.Float {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	z := newPrecise(m)
	z = artanh(z.Quo(newPrecise(m).Sub(z, newPrecise(1)), newPrecise(0).Add(newPrecise(m), newPrecise(1))))
	z.Add(z, z)
	return z.Add(z, newPrecise(0).Mul(ln2(), newPrecise(float64(e))))
}

// artanh returns z + z^3/3 + z^5/5 + ... for |z| up to 1/3.
func artanh(z *big.Float) *big.Float {
	sum, term, square := newPrecise(0), newPrecise(0).Set(z), newPrecise(0).Mul(z, z)
	for k := 1; k < powerBits && term.Sign() != 0; k += 2 {
		sum.Add(sum, newPrecise(0).Quo(term, newPrecise(float64(k))))
		term.Mul(term, square)
	}
	return sum
}

// exponential returns e^t for |t| up to 1, as the 256th power of e^(t/256).
func exponential(t *big.Float) *big.Float {
	const halvings = 8
	t = newPrecise(0).SetMantExp(t, -halvings)
	sum, term := newPrecise(1), newPrecise(1)
	for k := 1; k < 60 && term.Sign() != 0; k++ {
		term.Quo(term.Mul(term, t), newPrecise(float64(k)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}
