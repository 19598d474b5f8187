package audit

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	permutations     = 10_000
	maxPermuted      = 2_000 // reflections, above which the normal distribution is close enough
	permutedByChance = 20241121
)

// spearman returns the rank correlation of length and reward, ties with the mean of their ranks. Nil for
// fewer than 4, and where one of the two does not vary.
func (s *sized) spearman() *Correlation {
	if s.n < 4 {
		return nil
	}
	lengths := s.ranks(func(c cell) int { return c.length })
	rewards := s.ranks(func(c cell) int { return int(c.reward) })
	if len(lengths) < 2 || len(rewards) < 2 {
		return nil
	}
	n := float64(s.n)
	middle := (n + 1) / 2
	var xy, xx, yy float64
	for _, c := range s.sorted() {
		x, y, m := lengths[c.length]-middle, rewards[int(c.reward)]-middle, float64(s.cells[c])
		xy, xx, yy = xy+m*x*y, xx+m*x*x, yy+m*y*y
	}
	rho := max(-1, min(1, xy/math.Sqrt(xx*yy)))
	out := &Correlation{Rho: rho, Low: rho, High: rho, Method: "normal"}
	if math.Abs(rho) < 1 { // Bonett and Wright 2000, Psychometrika 65:23
		z, half := math.Atanh(rho), 1.959963984540054*math.Sqrt((1+rho*rho/2)/(n-3))
		out.Low, out.High = math.Tanh(z-half), math.Tanh(z+half)
	}
	if s.n > maxPermuted {
		out.P = math.Erfc(math.Abs(rho) * math.Sqrt(n-1) / math.Sqrt2)
		return out
	}
	out.Method = "permutation"
	var x, y []float64
	for _, c := range s.sorted() {
		for range s.cells[c] {
			x, y = append(x, lengths[c.length]-middle), append(y, rewards[int(c.reward)]-middle)
		}
	}
	random := rand.New(rand.NewPCG(permutedByChance, 1))
	asFar := 1
	for range permutations {
		random.Shuffle(len(y), func(i, j int) { y[i], y[j] = y[j], y[i] })
		sum := 0.0
		for i := range x {
			sum += x[i] * y[i]
		}
		if math.Abs(sum) >= math.Abs(xy)-1e-6 {
			asFar++
		}
	}
	out.P = float64(asFar) / (permutations + 1)
	return out
}

// ranks returns the mean rank of each value, from 1.
func (s *sized) ranks(of func(cell) int) map[int]float64 {
	counts := map[int]int{}
	for c, n := range s.cells {
		counts[of(c)] += n
	}
	values := make([]int, 0, len(counts))
	for v := range counts {
		values = append(values, v)
	}
	slices.SortFunc(values, cmp.Compare)
	ranks, before := map[int]float64{}, 0
	for _, v := range values {
		ranks[v] = float64(before) + float64(counts[v]+1)/2
		before += counts[v]
	}
	return ranks
}
