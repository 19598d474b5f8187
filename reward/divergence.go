package reward

import (
	"encoding/json"
	"fmt"
	"math"
)

// ClipRange is the ε of Divergence: PPO's own (Schulman et al. 2017, section 6.1), and the default
// of verl and TRL.
const ClipRange = 0.2

var clipBelow, clipAbove = math.Log1p(-ClipRange), math.Log1p(ClipRange)

// Divergence measures how far a policy is from the one that drew, from the log-probabilities that
// both give to the sampled tokens. Draws are added one by one; what it holds does not grow. The
// zero value is ready. It is not safe for concurrent use.
//
// With q the policy that drew (behaviour), p the one that scores, and l = log p(x) - log q(x), a
// token's ratio is r = exp(l): the importance weight of what q drew for p. Both sides must be of one
// log-probability mode; it cannot tell.
type Divergence struct {
	draws, whole, tokens, unknown, impossible, outside int64

	q, p, abs, l, k2, k3 sum // over tokens
	max                  float64
	token, sequence      weights
}

// DivergenceReport is what a Divergence found. Logarithms are natural. A nil number was not measured
// (nothing was compared), or is infinite (Impossible is not 0, or a ratio beyond 1e308).
type DivergenceReport struct {
	Draws      int64 `json:"draws"`      // that were added
	Whole      int64 `json:"whole"`      // of Draws: with at least one token, and all of them known
	Tokens     int64 `json:"tokens"`     // compared
	Unknown    int64 `json:"unknown"`    // not compared: one side has no log-probability
	Impossible int64 `json:"impossible"` // of Tokens: of probability 0 under the policy that scores

	MeanAbs *float64 `json:"mean_abs"` // of |l| over tokens
	MaxAbs  *float64 `json:"max_abs"`

	// Estimates of KL(q||p) over tokens drawn from q (Schulman, http://joschu.net/blog/kl-approx.html).
	LogRatio *float64 `json:"log_ratio"` // mean of l
	K1       *float64 `json:"k1"`        // mean of -l: unbiased, may be below 0
	K2       *float64 `json:"k2"`        // mean of l²/2: biased, of low variance
	K3       *float64 `json:"k3"`        // mean of r-1-l: unbiased, each term at least 0

	// Effective sample size of importance weights, (Σw)²/Σw² (Kish 1965), from 1 to their number.
	TokenESS    *float64 `json:"token_ess"`    // w = r: of Tokens
	SequenceESS *float64 `json:"sequence_ess"` // w = product of a draw's ratios: of Whole

	Outside *float64 `json:"outside"` // share of tokens whose ratio is outside [1-ClipRange, 1+ClipRange]

	BehaviourPerplexity *float64 `json:"behaviour_perplexity"` // exp of the mean of -log q
	Perplexity          *float64 `json:"perplexity"`           // exp of the mean of -log p
}

// rounding is how far above 0 a log-probability may be: what engines that normalise in half
// precision return for a certain token.
const rounding = 1e-2

// Add adds one draw: for each of its tokens what the policy that drew it, and the one that scores,
// give as log-probability. NaN: not known; nil: not known for any. A draw with an unknown token has
// no weight as a sequence. Different lengths, and what no log-probability can be (above 0, a sampled
// token of probability 0), are errors, and the draw is then not added.
func (d *Divergence) Add(behaviour, scores []float32) error {
	if behaviour != nil && scores != nil && len(behaviour) != len(scores) {
		return fmt.Errorf("compare log-probabilities: %d of the policy that drew, %d of the one that scores: want one for each token", len(behaviour), len(scores))
	}
	for i, q := range behaviour {
		if q > rounding || math.IsInf(float64(q), 0) {
			return fmt.Errorf("compare log-probabilities: token %d: %g of the policy that drew it: want a finite number, at most 0", i, q)
		}
	}
	for i, p := range scores {
		if p > rounding {
			return fmt.Errorf("compare log-probabilities: token %d: %g of the policy that scores: want at most 0", i, p)
		}
	}
	d.draws++
	if behaviour == nil || scores == nil {
		d.unknown += int64(max(len(behaviour), len(scores)))
		return nil
	}
	var all sum
	whole := len(scores) > 0
	for i, q := range behaviour {
		q, p := float64(q), float64(scores[i])
		if math.IsNaN(q) || math.IsNaN(p) {
			d.unknown++
			whole = false
			continue
		}
		d.add(q, p)
		all.add(p - q)
	}
	if whole {
		d.whole++
		d.sequence.add(all.value())
	}
	return nil
}

func (d *Divergence) add(q, p float64) {
	l := p - q
	d.tokens++
	d.token.add(l)
	if l < clipBelow || l > clipAbove {
		d.outside++
	}
	if math.IsInf(l, -1) {
		d.impossible++
		return
	}
	d.q.add(q)
	d.p.add(p)
	d.l.add(l)
	d.abs.add(math.Abs(l))
	d.max = max(d.max, math.Abs(l))
	d.k2.add(l * l / 2)
	d.k3.add(max(0, math.Expm1(l)-l))
}

// Report returns what was found so far.
func (d *Divergence) Report() DivergenceReport {
	r := DivergenceReport{Draws: d.draws, Whole: d.whole, Tokens: d.tokens, Unknown: d.unknown, Impossible: d.impossible}
	if d.whole > 0 {
		r.SequenceESS = finite(d.sequence.ess())
	}
	if d.tokens == 0 {
		return r
	}
	n := float64(d.tokens)
	r.TokenESS = finite(d.token.ess())
	r.Outside = finite(float64(d.outside) / n)
	if d.impossible > 0 {
		return r
	}
	mean := d.l.value() / n
	r.MeanAbs, r.MaxAbs = finite(d.abs.value()/n), finite(d.max)
	r.LogRatio, r.K1 = finite(mean), finite(0-mean)
	r.K2, r.K3 = finite(d.k2.value()/n), finite(d.k3.value()/n)
	r.BehaviourPerplexity, r.Perplexity = finite(math.Exp(-d.q.value()/n)), finite(math.Exp(-d.p.value()/n))
	return r
}

// MarshalJSON writes the report.
func (d *Divergence) MarshalJSON() ([]byte, error) { return json.Marshal(d.Report()) }

func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// sum adds many numbers of different size (Neumaier 1974).
type sum struct{ s, lost float64 }

func (s *sum) add(v float64) {
	t := s.s + v
	if math.Abs(s.s) >= math.Abs(v) {
		s.lost += s.s - t + v
	} else {
		s.lost += v - t + s.s
	}
	s.s = t
}

func (s *sum) value() float64 {
	if math.IsInf(s.s, 0) {
		return s.s
	}
	return s.s + s.lost
}

// weights holds Σw and Σw² of weights given as logarithms, relative to the largest so far.
type weights struct {
	some         bool
	top          float64
	sum, squares float64
}

func (w *weights) add(l float64) {
	switch {
	case math.IsInf(l, -1):
		return
	case !w.some:
		w.some, w.top, w.sum, w.squares = true, l, 1, 1
	case l > w.top:
		f := math.Exp(w.top - l)
		w.top, w.sum, w.squares = l, w.sum*f+1, w.squares*f*f+1
	default:
		f := math.Exp(l - w.top)
		w.sum, w.squares = w.sum+f, w.squares+f*f
	}
}

// ess is NaN if every weight is 0.
func (w *weights) ess() float64 {
	if !w.some {
		return math.NaN()
	}
	return w.sum * w.sum / w.squares
}
