package pipeline

import "mulligan/data"

// Tally counts what finished prompts came to. Tallies add up, so that a summary of ten million
// prompts needs none of their texts. All fields count; none is a rate.
type Tally struct {
	Prompts     int // finished
	Filtered    int // of these: left out by their pass rate
	Given       int // of these: came with a failure, so that no attempt was drawn
	FirstPassed int // of these: the first draw passed
	AnyPassed   int // of these: at least one attempt passed
	Attempts    int // first attempts drawn
	Passed      int // of these: passed
	CutAttempts int // of these: cut by length

	Failures     int // failed attempts that were reflected on
	Retries      int // retries after a reflection
	Fixed        int // of these: passed
	CutRetries   int // of these: cut by length
	Controls     int // retries of the control
	ControlFixed int // of these: passed

	Groups         int // groups of reflections
	Signal         int // of these: their rewards differ
	Reflections    int // reflections drawn
	CutReflections int // of these: cut by length
	Leaks          int // of these: contain a right answer
	LeaksChecked   int // of these: the verifier could tell
	Excluded       int // of these: scored, but not trained on
	Trained        int // of these: trained on
	Rewarded       int // of these: earned a reward above 0
	TrainedTokens  int // tokens of the reflections that train, as the engine counted them
	RewardedTokens int // of these: of rewarded reflections
	Tokens         int // tokens sampled in all draws of the prompts

	EngineDraws      int // draws whose ids the engine returned
	AlignedDraws     int // draws whose ids were recovered from the engine's pieces, the only ones that fit
	RetokenizedDraws int // draws whose ids were made from the text
	ExactTrained     int // reflections that train, and whose ids and context are exact
	TrainedIDs       int // ids of the reflections that train
	RewardedIDs      int // of these: of rewarded reflections
}

// fields lists the counters in the order in which they are recorded. New ones go to the end.
func (t *Tally) fields() []*int {
	return []*int{
		&t.Prompts, &t.Filtered, &t.Given, &t.FirstPassed, &t.AnyPassed, &t.Attempts, &t.Passed, &t.CutAttempts,
		&t.Failures, &t.Retries, &t.Fixed, &t.CutRetries, &t.Controls, &t.ControlFixed,
		&t.Groups, &t.Signal, &t.Reflections, &t.CutReflections, &t.Leaks, &t.LeaksChecked, &t.Excluded,
		&t.Trained, &t.Rewarded, &t.TrainedTokens, &t.RewardedTokens, &t.Tokens,
		&t.EngineDraws, &t.AlignedDraws, &t.RetokenizedDraws, &t.ExactTrained, &t.TrainedIDs, &t.RewardedIDs,
	}
}

// Add adds o.
func (t *Tally) Add(o Tally) {
	from := o.fields()
	for i, f := range t.fields() {
		*f += *from[i]
	}
}

func (e *encoder) tally(t Tally) {
	fs := t.fields()
	e.uint(uint64(len(fs)))
	for _, f := range fs {
		e.uint(uint64(*f))
	}
}

func (d *decoder) tally() (t Tally) {
	fs := t.fields()
	for i := range d.count() {
		if n := d.uint(); i < len(fs) {
			*fs[i] = int(n)
		}
	}
	return t
}

// Count tallies the groups of one finished prompt.
func Count(groups []data.Group) Tally {
	t := Tally{Prompts: 1}
	if len(groups) > 0 && groups[0].Prompt.Failure != nil {
		t.Given = 1
	}
	for _, g := range groups {
		if g.Filtered != "" {
			t.Filtered = 1
		}
		switch g.Arm {
		case data.ArmAttempts:
			t.attempts(g)
		case data.ArmReflection:
			t.reflections(g)
		case data.ArmControl:
			for _, r := range g.Rollouts {
				t.retry(r.Last(data.StepRetry), &t.Controls, &t.ControlFixed)
			}
		}
	}
	return t
}

func (t *Tally) attempts(g data.Group) {
	for i, r := range g.Rollouts {
		a := r.Last(data.StepAttempt)
		if a == nil || !a.Sampled {
			continue
		}
		t.Attempts++
		t.Tokens += tokens(a)
		t.source(a)
		if a.Draw.Truncated() {
			t.CutAttempts++
		}
		if a.Verdict != nil && a.Verdict.Pass {
			t.Passed++
			t.AnyPassed = 1
			if i == 0 {
				t.FirstPassed = 1
			}
		}
	}
}

func (t *Tally) reflections(g data.Group) {
	t.Failures++
	t.Groups++
	if !g.NoSignal {
		t.Signal++
	}
	for _, r := range g.Rollouts {
		t.Reflections++
		t.retry(r.Last(data.StepRetry), &t.Retries, &t.Fixed)
		f := r.Last(data.StepReflection)
		if f == nil {
			continue
		}
		n := tokens(f)
		t.Tokens += n
		t.source(f)
		if f.Draw.Truncated() {
			t.CutReflections++
		}
		if f.Leak != nil {
			t.LeaksChecked++
			if *f.Leak {
				t.Leaks++
			}
		}
		if !f.Train {
			t.Excluded++
			continue
		}
		t.Trained++
		t.TrainedTokens += n
		ids := 0
		if f.Draw != nil && f.Draw.Tokens != nil {
			ids = len(f.Draw.Tokens.IDs)
			if f.Draw.Tokens.Exact() {
				t.ExactTrained++
			}
		}
		t.TrainedIDs += ids
		if r.Reward != nil && *r.Reward > 0 {
			t.Rewarded++
			t.RewardedTokens += n
			t.RewardedIDs += ids
		}
	}
}

func (t *Tally) retry(turn *data.Turn, all, passed *int) {
	if turn == nil {
		return
	}
	*all++
	t.Tokens += tokens(turn)
	t.source(turn)
	if turn.Draw.Truncated() && all == &t.Retries {
		t.CutRetries++
	}
	if turn.Verdict != nil && turn.Verdict.Pass {
		*passed++
	}
}

// source counts where the ids of a draw come from.
func (t *Tally) source(turn *data.Turn) {
	if turn.Draw == nil || turn.Draw.Tokens == nil {
		return
	}
	switch turn.Draw.Tokens.Source {
	case data.TokensEngine:
		t.EngineDraws++
	case data.TokensAligned:
		t.AlignedDraws++
	case data.TokensRetokenized:
		t.RetokenizedDraws++
	}
}

func tokens(t *data.Turn) int {
	if t.Draw == nil || t.Draw.CompletionTokens == nil {
		return 0
	}
	return *t.Draw.CompletionTokens
}
