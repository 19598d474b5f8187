package rate

import "math"

// Count is how many of n draws passed.
type Count struct{ K, N int }

// Clusters holds several rates of things that come in clusters: draws of one prompt are more alike than
// draws of different ones, and the rates of one prompt go together. It keeps sums only, so that ten million
// clusters take no more memory than one.
//
// Rates are ratios of sums, all draws counting the same. Their variances and covariances are those of the linearised ratio
// (Cochran 1977, 6.3; the cluster-robust ones of regression). An interval is Wilson's for as many independent draws as
// these are worth (Kish's design effect, at least 1, with Student's t for few clusters, as Korn and Graubard 1998 have it);
// differences follow from the intervals and the correlation (MOVER). With one draw a cluster that is Newcombe's paired
// interval (1998, Statistics in Medicine 17:2635, method 10).
type Clusters struct {
	series int
	m      []int       // clusters with a draw, by series
	most   []int       // draws in the largest cluster, by series
	sum    []float64   // K and N of each series in turn
	cross  [][]float64 // sums of products of these
}

// NewClusters holds the given number of rates.
func NewClusters(series int) *Clusters {
	c := &Clusters{series: series, m: make([]int, series), most: make([]int, series), sum: make([]float64, 2*series)}
	for range 2 * series {
		c.cross = append(c.cross, make([]float64, 2*series))
	}
	return c
}

// Add counts one cluster: a Count for each series, of which N may be 0. Missing ones count as 0.
func (c *Clusters) Add(counts ...Count) {
	v := make([]float64, 2*c.series)
	for i, n := range counts {
		v[2*i], v[2*i+1] = float64(n.K), float64(n.N)
		if n.N > 0 {
			c.m[i]++
			c.most[i] = max(c.most[i], n.N)
		}
	}
	for a := range v {
		if v[a] == 0 {
			continue
		}
		c.sum[a] += v[a]
		for b := range v {
			c.cross[a][b] += v[a] * v[b]
		}
	}
}

// Rate returns the rate of one series. Where all or none of the draws passed, nothing shows how alike
// those of a cluster are, and they count as independent.
func (c *Clusters) Rate(i int) Rate {
	r := Rate{K: int(c.sum[2*i]), N: int(c.sum[2*i+1])}
	if r.N == 0 {
		return r
	}
	r.Value = c.value(i)
	r.Low, r.High = wilson(r.Value, c.worth(i), z95)
	return r
}

func (c *Clusters) value(i int) float64 { return c.sum[2*i] / c.sum[2*i+1] }

// worth returns how many independent draws those of a series are worth.
func (c *Clusters) worth(i int) float64 {
	n, p := c.sum[2*i+1], c.value(i)
	if c.most[i] <= 1 {
		return n
	}
	if c.m[i] == 1 {
		return 1
	}
	if p == 0 || p == 1 {
		return n
	}
	effect := max(1, c.covariance(i, i)*n/(p*(1-p)))
	t := tQuantile975(float64(c.m[i] - 1))
	return n / effect * square(z95/t)
}

// covariance of the rates of two series.
func (c *Clusters) covariance(i, j int) float64 {
	m := float64(max(c.m[i], c.m[j]))
	if m < 2 || c.sum[2*i+1] == 0 || c.sum[2*j+1] == 0 {
		return 0
	}
	p, q := c.value(i), c.value(j)
	ki, ni, kj, nj := 2*i, 2*i+1, 2*j, 2*j+1
	s := c.cross[ki][kj] - q*c.cross[ki][nj] - p*c.cross[ni][kj] + p*q*c.cross[ni][nj]
	if i != j && c.most[i] <= 1 && c.most[j] <= 1 { // Newcombe's correction for continuity
		switch {
		case s > 0.5:
			s -= 0.5
		case s > 0:
			s = 0
		}
	}
	return m / (m - 1) * s / (c.sum[ni] * c.sum[nj])
}

func (c *Clusters) correlation(i, j int) float64 {
	return correlation(c.covariance(i, j), c.covariance(i, i), c.covariance(j, j))
}

func correlation(covariance, a, b float64) float64 {
	if a <= 0 || b <= 0 {
		return 0
	}
	return max(-1, min(1, covariance/math.Sqrt(a*b)))
}

// Difference returns the rate of series i less that of series j. Nil if either counted nothing.
func (c *Clusters) Difference(i, j int) *Difference {
	a, b := c.Rate(i), c.Rate(j)
	if a.N == 0 || b.N == 0 {
		return nil
	}
	method := MethodClustered
	if c.most[i] <= 1 && c.most[j] <= 1 {
		method = MethodPaired
	}
	return mover(a.Value, a.Low, a.High, b.Value, b.Low, b.High, c.correlation(i, j), method)
}

// Gain returns the difference of two differences: (i less j) less (k less l). Nil if any counted nothing.
func (c *Clusters) Gain(i, j, k, l int) *Difference {
	a, b := c.Difference(i, j), c.Difference(k, l)
	if a == nil || b == nil {
		return nil
	}
	va := c.covariance(i, i) + c.covariance(j, j) - 2*c.covariance(i, j)
	vb := c.covariance(k, k) + c.covariance(l, l) - 2*c.covariance(k, l)
	cov := c.covariance(i, k) - c.covariance(i, l) - c.covariance(j, k) + c.covariance(j, l)
	return mover(a.Value, a.Low, a.High, b.Value, b.Low, b.High, correlation(cov, va, vb), MethodClustered)
}

// Unpaired returns a less b where they have nothing in common. Nil if either is nil.
func Unpaired(a, b *Difference) *Difference {
	if a == nil || b == nil {
		return nil
	}
	return mover(a.Value, a.Low, a.High, b.Value, b.Low, b.High, 0, MethodClustered)
}
