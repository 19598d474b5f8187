package pipeline

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

// Wilson returns k of n with Wilson's score interval (Wilson 1927), which stays within 0 and 1.
func Wilson(k, n int) Rate {
	r := Rate{K: k, N: n}
	if n == 0 {
		return r
	}
	p, m, z2 := float64(k)/float64(n), float64(n), z95*z95
	mid := (p + z2/(2*m)) / (1 + z2/m)
	half := z95 / (1 + z2/m) * math.Sqrt(p*(1-p)/m+z2/(4*m*m))
	r.Value, r.Low, r.High = p, max(0, mid-half), min(1, mid+half)
	if k == 0 {
		r.Low = 0
	}
	if k == n {
		r.High = 1
	}
	return r
}

// Difference is one rate less another, with its 95% confidence interval.
type Difference struct {
	Value  float64 `json:"difference"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Method string  `json:"method"`
}

// Newcombe returns a - b with Newcombe's hybrid score interval (Newcombe 1998, method 10). It takes
// all draws as independent; several retries of one failure are not quite, so that the true interval
// is somewhat wider. Nil if either rate counted nothing.
func Newcombe(a, b Rate) *Difference {
	if a.N == 0 || b.N == 0 {
		return nil
	}
	sq := func(x float64) float64 { return x * x }
	d := a.Value - b.Value
	return &Difference{Value: d, Method: "newcombe",
		Low:  d - math.Sqrt(sq(a.Value-a.Low)+sq(b.High-b.Value)),
		High: d + math.Sqrt(sq(a.High-a.Value)+sq(b.Value-b.Low)),
	}
}
