package audit

import (
	"cmp"
	"math"
	"slices"
)

// byPrompt is how interval and p of a Correlation are made: reflections on one prompt are alike, so that the influence of each on the
// coefficient is summed by prompt, and the sums vary by chance (cluster-robust linearization; Student's t with one degree of
// freedom less than there are prompts, on Fisher's scale).
const byPrompt = "clustered by prompt"

// minPrompts is how few prompts say nothing of how they vary.
const minPrompts = 4

// spearman returns the rank correlation of length and reward, ties with the mean of their ranks. Nil for
// fewer than 4 prompts, and where one of the two does not vary.
func (s *sized) spearman() *Correlation {
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
	prompts, variance := s.spread(lengths, rewards, rho)
	if prompts < minPrompts {
		return nil
	}
	out := &Correlation{Rho: rho, Low: rho, High: rho, Method: byPrompt}
	df := float64(prompts - 1)
	floor := math.Pow(2, 1-float64(prompts)) // signs of so many prompts cannot say more
	if variance < 1e-18 || math.Abs(rho) > 1-1e-12 {
		if out.P = floor; math.Abs(rho) < 1e-12 {
			out.P = 1
		}
		return out
	}
	z, se := math.Atanh(rho), math.Sqrt(variance)/(1-rho*rho)
	half := student975(df) * se
	out.Low, out.High = math.Tanh(z-half), math.Tanh(z+half)
	t := z / se
	normal := (8*df + 1) / (8*df + 3) * math.Sqrt(df*math.Log1p(t*t/df)) // Wallace 1959, Ann. Math. Stat. 30:1124
	out.P = min(1, max(floor, math.Erfc(normal/math.Sqrt2)))
	return out
}

// student975 is the quantile of Student's t, after Fisher and Cornish 1960 (Technometrics 2:209).
func student975(df float64) float64 {
	const z = 1.959963984540054
	z3, z5, z7 := z*z*z, z*z*z*z*z, z*z*z*z*z*z*z
	return z + (z3+z)/(4*df) + (5*z5+16*z3+3*z)/(96*df*df) + (3*z7+19*z5+17*z3-15*z)/(384*df*df*df)
}

// spread returns how many prompts there are, and the variance of rho over them.
func (s *sized) spread(lengths, rewards map[int]float64, rho float64) (prompts int, variance float64) {
	n := float64(s.n)
	x := newRanked(lengths, n)
	y := newRanked(rewards, n)
	for _, c := range s.sorted() { // in order, so that the same data give the same bytes
		x.sum(c.length, float64(s.cells[c]), y.rank[int(c.reward)])
		y.sum(int(c.reward), float64(s.cells[c]), x.rank[c.length])
	}
	x.above()
	y.above()
	cov := rho * math.Sqrt(x.variance*y.variance)
	of := func(c cell) float64 { // the influence of one reflection
		l, r := c.length, int(c.reward)
		a, b := x.rank[l], y.rank[r]
		both := a*b + x.other[l] + y.other[r] - 3*cov
		one := a*a + 2*x.own[l] - 3*x.variance
		two := b*b + 2*y.own[r] - 3*y.variance
		return both/math.Sqrt(x.variance*y.variance) - rho/2*(one/x.variance+two/y.variance)
	}
	var squares, sum float64
	for i, d := range s.drawn {
		if d&drawnNext != 0 {
			squares, sum = squares+sum*sum, 0
			prompts++
		}
		sum += of(cell{int(d / drawnLength), s.rewards[i]})
	}
	squares += sum * sum
	m := float64(prompts)
	return prompts, squares / (n * n) * m / max(1, m-1)
}

// ranked is what the values of one side come to: ranks from the middle, as a share of all.
type ranked struct {
	n          float64
	values     []int // in order
	rank       map[int]float64
	weight     map[int]float64 // at a value: how many
	own, other map[int]float64 // at a value: the sum of ranks of this side, and of the other one; after above: the mean over those not below
	variance   float64
}

func newRanked(ranks map[int]float64, n float64) *ranked {
	r := &ranked{n: n, rank: map[int]float64{}, weight: map[int]float64{}, own: map[int]float64{}, other: map[int]float64{}}
	for v, rank := range ranks {
		r.values = append(r.values, v)
		r.rank[v] = (rank - (n+1)/2) / n
	}
	slices.Sort(r.values)
	return r
}

func (r *ranked) sum(value int, count, other float64) {
	r.weight[value] += count
	r.own[value] += count * r.rank[value]
	r.other[value] += count * other
}

// above turns the sums at each value into means over what is higher, and half of what is equal.
func (r *ranked) above() {
	var own, other float64
	for _, v := range slices.Backward(r.values) {
		r.variance += r.weight[v] * r.rank[v] * r.rank[v] / r.n
		atOwn, atOther := r.own[v], r.other[v]
		r.own[v], r.other[v] = (own+atOwn/2)/r.n, (other+atOther/2)/r.n
		own, other = own+atOwn, other+atOther
	}
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
