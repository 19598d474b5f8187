package rate

import "math"

// SignTest returns the two-sided p of a and b being the sides of fair coins (exact, binomial). 1 where both are 0.
//
// With a and b the numbers of things that only one of two judged passes, it is McNemar's exact test.
func SignTest(a, b int) float64 {
	n, k := a+b, min(a, b)
	p := 0.0
	log2 := float64(n) * math.Ln2
	for i := 0; i <= k; i++ {
		p += math.Exp(logChoose(n, i) - log2)
	}
	return min(1, 2*p)
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
