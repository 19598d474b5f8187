package reward_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mulligan/reward"
)

func TestAdvantages(t *testing.T) {
	for _, c := range []struct {
		method  string
		rewards []float64
		want    []float64
		none    bool
	}{
		// mean 1/4, population std sqrt(3)/4, sample std 1/2
		{"population", []float64{0, 0, 0, 1}, []float64{-0.5773489358593717, -0.5773489358593717, -0.5773489358593717, 1.732046807578115}, false},
		{"sample_trl", []float64{0, 0, 0, 1}, []float64{-0.4999000199960008, -0.4999000199960008, -0.4999000199960008, 1.4997000599880024}, false},
		{"sample_verl", []float64{0, 0, 0, 1}, []float64{-0.499999000002, -0.499999000002, -0.499999000002, 1.499997000006}, false},
		{"mean_only", []float64{0, 0, 0, 1}, []float64{-0.25, -0.25, -0.25, 0.75}, false},
		{"none", []float64{0, 0, 0, 1}, nil, false},
		{"population", []float64{1, 1, 1}, []float64{0, 0, 0}, true},
		{"sample_trl", []float64{0.1, 0.1, 0.1}, []float64{0, 0, 0}, true}, // exactly 0, although 0.1*3/3 is not 0.1
		{"sample_verl", []float64{1}, []float64{0}, true},
		{"mean_only", []float64{0.7}, []float64{0}, true},
		{"none", []float64{1, 1}, nil, true},
		{"population", nil, []float64{}, true},
		{"mean_only", []float64{2, -1}, []float64{1.5, -1.5}, false},
	} {
		got, none, err := reward.Advantages(c.method, c.rewards)
		if err != nil || none != c.none || len(got) != len(c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s of %v: %v, no signal %t, error %v; want %v, %t", c.method, c.rewards, got, none, err, c.want, c.none)
			continue
		}
		for i := range got {
			if math.Abs(got[i]-c.want[i]) > 1e-12 || c.none && got[i] != 0 {
				t.Errorf("%s of %v: [%d] is %v, want %v", c.method, c.rewards, i, got[i], c.want[i])
			}
		}
	}
}

func TestAdvantagesErrors(t *testing.T) {
	_, _, err := reward.Advantages("grpo", []float64{1})
	if want := `compute advantages: method "grpo": want one of ["population" "sample_trl" "sample_verl" "mean_only" "none"]`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e200} {
		for _, method := range reward.AdvantageMethods {
			if _, _, err := reward.Advantages(method, []float64{0, bad}); err == nil {
				t.Errorf("%s accepts the reward %g", method, bad)
			}
		}
	}
}

// TestAdvantagesPython compares with Python's statistics module, which computes in fractions.
func TestAdvantagesPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	const program = `
import json, statistics, sys
out = []
for method, r in json.load(sys.stdin):
    m = statistics.fmean(r)
    d = {"population": lambda: statistics.pstdev(r) + 1e-6, "sample_trl": lambda: statistics.stdev(r) + 1e-4,
         "sample_verl": lambda: statistics.stdev(r) + 1e-6, "mean_only": lambda: 1}[method]()
    out.append([(x - m) / d for x in r])
json.dump(out, sys.stdout)`
	rng := rand.New(rand.NewPCG(1, 2))
	var in [][2]any
	for range 500 {
		r := make([]float64, 2+rng.IntN(20))
		for i := range r {
			r[i] = math.Round(rng.NormFloat64()*10) / 10
		}
		r[0] += 0.05 // not all equal
		in = append(in, [2]any{reward.AdvantageMethods[rng.IntN(4)], r})
	}
	raw, _ := json.Marshal(in)
	cmd := exec.Command(python, "-c", program)
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(raw)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want [][]float64
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	for i, c := range in {
		got, _, err := reward.Advantages(c[0].(string), c[1].([]float64))
		if err != nil {
			t.Fatal(err)
		}
		var sum float64
		for j := range got {
			sum += got[j]
			if math.Abs(got[j]-want[i][j]) > 1e-12*(1+math.Abs(want[i][j])) {
				t.Errorf("%v: [%d] is %v, want %v", c, j, got[j], want[i][j])
			}
		}
		if math.Abs(sum) > 1e-9 {
			t.Errorf("%v: advantages sum to %g", c, sum)
		}
	}
}
