package export

import (
	"fmt"
	"math"

	"mulligan/data"
)

// check returns the first promise of a row that e breaks.
func (e *Episode) check() error {
	if e.SchemaVersion != SchemaVersion {
		return columnErrorf("schema_version", "is %d, want %d", e.SchemaVersion, SchemaVersion)
	}
	if len(e.TaskPrompt) == 0 {
		return columnErrorf("task_prompt", "no messages")
	}
	if err := e.checkOutcome(); err != nil {
		return err
	}
	if err := e.checkReward(); err != nil {
		return err
	}
	if e.Advantage != nil {
		if err := finite("advantage", ptr(float64(*e.Advantage))); err != nil {
			return err
		}
		if e.Reward == nil {
			return columnErrorf("advantage", "is set, but reward is null")
		}
		if e.NoSignal && *e.Advantage != 0 {
			return columnErrorf("advantage", "is %g in a group without signal", *e.Advantage)
		}
	}
	for i := range e.Calls {
		c := &e.Calls[i]
		if int(c.Index) != i {
			return columnErrorf(fmt.Sprintf("calls[%d].index", i), "is %d", c.Index)
		}
		if err := c.check(); err != nil {
			return inColumn(fmt.Sprintf("calls[%d]", i), err)
		}
	}
	return nil
}

func (e *Episode) checkOutcome() error {
	var want *string
	switch e.Arm {
	case data.ArmAttempts:
		want = either(e.FirstPassed, FirstPass, FirstFail)
		if want == nil {
			return columnErrorf("first_passed", "is null in the arm %s", e.Arm)
		}
	case data.ArmReflection:
		want = either(e.RetryPassed, Fixed, StillFailed)
	case data.ArmControl:
		want = either(e.RetryPassed, ControlFixed, ControlFailed)
	}
	if show(e.Outcome) != show(want) {
		return columnErrorf("outcome", "is %s, want %s", show(e.Outcome), show(want))
	}
	return nil
}

// checkReward: only reflections earn, and what trains has earned and is not excluded.
func (e *Episode) checkReward() error {
	var reflected, trained bool
	for i := range e.Calls {
		c := &e.Calls[i]
		reflected = reflected || c.Kind == data.StepReflection && c.Sampled
		trained = trained || c.Trained
		if c.Trained && e.Arm == data.ArmReflection && c.Kind != data.StepReflection {
			return columnErrorf(fmt.Sprintf("calls[%d].trained", i), "is true of a call of kind %s", c.Kind)
		}
	}
	switch {
	case e.Reward != nil && (e.Arm == data.ArmAttempts || e.Arm == data.ArmControl):
		return columnErrorf("reward", "is set in the arm %s", e.Arm)
	case e.Reward != nil && e.Arm == data.ArmReflection && !reflected:
		return columnErrorf("reward", "is set, but no call is a reflection")
	case trained && e.Reward == nil:
		return columnErrorf("reward", "is null, but a call trains")
	case trained && e.Excluded != nil:
		return columnErrorf("excluded", "is %s, but a call trains", *e.Excluded)
	}
	return finite("reward", e.Reward)
}

func finite(column string, f *float64) error {
	if f != nil && (math.IsNaN(*f) || math.IsInf(*f, 0)) {
		return columnErrorf(column, "is %g", *f)
	}
	return nil
}

func show[T any](v *T) string {
	if v == nil {
		return "null"
	}
	return fmt.Sprint(*v)
}

// episodeChecker checks the rows of the format episodes, in order: each by itself, and against the
// others of its group, which follow one another.
type episodeChecker struct {
	last   *Episode // the row before
	first  *Episode // of the group
	sum    float64  // of the group's advantages
	n      int      // of these
	counts Counts
}

func (c *episodeChecker) row(e *Episode) error {
	if err := e.check(); err != nil {
		return err
	}
	hash, err := e.Hash()
	if err != nil {
		return err
	}
	if show(e.ContentHash) != hash {
		return columnErrorf("content_hash", "is %s, but the row has %s", show(e.ContentHash), hash)
	}
	if c.last == nil || e.GroupID != c.first.GroupID {
		if err := c.endGroup(); err != nil {
			return err
		}
		if e.SampleIndex != 0 {
			return columnErrorf("sample_index", "is %d in the first row of a group", e.SampleIndex)
		}
		c.first = e
	} else if err := c.sibling(e); err != nil {
		return err
	}
	if e.Advantage != nil {
		c.sum += float64(*e.Advantage)
		c.n++
	}
	if c.last == nil || e.PromptID != c.last.PromptID {
		c.counts.Prompts++
	}
	c.counts.add(e)
	c.last = e
	return nil
}

// sibling checks a row against the group that it continues.
func (c *episodeChecker) sibling(e *Episode) error {
	for _, f := range []struct{ column, got, want string }{
		{"prompt_id", e.PromptID, c.first.PromptID},
		{"arm", e.Arm, c.first.Arm},
		{"group_index", fmt.Sprint(e.GroupIndex), fmt.Sprint(c.first.GroupIndex)},
		{"failure_id", show(e.FailureID), show(c.first.FailureID)},
		{"no_signal", fmt.Sprint(e.NoSignal), fmt.Sprint(c.first.NoSignal)},
		{"sample_index", fmt.Sprint(e.SampleIndex), fmt.Sprint(c.last.SampleIndex + 1)},
	} {
		if f.got != f.want {
			return columnErrorf(f.column, "is %s, want %s as the rows of the group before it say", f.got, f.want)
		}
	}
	return nil
}

// endGroup checks that the advantages of the group that ends are centred, as far as float32 goes.
func (c *episodeChecker) endGroup() error {
	if math.Abs(c.sum) > 1e-5*float64(c.n) {
		return columnErrorf("advantage", "sums to %g in the group that ends before this row, want 0", c.sum)
	}
	c.sum, c.n = 0, 0
	return nil
}

func (c *episodeChecker) end(_ ManifestFormat, n Counts) error {
	if err := c.endGroup(); err != nil {
		return err
	}
	if c.counts != n {
		return fmt.Errorf("counts differ from those of the manifest: %+v, want %+v", c.counts, n)
	}
	return nil
}
