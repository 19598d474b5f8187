package rate

import "math"

// tQuantile975 returns the 97.5% point of Student's t with the given degrees of freedom, at least 1.
func tQuantile975(df float64) float64 {
	if df > 1e6 {
		return z95
	}
	low, high := z95, 13.0 // 12.706 with one degree
	for range 60 {
		mid := (low + high) / 2
		if tTail(mid, df) > 0.025 {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// tTail returns P(T > t) for t above 0.
func tTail(t, df float64) float64 { return incompleteBeta(df/(df+t*t), df/2, 0.5) / 2 }

// incompleteBeta is the regularised incomplete beta function, by its continued fraction (DLMF 8.17.22), with
// Lentz's evaluation.
func incompleteBeta(x, a, b float64) float64 {
	if x <= 0 || x >= 1 {
		return max(0, min(1, x))
	}
	if x > (a+1)/(a+b+2) { // the fraction converges fast on the other side
		return 1 - incompleteBeta(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	f, c, d := 1.0, 1.0, 0.0
	for i := range 500 {
		var step float64
		switch m := float64(i / 2); {
		case i == 0:
			step = 1
		case i%2 == 0:
			step = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			step = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		if d = 1 + step*d; math.Abs(d) < tiny {
			d = tiny
		}
		d = 1 / d
		if c = 1 + step/c; math.Abs(c) < tiny {
			c = tiny
		}
		f *= c * d
		if math.Abs(1-c*d) < 1e-14 {
			break
		}
	}
	return front * (f - 1)
}
