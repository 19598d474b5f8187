package pipeline

import (
	"fmt"
	"iter"
	"math"

	"mulligan/data"
)

// Filled yields the groups as Groups does. Where the engine gave a token of a draw no raw
// log-probability, it has the one that a model gave which scored the draw; each such draw says who
// filled it in. What the engine gave is left as it is.
func (r *Run) Filled(by data.Policy) iter.Seq2[data.Group, error] {
	return func(yield func(data.Group, error) bool) {
		scores, err := r.scores(by)
		if err != nil {
			yield(data.Group{}, err)
			return
		}
		name := by.Model + ", " + by.Server
		if by.Revision != "" {
			name += ", " + by.Revision[:min(12, len(by.Revision))]
		}
		for g, err := range r.Groups() {
			for i := range g.Rollouts {
				for j := range g.Rollouts[i].Turns {
					d := g.Rollouts[i].Turns[j].Draw
					if err != nil || d == nil || !lacking(d) {
						continue
					}
					ref, known := scores[scoreKey(d)]
					if !known {
						continue
					}
					var given []float32
					rec, rerr := r.journal.Read(ref)
					if err = rerr; err == nil {
						_, _, given, err = decodeScore(rec.Body)
					}
					if err == nil && len(given) != len(d.Tokens.IDs) {
						err = fmt.Errorf("score of draw %s: %d log-probabilities for %d ids", d.Key.Short(), len(given), len(d.Tokens.IDs))
					}
					if err == nil {
						fill(d, given, name)
					}
				}
			}
			if !yield(g, err) || err != nil {
				return
			}
		}
	}
}

// lacking reports whether a draw lacks log-probabilities that a score can stand for.
func lacking(d *data.Draw) bool {
	return d.Tokens.Exact() && !d.Tokens.Complete() && (d.LogprobsMode == data.LogprobsRaw || d.Tokens.Logprobs == nil)
}

// fill changes the tokens of a draw wherever it stands: an attempt is in several rollouts.
func fill(d *data.Draw, given []float32, by string) {
	t := d.Tokens
	logprobs := append([]float32(nil), t.Logprobs...)
	for i := range given {
		switch {
		case i >= len(logprobs):
			logprobs = append(logprobs, given[i])
		case math.IsNaN(float64(logprobs[i])):
			logprobs[i] = given[i]
		}
	}
	t.Logprobs, t.FilledBy, d.LogprobsMode = logprobs, by, data.LogprobsRaw
}
