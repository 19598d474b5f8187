package reward_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mulligan/reward"
)

var nan = float32(math.NaN())

// near compares the numbers of two reports.
func near(t *testing.T, got, want reward.DivergenceReport, within float64) {
	t.Helper()
	values := func(r reward.DivergenceReport) map[string]any {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	g, w := values(got), values(want)
	for k := range w {
		gv, gok := g[k].(float64)
		wv, wok := w[k].(float64)
		if gok != wok || math.Abs(gv-wv) > within*math.Abs(wv)+1e-15 {
			t.Errorf("%s: %v, want %v", k, g[k], w[k])
		}
	}
}

func measured(v float64) *float64 { return &v }

func TestDivergence(t *testing.T) {
	var d reward.Divergence
	// Probabilities 1/2 and 1/4 drew; they are 1/4 and 1/2 to the other policy, and 1/2 and 1/2.
	half, quarter := float32(math.Log(0.5)), float32(math.Log(0.25))
	for _, draw := range [][2][]float32{
		{{half, quarter}, {quarter, half}}, // ratios 1/2, 2: product 1
		{{half, quarter}, {half, half}},    // ratios 1, 2: product 2
		{{nan, half}, {half, half}},        // ratio 1: no product
		{nil, {half, half, half}},
		{{}, {}},
	} {
		if err := d.Add(draw[0], draw[1]); err != nil {
			t.Fatal(err)
		}
	}
	ln2 := math.Ln2
	near(t, d.Report(), reward.DivergenceReport{
		Draws: 5, Whole: 2, Tokens: 5, Unknown: 4,
		MeanAbs: measured(3 * ln2 / 5), MaxAbs: measured(ln2),
		LogRatio: measured(ln2 / 5), K1: measured(-ln2 / 5), K2: measured(3 * ln2 * ln2 / 10),
		K3:          measured((-0.5 + 1 + 0 + 1 + 0 - ln2) / 5), // the mean of r-1, less that of l
		TokenESS:    measured(6.5 * 6.5 / 10.25),                // 1/2, 2, 1, 2, 1
		SequenceESS: measured(9.0 / 5),                          // 1, 2
		Outside:     measured(3.0 / 5),
		// q: 1/2 1/4 1/2 1/4 1/2, p: 1/4 1/2 1/2 1/2 1/2
		BehaviourPerplexity: measured(math.Pow(2, 7.0/5)), Perplexity: measured(math.Pow(2, 6.0/5)),
	}, 1e-6) // math.Log(0.5) as a float32 is off by 3e-8
}

func TestDivergenceOfTheSame(t *testing.T) {
	var d reward.Divergence
	if err := d.Add([]float32{-1, -2, -0.5}, []float32{-1, -2, -0.5}); err != nil {
		t.Fatal(err)
	}
	near(t, d.Report(), reward.DivergenceReport{Draws: 1, Whole: 1, Tokens: 3, MeanAbs: measured(0), MaxAbs: measured(0), LogRatio: measured(0),
		K1: measured(0), K2: measured(0), K3: measured(0), TokenESS: measured(3), SequenceESS: measured(1), Outside: measured(0),
		BehaviourPerplexity: measured(math.Exp(3.5 / 3)), Perplexity: measured(math.Exp(3.5 / 3))}, 1e-15)
}

func TestDivergenceWithoutNumbers(t *testing.T) {
	var d reward.Divergence
	b, err := json.Marshal(map[string]*reward.Divergence{"attempt": &d})
	if want := `{"attempt":{"draws":0,"whole":0,"tokens":0,"unknown":0,"impossible":0,"mean_abs":null,"max_abs":null,"log_ratio":null,"k1":null,"k2":null,"k3":null,` +
		`"token_ess":null,"sequence_ess":null,"outside":null,"behaviour_perplexity":null,"perplexity":null}}`; err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
	// A token that cannot be: weight 0, and no finite distance.
	if err := d.Add([]float32{-1, -1}, []float32{float32(math.Inf(-1)), -1}); err != nil {
		t.Fatal(err)
	}
	r := d.Report()
	near(t, r, reward.DivergenceReport{Draws: 1, Whole: 1, Tokens: 2, Impossible: 1, TokenESS: measured(1), Outside: measured(0.5)}, 0)
}

// Long draws have weights far outside of what a float64 holds.
func TestDivergenceIsStable(t *testing.T) {
	var d reward.Divergence
	for _, l := range []float32{-20, 20, 20, 19} {
		q, p := make([]float32, 1000), make([]float32, 1000)
		for i := range q {
			q[i], p[i] = -50, -50+l
		}
		if err := d.Add(q, p); err != nil {
			t.Fatal(err)
		}
	}
	r := d.Report()
	if r.SequenceESS == nil || *r.SequenceESS != 2 { // two of exp(20000), one of exp(19000)
		t.Errorf("sequence ESS %v", r.SequenceESS)
	}
	// Small ratios: k3 is l²/2 to the first order, and must not drown in rounding.
	var s reward.Divergence
	if err := s.Add([]float32{-1}, []float32{-1 + 1.0/(1<<20)}); err != nil {
		t.Fatal(err)
	}
	if want := 0.5 / (1 << 40); math.Abs(*s.Report().K3-want) > 1e-6*want {
		t.Errorf("k3 %g, want %g", *s.Report().K3, want)
	}
	// Many tokens: the sum of n equal numbers.
	var m reward.Divergence
	q, p := make([]float32, 1<<20), make([]float32, 1<<20)
	for i := range q {
		q[i], p[i] = -1, -1.1
	}
	for range 4 {
		if err := m.Add(q, p); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := *m.Report().K1, float64(float32(1.1))-1; math.Abs(got-want) > 1e-15 {
		t.Errorf("k1 of four million equal tokens is off by %g", got-want)
	}
}

func TestDivergenceRefuses(t *testing.T) {
	inf := float32(math.Inf(1))
	for want, draw := range map[string][2][]float32{
		"compare log-probabilities: 2 of the policy that drew, 1 of the one that scores: want one for each token": {{-1, -1}, {-1}},
		"compare log-probabilities: token 1: 0.5 of the policy that drew it: want a finite number, at most 0":     {{-1, 0.5}, {-1, -1}},
		"compare log-probabilities: token 0: -Inf of the policy that drew it: want a finite number, at most 0":    {{-inf}, {-1}},
		"compare log-probabilities: token 0: +Inf of the policy that scores: want at most 0":                      {{-1}, {inf}},
		"compare log-probabilities: 0 of the policy that drew, 1 of the one that scores: want one for each token": {{}, {-1}},
		"compare log-probabilities: token 2: 3 of the policy that scores: want at most 0":                         {nil, {-1, nan, 3}},
		"compare log-probabilities: token 0: +Inf of the policy that drew it: want a finite number, at most 0":    {{inf}, nil},
		"compare log-probabilities: 1 of the policy that drew, 0 of the one that scores: want one for each token": {{-1}, {}},
		"compare log-probabilities: token 3: 7 of the policy that drew it: want a finite number, at most 0":       {{-1, nan, -1, 7}, {-1, -1, -1, -1}},
		"compare log-probabilities: 3 of the policy that drew, 4 of the one that scores: want one for each token": {{-1, nan, 7}, {-1, -1, -1, -1}},
	} {
		var d reward.Divergence
		if err := d.Add(draw[0], draw[1]); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		if d != (reward.Divergence{}) {
			t.Errorf("a draw that is refused is added: %+v", d)
		}
	}
}

// TestDivergenceAgainstNumPy compares random draws with testdata/divergence.py, run by the Python
// of MULLIGAN_PYTHON, which has numpy.
func TestDivergenceAgainstNumPy(t *testing.T) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		if os.Getenv("MULLIGAN_FULL") == "1" {
			t.Fatal("MULLIGAN_PYTHON is not set to a Python with numpy")
		}
		t.Skip("MULLIGAN_PYTHON is not set to a Python with numpy")
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var in bytes.Buffer
	var got []reward.DivergenceReport
	for range 200 {
		var d reward.Divergence
		spread := math.Exp(rnd.Float64()*10 - 8)
		draws := [][][2]*float32{}
		for range 1 + rnd.IntN(20) {
			draw := [][2]*float32{}
			var q, p []float32
			for range 1 + rnd.IntN(50) {
				a := float32(-rnd.ExpFloat64())
				b := min(0, a+float32(rnd.NormFloat64()*spread))
				pair := [2]*float32{&a, &b}
				if rnd.IntN(200) == 0 {
					pair[rnd.IntN(2)] = nil
				}
				for i, to := range []*[]float32{&q, &p} {
					if pair[i] == nil {
						*to = append(*to, nan)
					} else {
						*to = append(*to, *pair[i])
					}
				}
				draw = append(draw, pair)
			}
			if err := d.Add(q, p); err != nil {
				t.Fatal(err)
			}
			draws = append(draws, draw)
		}
		got = append(got, d.Report())
		if err := json.NewEncoder(&in).Encode(draws); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, "testdata/divergence.py")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(got) {
		t.Fatalf("%d answers to %d questions", len(lines), len(got))
	}
	for i, line := range lines {
		var want reward.DivergenceReport
		if err := json.Unmarshal([]byte(line), &want); err != nil {
			t.Fatal(err)
		}
		near(t, got[i], want, 1e-9)
	}
}

func BenchmarkDivergence(b *testing.B) {
	q, p := make([]float32, 1024), make([]float32, 1024)
	for i := range q {
		q[i], p[i] = -float32(i)/1024, -float32(i+1)/1024
	}
	var d reward.Divergence
	b.SetBytes(1024) // MB/s reads as million tokens a second
	for b.Loop() {
		if err := d.Add(q, p); err != nil {
			b.Fatal(err)
		}
	}
}
