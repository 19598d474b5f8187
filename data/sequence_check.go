package data

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Check returns the first promise of a Sequence that s breaks: lengths, masks, numbers, spans.
func (s Sequence) Check() error {
	n := len(s.IDs)
	for _, f := range []struct {
		name string
		len  int
	}{{"sampled", len(s.Sampled)}, {"loss", len(s.Loss)}, {"segments", len(s.Segments)}} {
		if f.len != n {
			return fmt.Errorf("%s has %d entries, want one for each of %d ids", f.name, f.len, n)
		}
	}
	if s.Logprobs != nil && len(s.Logprobs) != n {
		return fmt.Errorf("logprobs has %d entries, want one for each of %d ids", len(s.Logprobs), n)
	}
	if s.Advantages != nil && len(s.Advantages) != n {
		return fmt.Errorf("advantages has %d entries, want one for each of %d ids", len(s.Advantages), n)
	}
	for i := range s.IDs {
		if err := s.checkToken(i); err != nil {
			return fmt.Errorf("position %d: %w", i, err)
		}
	}
	want := slices.Index(s.Sampled, true)
	if want < 0 {
		want = n
	}
	if s.PromptLen != want {
		return fmt.Errorf("prompt of %d tokens, want %d: those before the first sampled one", s.PromptLen, want)
	}
	if s.Exact && !s.Source.Exact() {
		return fmt.Errorf("it is exact, but ids are %s", s.Source)
	}
	return s.checkSpans()
}

func (s Sequence) checkToken(i int) error {
	switch {
	case s.IDs[i] < 0:
		return fmt.Errorf("id %d: want 0 or more", s.IDs[i])
	case s.Loss[i] && !s.Sampled[i]:
		return errors.New("it enters the loss, but the policy did not write it")
	case s.Sampled[i] != (s.Segments[i] != SegmentContext):
		return fmt.Errorf("segment %d, but sampled is %t", s.Segments[i], s.Sampled[i])
	}
	if s.Logprobs != nil {
		switch l := float64(s.Logprobs[i]); {
		case !s.Sampled[i] && l != 0:
			return fmt.Errorf("log-probability %g of a token that was not sampled, want 0", l)
		case l > 0 || math.IsInf(l, 0):
			return fmt.Errorf("log-probability %g, want a finite number of at most 0, or NaN where it is not known", l)
		}
	}
	if s.Advantages != nil {
		switch a := float64(s.Advantages[i]); {
		case !s.Loss[i] && a != 0:
			return fmt.Errorf("advantage %g of a token outside the loss, want 0", a)
		case math.IsNaN(a) || math.IsInf(a, 0):
			return fmt.Errorf("advantage %g", a)
		}
	}
	return nil
}

// checkSpans: the spans are the sampled turns, in order, and hold all that was sampled.
func (s Sequence) checkSpans() error {
	if len(s.Spans) == 0 {
		return errors.New("no sampled turn")
	}
	at, turn := 0, s.Turns[0]-1
	for _, span := range s.Spans {
		if span.Start < at || span.Stop < span.Start || span.Stop > len(s.IDs) {
			return fmt.Errorf("turn %d stands at [%d:%d] of %d ids, after one that ends at %d", span.Turn, span.Start, span.Stop, len(s.IDs), at)
		}
		if span.Turn <= turn || span.Turn >= s.Turns[1] {
			return fmt.Errorf("turn %d is not in order, or not one of [%d:%d]", span.Turn, s.Turns[0], s.Turns[1])
		}
		for i := at; i < span.Stop; i++ {
			if inside := i >= span.Start; s.Sampled[i] != inside || s.Loss[i] != (inside && span.Train) {
				return fmt.Errorf("position %d: sampled is %t and loss %t, but turn %d stands at [%d:%d] and its train is %t",
					i, s.Sampled[i], s.Loss[i], span.Turn, span.Start, span.Stop, span.Train)
			}
		}
		at, turn = span.Stop, span.Turn
	}
	if at != len(s.IDs) {
		return fmt.Errorf("%d ids after the last sampled turn", len(s.IDs)-at)
	}
	return nil
}
