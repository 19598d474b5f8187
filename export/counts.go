package export

import "mulligan/data"

// Counts is how much of what an export holds.
type Counts struct {
	Prompts      int64 `json:"prompts"`
	Attempts     int64 `json:"attempts"`      // first attempts that were drawn
	FirstPasses  int64 `json:"first_passes"`  // of these
	Groups       int64 `json:"groups"`        // of reflections: one for each kept failed attempt
	NoSignal     int64 `json:"no_signal"`     // of these: all rewards equal
	Reflections  int64 `json:"reflections"`   // rollouts with a reflection
	Fixed        int64 `json:"fixed"`         // of these: the retry passed
	Excluded     int64 `json:"excluded"`      // of these: scored, but kept out of training
	Leaks        int64 `json:"leaks"`         // of these: the reflection contains a right answer
	Trained      int64 `json:"trained"`       // turns that train
	Controls     int64 `json:"controls"`      // retries without a reflection
	ControlFixed int64 `json:"control_fixed"` // of these: passed
	Other        int64 `json:"other"`         // rollouts of other arms
	Truncated    int64 `json:"truncated"`     // rollouts of any arm with a reply that was cut at its length
}

// add counts a row. The number of prompts is not in the rows: who adds counts it.
func (n *Counts) add(e *Episode) {
	switch e.Arm {
	case data.ArmAttempts:
		drawn := len(e.Calls) > 0 && e.Calls[0].Sampled
		n.Attempts += one(drawn)
		n.FirstPasses += one(drawn && isTrue(e.FirstPassed))
	case data.ArmReflection:
		first := e.SampleIndex == 0
		n.Groups += one(first)
		n.NoSignal += one(first && e.NoSignal)
		n.Reflections++
		n.Fixed += one(isTrue(e.RetryPassed))
		n.Excluded += one(e.Excluded != nil)
		n.Leaks += one(isTrue(e.Leak))
	case data.ArmControl:
		n.Controls++
		n.ControlFixed += one(isTrue(e.RetryPassed))
	default:
		n.Other++
	}
	for _, c := range e.Calls {
		n.Trained += one(c.Trained)
	}
	n.Truncated += one(isTrue(e.Truncated))
}

// group counts the rollouts of a group, as add counts their rows, without making them.
func (n *Counts) group(v *view) {
	for i, r := range v.Rollouts {
		first, retry := r.Last(data.StepAttempt), r.Last(data.StepRetry)
		drawn, cut, known := false, false, false // of its replies: the first is drawn, one is cut, one is seen
		var leak bool
		for _, t := range r.Turns {
			given := t.Step == data.StepAttempt && !t.Sampled
			if !t.Sampled && !given {
				continue
			}
			if !known {
				known, drawn = true, t.Sampled
			}
			cut = cut || t.Draw.Truncated() || v.cutBefore(t)
			leak = leak || t.Step == data.StepReflection && isTrue(t.Leak)
			n.Trained += one(t.Train)
		}
		fixed := retry != nil && isTrue(passed(retry))
		switch v.Arm {
		case data.ArmAttempts:
			n.Attempts += one(drawn)
			n.FirstPasses += one(drawn && first != nil && isTrue(passed(first)))
		case data.ArmReflection:
			n.Groups += one(i == 0)
			n.NoSignal += one(i == 0 && v.NoSignal)
			n.Reflections++
			n.Fixed += one(fixed)
			n.Excluded += one(r.Excluded != "")
			n.Leaks += one(leak)
		case data.ArmControl:
			n.Controls++
			n.ControlFixed += one(fixed)
		default:
			n.Other++
		}
		n.Truncated += one(cut)
	}
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func isTrue(b *bool) bool { return b != nil && *b }
