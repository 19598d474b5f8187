// Package rate says what proportions are worth: intervals of one, of the difference of two, paired or
// not, clustered or not, and how far two judges agree.
//
// All intervals are of 95%. Nothing here draws random numbers: the same counts give the same interval.
package rate

import "math"

// z95 is the 97.5% point of the standard normal distribution.
const z95 = 1.959963984540054

// Rate is a proportion with its 95% confidence interval. N is 0 where nothing was counted; Value,
// Low and High mean nothing then.
type Rate struct {
	K     int     `json:"k"`
	N     int     `json:"n"`
	Value float64 `json:"rate"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Wilson returns k of n with Wilson's score interval (Wilson 1927), which stays within 0 and 1. It
// takes all n as independent.
func Wilson(k, n int) Rate {
	r := Rate{K: k, N: n}
	if n == 0 {
		return r
	}
	r.Value = float64(k) / float64(n)
	r.Low, r.High = wilson(r.Value, float64(n), z95)
	return r
}

// wilson returns the score interval of a proportion of n, which need not be whole, at z.
func wilson(p, n, z float64) (low, high float64) {
	z2 := z * z
	mid := (p + z2/(2*n)) / (1 + z2/n)
	half := z / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	low, high = max(0, mid-half), min(1, mid+half)
	if p == 0 {
		low = 0
	}
	if p == 1 {
		high = 1
	}
	return low, high
}

// Difference is one rate less another, with its 95% confidence interval.
type Difference struct {
	Value  float64 `json:"difference"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Method string  `json:"method"` // newcombe, paired, clustered
}

// The methods of a Difference.
const (
	MethodNewcombe  = "newcombe"  // all draws are independent
	MethodPaired    = "paired"    // both rates are of the same things, one draw each
	MethodClustered = "clustered" // draws of one prompt are alike
)

// Newcombe returns a - b with Newcombe's hybrid score interval (Newcombe 1998, Statistics in Medicine
// 17:873, method 10). It takes all draws as independent. Nil if either rate counted nothing.
func Newcombe(a, b Rate) *Difference {
	if a.N == 0 || b.N == 0 {
		return nil
	}
	return mover(a.Value, a.Low, a.High, b.Value, b.Low, b.High, 0, MethodNewcombe)
}

// mover returns the difference of two numbers with the interval that follows from theirs and from
// their correlation (MOVER: Zou and Donner 2008; with Wilson's limits, Newcombe 1998).
func mover(a, aLow, aHigh, b, bLow, bHigh, correlation float64, method string) *Difference {
	d := a - b
	below := square(a-aLow) - 2*correlation*(a-aLow)*(bHigh-b) + square(bHigh-b)
	above := square(aHigh-a) - 2*correlation*(aHigh-a)*(b-bLow) + square(b-bLow)
	return &Difference{Value: d, Method: method, Low: d - math.Sqrt(max(0, below)), High: d + math.Sqrt(max(0, above))}
}

func square(x float64) float64 { return x * x }
