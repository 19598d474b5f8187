package rate

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.6f, want %.6f", what, got, want)
	}
}

// The intervals that Newcombe 1998 (Statistics in Medicine 17:857, table I) prints for method 3.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		r := Wilson(c.k, c.n)
		near(t, "low", r.Low, c.low, 5e-5)
		near(t, "high", r.High, c.high, 5e-5)
	}
	if r := Wilson(0, 0); r != (Rate{}) {
		t.Errorf("%+v", r)
	}
}

// Newcombe 1998 (Statistics in Medicine 17:873, table II), method 10.
func TestNewcombe(t *testing.T) {
	for _, c := range []struct {
		a, n, b, m int
		low, high  float64
	}{{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {10, 10, 0, 20, 0.6791, 1}, {0, 10, 0, 20, -0.1611, 0.2775}} {
		d := Newcombe(Wilson(c.a, c.n), Wilson(c.b, c.m))
		near(t, "low", d.Low, c.low, 5e-5)
		near(t, "high", d.High, c.high, 5e-5)
	}
	if Newcombe(Wilson(1, 2), Rate{}) != nil {
		t.Error("a difference with nothing")
	}
}

func pairs(both, onlyA, onlyB, neither int) *Clusters {
	c := NewClusters(2)
	for i, n := range []int{both, onlyA, onlyB, neither} {
		for range n {
			c.Add(Count{1 - i/2, 1}, Count{1 - i%2, 1})
		}
	}
	return c
}

// Airway hyper-responsiveness before and after a transplant (Bentur et al. 2009): Newcombe's paired interval as Fagerland, Lydersen and
// Laake print it (BMC Medical Research Methodology 13:91 and Statistics in Medicine 33:2850), and McNemar's exact p.
func TestPaired(t *testing.T) {
	d := pairs(1, 1, 7, 12).Difference(0, 1)
	near(t, "difference", d.Value, -0.285714, 1e-6)
	near(t, "low", d.Low, -0.507, 5e-4)
	near(t, "high", d.High, -0.026, 5e-4)
	if d.Method != MethodPaired {
		t.Errorf("method %s", d.Method)
	}
	near(t, "p", SignTest(1, 7), 0.0703125, 1e-12)
	near(t, "p", SignTest(0, 0), 1, 0)
	near(t, "p", SignTest(5, 5), 1, 1e-12)
	near(t, "p", SignTest(0, 10), 2.0/1024, 1e-12)
	near(t, "p", SignTest(400, 500), 0.00095, 2e-5)
}

// The same draws in clusters of one are independent, in clusters of copies they are worth one each.
func TestClustersWorth(t *testing.T) {
	single, copies := NewClusters(1), NewClusters(1)
	for i := range 100 {
		single.Add(Count{i % 4 / 3, 1})
		copies.Add(Count{i % 4 / 3 * 10, 10})
	}
	w := Wilson(25, 100)
	if r := single.Rate(0); math.Abs(r.Low-w.Low) > 1e-12 || math.Abs(r.High-w.High) > 1e-12 || r.K != 25 || r.N != 100 {
		t.Errorf("%+v, want %+v", r, w)
	}
	r := copies.Rate(0)
	if r.K != 250 || r.N != 1000 {
		t.Errorf("%+v", r)
	}
	near(t, "width", (r.High-r.Low)/(w.High-w.Low), 1.01, 0.01) // Student's t for 100 clusters
	one := NewClusters(1)
	one.Add(Count{3, 6})
	near(t, "low", one.Rate(0).Low, 0.0546, 1e-3) // one cluster is worth one draw
	none := NewClusters(1)
	none.Add(Count{0, 6})
	none.Add(Count{0, 6})
	near(t, "high", none.Rate(0).High, Wilson(0, 12).High, 1e-12)
}

func TestStudent(t *testing.T) {
	for df, want := range map[float64]float64{1: 12.7062, 2: 4.30265, 5: 2.57058, 10: 2.22814, 30: 2.04227, 120: 1.97993, 1e5: 1.95999} {
		near(t, "t", tQuantile975(df), want, 6e-5)
	}
}

// Two readers of 50 grant proposals (the example of Wikipedia's article), and Fleiss, Cohen and Everitt's error for it.
func TestKappa(t *testing.T) {
	k := NewKappa([2][2]int{{20, 5}, {10, 15}})
	near(t, "kappa", k.Value, 0.4, 1e-12)
	near(t, "low", *k.Low, 0.1511, 5e-5)
	near(t, "high", *k.High, 0.6489, 5e-5)
	if k := NewKappa([2][2]int{{7, 0}, {0, 0}}); k.Value != 1 || k.Low != nil {
		t.Errorf("%+v", k)
	}
	near(t, "kappa", NewKappa([2][2]int{{0, 5}, {5, 0}}).Value, -1, 1e-12)
	if NewKappa([2][2]int{}) != nil {
		t.Error("a kappa of nothing")
	}
}

// TestClustersAgainstBootstrap compares intervals with those of a bootstrap over clusters, by numpy.
func TestClustersAgainstBootstrap(t *testing.T) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		if os.Getenv("MULLIGAN_FULL") == "1" {
			t.Fatal("MULLIGAN_PYTHON is not set")
		}
		t.Skip("MULLIGAN_PYTHON is not set")
	}
	c := NewClusters(4)
	var rows [][]int
	state := uint64(1)
	next := func() float64 { // Knuth's MMIX generator
		state = state*6364136223846793005 + 1442695040888963407
		return float64(state>>11) / (1 << 53)
	}
	for range 600 {
		hard := next() // how hard the prompt is, for all
		counts := make([]Count, 4)
		var row []int
		for i := range counts {
			counts[i].N = 1 + int(next()*6)
			for range counts[i].N {
				if next() < hard*(0.9-0.15*float64(i)) {
					counts[i].K++
				}
			}
			row = append(row, counts[i].K, counts[i].N)
		}
		c.Add(counts...)
		rows = append(rows, row)
	}
	in, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/bootstrap.py")
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ Rate, Difference, Gain [2]float64 }
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	r, d, g := c.Rate(0), c.Difference(0, 1), c.Gain(0, 1, 2, 3)
	near(t, "rate low", r.Low, want.Rate[0], 0.002)
	near(t, "rate high", r.High, want.Rate[1], 0.002)
	near(t, "difference low", d.Low, want.Difference[0], 0.003)
	near(t, "difference high", d.High, want.Difference[1], 0.003)
	near(t, "gain low", g.Low, want.Gain[0], 0.004)
	near(t, "gain high", g.High, want.Gain[1], 0.004)
	if w := Wilson(r.K, r.N); w.High-w.Low > 0.8*(r.High-r.Low) {
		t.Errorf("clusters do not count: %+v, %+v", w, r)
	}
}
