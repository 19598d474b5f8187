package rate

import (
	"math/rand/v2"
	"testing"
)

// TestCoverage draws data sets of 30 prompts whose true rates are known: half of the prompts are easy, half hard, six retries and two controls
// each. 95% of the intervals should hold the truth; Wilson's over all draws, which takes them as independent, holds it far less often.
func TestCoverage(t *testing.T) {
	const sets, prompts, mean, control = 2000, 30, 0.5, 0.7
	rng := rand.New(rand.NewPCG(1, 2))
	passes := func(n int, p float64) (c Count) {
		c.N = n
		for range n {
			if rng.Float64() < p {
				c.K++
			}
		}
		return c
	}
	var rate, plain, difference, gain int
	holds := func(low, high, truth float64) int {
		if low <= truth && truth <= high {
			return 1
		}
		return 0
	}
	for range sets {
		c := NewClusters(4)
		for range prompts {
			p := mean * 0.2
			if rng.Float64() < 0.5 {
				p = mean * 1.8
			}
			c.Add(passes(6, p), passes(2, p*control), passes(6, p*0.9), passes(2, p*control))
		}
		r, d, g := c.Rate(0), c.Difference(0, 1), c.Gain(0, 1, 2, 3)
		w := Wilson(r.K, r.N)
		rate += holds(r.Low, r.High, mean)
		plain += holds(w.Low, w.High, mean)
		difference += holds(d.Low, d.High, mean*(1-control))
		gain += holds(g.Low, g.High, mean*0.1)
	}
	t.Logf("of %d: rate %d, difference %d, gain %d; Wilson %d", sets, rate, difference, gain, plain)
	for what, k := range map[string]int{"rate": rate, "difference": difference, "gain": gain} {
		if k < 0.93*sets || k > 0.98*sets {
			t.Errorf("%s: %d of %d intervals hold the truth", what, k, sets)
		}
	}
	if plain > 0.8*sets {
		t.Errorf("draws of one prompt are not alike here: %d of Wilson's hold it, too", plain)
	}
}
