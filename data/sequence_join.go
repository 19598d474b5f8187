package data

import (
	"fmt"
	"math"
	"slices"
)

// Sequences returns the rollout's sampled turns as training samples.
//
// A turn whose context (Tokens.Prompt) begins with the sequence so far, to the id, continues it: the rest
// of the context is context, then comes what was sampled. Any other turn starts a new sequence with
// its whole context, and Break says why. So a sequence never holds an id that its last turn did
// not read or write.
//
// The end token belongs to the turn that sampled it, if it is one of its ids. Where it is not
// (EndMissing) the template's own stands in the next context, and does not train. A template that
// writes the stop as the first token of the next message continues a turn that sampled it.
//
// A sampled turn that does not train and whose ids, or whose context's, are not known is passed over, and the
// next one starts a new sequence: joined, its tokens would pass for the context's. If it trains, the error is a
// *NoTokensError. The result is nil where no turn has ids.
func (r Rollout) Sequences() ([]Sequence, error) {
	var all []Sequence
	unknown := -1 // the last sampled turn without ids after the last one with
	for i := range r.Turns {
		t := &r.Turns[i]
		if !t.Sampled {
			continue
		}
		tokens, err := t.ids(i)
		if err != nil {
			return nil, err
		}
		if tokens == nil {
			unknown = i
			continue
		}
		var broken *Break
		if len(all) > 0 {
			broken = r.breaks(&all[len(all)-1], tokens.Prompt, unknown)
		}
		if len(all) == 0 || broken != nil {
			all = append(all, Sequence{Break: broken, Source: TokensEngine, Exact: true})
			if n := len(all) - 1; n > 0 {
				all[n].Turns[0] = all[n-1].Turns[1]
			}
		}
		all[len(all)-1].join(i, t, tokens)
		unknown = -1
	}
	for i := range all {
		all[i].finish(r.Advantage)
	}
	return all, nil
}

// NoTokensError says that a turn trains, and that its ids or those of its context are not known.
type NoTokensError struct {
	Turn int // index in the rollout
	Step string
	Draw string // the draw's key, short; "" where the turn has no draw
	Why  string // as the draw says; "" where it does not
}

func (e *NoTokensError) Error() string {
	s := fmt.Sprintf("turn %d (%s) trains, but its token ids are not known", e.Turn, e.Step)
	if e.Draw != "" {
		s += " (draw " + e.Draw + ")"
	}
	if e.Why != "" {
		s += ": " + e.Why
	}
	return s
}

// ids returns the tokens of turn i, or nil where they, or those of its context, are not known.
func (t *Turn) ids(i int) (*Tokens, error) {
	why, draw := "", ""
	if t.Draw != nil {
		draw = t.Draw.Key.Short()
		switch tokens := t.Draw.Tokens; {
		case tokens == nil:
			why = t.Draw.NoTokens
		case tokens.Prompt == nil:
			why = "the ids of its context are missing"
		default:
			if n := len(tokens.Logprobs); tokens.Logprobs != nil && n != len(tokens.IDs) {
				return nil, fmt.Errorf("turn %d (%s): draw %s: %d log-probabilities for %d ids", i, t.Step, draw, n, len(tokens.IDs))
			}
			for _, ids := range [][]int32{tokens.Prompt, tokens.IDs} {
				if k := slices.IndexFunc(ids, func(id int32) bool { return id < 0 }); k >= 0 {
					return nil, fmt.Errorf("turn %d (%s): draw %s: id %d: want 0 or more", i, t.Step, draw, ids[k])
				}
			}
			for _, l := range t.Draw.TokenLogprobs() {
				if l > 0 || math.IsInf(float64(l), 0) {
					return nil, fmt.Errorf("turn %d (%s): draw %s: log-probability %g: want a finite number of at most 0", i, t.Step, draw, l)
				}
			}
			return tokens, nil
		}
	}
	if t.Train {
		return nil, &NoTokensError{i, t.Step, draw, why}
	}
	return nil, nil
}

// TokenLogprobs returns len N log-probabilities of Tokens.IDs, or nil where none is known: those that
// stand there, or else those of the pieces, if there is one for each id.
func (d *Draw) TokenLogprobs() []float32 {
	if d == nil || d.Tokens == nil {
		return nil
	}
	if d.Tokens.Logprobs != nil || d.Pieces == nil || len(d.Pieces) != len(d.Tokens.IDs) {
		return d.Tokens.Logprobs
	}
	logprobs := make([]float32, len(d.Pieces))
	for i, p := range d.Pieces {
		logprobs[i] = p.Logprob
	}
	return logprobs
}

// join adds turn i, whose context begins with the sequence.
func (s *Sequence) join(i int, t *Turn, tokens *Tokens) {
	s.grow(tokens.Prompt[len(s.IDs):], SegmentContext, false, false)
	start := len(s.IDs)
	s.grow(tokens.IDs, Segment(t.Step), true, t.Train)
	s.Logprobs = append(s.Logprobs, make([]float32, start-len(s.Logprobs))...)
	logprobs := t.Draw.TokenLogprobs()
	for k := range tokens.IDs {
		l := Unknown()
		if logprobs != nil {
			l = logprobs[k]
		}
		s.Logprobs = append(s.Logprobs, l)
	}
	source := worst(tokens.PromptSource, tokens.Source)
	s.Spans = append(s.Spans, Span{i, start, len(s.IDs), t.Train, tokens.End, source})
	s.Turns[1] = i + 1
	s.Source, s.Exact = worst(s.Source, source), s.Exact && tokens.Exact()
}

func (s *Sequence) grow(ids []int32, segment int8, sampled, loss bool) {
	s.IDs = append(s.IDs, ids...)
	for range ids {
		s.Segments = append(s.Segments, segment)
		s.Sampled = append(s.Sampled, sampled)
		s.Loss = append(s.Loss, loss)
	}
}

// finish fills what follows from the turns joined.
func (s *Sequence) finish(advantage *float64) {
	if s.PromptLen = slices.Index(s.Sampled, true); s.PromptLen < 0 {
		s.PromptLen = len(s.IDs)
	}
	if !s.anyKnown() {
		s.Logprobs = nil
	}
	if advantage != nil {
		s.Advantages = make([]float32, len(s.IDs))
		for i, l := range s.Loss {
			if l {
				s.Advantages[i] = float32(*advantage)
			}
		}
	}
}

// anyKnown reports whether a sampled token has a log-probability.
func (s *Sequence) anyKnown() bool {
	for i, sampled := range s.Sampled {
		if sampled && s.Logprobs[i] == s.Logprobs[i] {
			return true
		}
	}
	return false
}
