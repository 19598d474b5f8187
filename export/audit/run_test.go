package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/data/disk"
	"mulligan/export"
	"mulligan/export/audit"
	"mulligan/export/audit/audittest"
	"mulligan/export/exporttest"
	"mulligan/reward"
)

func keep() audit.Rules {
	return audit.Rules{Reward: "binary", Leaks: "keep", TrainTruncated: new(bool)}
}

// reflectionGroup returns the first group of reflections with signal, to be changed.
func reflectionGroup(groups []data.Group) *data.Group {
	i := slices.IndexFunc(groups, func(g data.Group) bool {
		return g.Arm == data.ArmReflection && !g.NoSignal && *g.Rollouts[0].Reward == 0
	})
	return &groups[i]
}

// TestTamperedRun changes groups as a journal would hold them.
func TestTamperedRun(t *testing.T) {
	zero, one, half := 0.0, 1.0, 0.5
	for name, c := range map[string]struct {
		edit func(g *data.Group)
		want []string // kind of each finding and the rollout, - where there is none
	}{
		"a reward":     {func(g *data.Group) { g.Rollouts[0].Reward = &one }, []string{"reward 0"}},
		"no reward":    {func(g *data.Group) { g.Rollouts[0].Reward = nil }, []string{"reward 0", "group -"}},
		"an advantage": {func(g *data.Group) { g.Rollouts[0].Advantage = &half }, []string{"advantage 0", "group -"}},
		"no advantage": {func(g *data.Group) { g.Rollouts[0].Advantage = nil }, []string{"advantage 0", "group -"}},
		"a verdict": {func(g *data.Group) {
			r := &g.Rollouts[0]
			r.Turns[len(r.Turns)-1].Verdict = &data.Verdict{Pass: true, Score: 1}
		}, []string{"verdict 0"}},
		"a mask": {func(g *data.Group) {
			r := &g.Rollouts[0]
			r.Turns[len(r.Turns)-1].Train = true
		}, []string{"mask 0"}},
		"no mask":  {func(g *data.Group) { g.Rollouts[0].Turns[g.Context].Train = false }, []string{"mask 0"}},
		"a signal": {func(g *data.Group) { g.NoSignal = true }, []string{"group -", "group -"}},
		"a method": {func(g *data.Group) { g.Advantage = "guess" }, []string{"advantage -"}},
		"a cut reflection that trains": {func(g *data.Group) {
			d := *g.Rollouts[0].Turns[g.Context].Draw
			d.Stop = data.StopLength
			g.Rollouts[0].Turns[g.Context].Draw = &d
		}, []string{"mask 0"}},
		"a leak":          {func(g *data.Group) { yes := true; g.Rollouts[0].Turns[g.Context].Leak = &yes }, []string{"leak 0"}},
		"another context": {func(g *data.Group) { g.Rollouts[0].Turns[0].Content = "Answer with a word." }, []string{"group -"}},
		"ids that part": {func(g *data.Group) {
			tokens := *g.Rollouts[0].Turns[g.Context].Draw.Tokens
			tokens.Logprobs = tokens.Logprobs[:1]
			g.Rollouts[0].Turns[g.Context].Draw.Tokens = &tokens
		}, []string{"mask 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			groups := audittest.Usual().Groups()
			c.edit(reflectionGroup(groups))
			r := ofRun(t, groups, audit.Options{Rules: keep()})
			var got []string
			for _, f := range r.Findings {
				rollout := "-"
				if f.Rollout != nil {
					rollout = fmt.Sprint(*f.Rollout)
				}
				got = append(got, f.Kind+" "+rollout)
				if f.Prompt == "" || f.Number == nil || f.Arm != data.ArmReflection || *f.Group != 0 {
					t.Errorf("no place: %+v", f)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q\n%s", got, c.want, asJSON(t, r.Findings))
			}
		})
	}
	groups := audittest.Usual().Groups()
	groups[0].Rollouts[0].Reward, groups[0].Rollouts[0].Advantage = &one, &zero
	if r := ofRun(t, groups, audit.Options{Rules: keep()}); r.Checked.Wrong < 2 {
		t.Errorf("a reward of an attempt: %+v", r.Findings)
	}
}

// TestRules: with shaped rewards a score is what a reflection earns; where nobody says which, that which agrees with more is taken.
func TestRules(t *testing.T) {
	groups := audittest.Usual().Groups()
	half := halves{audittest.Verifier()}
	for i := range groups {
		g := &groups[i]
		var rewards []float64
		for k := range g.Rollouts {
			for j := range g.Rollouts[k].Turns {
				if v := g.Rollouts[k].Turns[j].Verdict; v != nil {
					g.Rollouts[k].Turns[j].Verdict = half.of(*v)
				}
			}
			if g.Arm == data.ArmReflection {
				score := g.Rollouts[k].Last(data.StepRetry).Verdict.Score
				if g.Rollouts[k].Reward = &score; g.Rollouts[k].Excluded == "" {
					rewards = append(rewards, score)
				}
			}
		}
		adv, _, _ := reward.Advantages(reward.AdvantagePopulation, rewards)
		for k, next := 0, 0; k < len(g.Rollouts) && adv != nil && g.Arm == data.ArmReflection; k++ {
			if g.Rollouts[k].Excluded == "" {
				g.Rollouts[k].Advantage = &adv[next]
				next++
			}
		}
	}
	for rules, sound := range map[string]bool{"shaped": true, "": true, "binary": false} {
		r := ofRun(t, groups, audit.Options{Verifier: half, Rules: audit.Rules{Reward: rules}})
		if (r.Checked.Wrong == 0) != sound {
			t.Errorf("rewards %q: %+v", rules, r.Findings)
		}
		if rules == "" && (len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "taken as shaped")) {
			t.Errorf("notes %q", r.Notes)
		}
	}
}

// halves gives a failed reply a score of a half.
type halves struct{ reward.Verifier }

func (halves) of(v data.Verdict) *data.Verdict {
	if !v.Pass {
		v.Score = 0.5
	}
	return &v
}

func (h halves) Verify(ctx context.Context, p data.Prompt, answer string) (data.Verdict, error) {
	v, err := h.Verifier.Verify(ctx, p, answer)
	return *h.of(v), err
}

// fickle cannot decide about replies with an odd number of letters, and panics at one.
type fickle struct{ reward.Verifier }

func (f fickle) Verify(ctx context.Context, p data.Prompt, answer string) (data.Verdict, error) {
	switch {
	case strings.Contains(answer, "12."):
		panic("twelve")
	case len(answer)%2 == 1:
		return data.Verdict{}, errors.New("odd")
	}
	return f.Verifier.Verify(ctx, p, answer)
}

// TestUndecided: what cannot be decided, a panic included, is counted apart and is nobody's mistake.
func TestUndecided(t *testing.T) {
	r := ofRun(t, audittest.Usual().Groups(), audit.Options{Verifier: fickle{audittest.Verifier()}, Workers: 3})
	n := r.Checked
	if n.Wrong != 0 || n.Undecided == 0 || n.Undecided != len(r.Findings) || n.Same+n.Undecided != n.Verdicts {
		t.Errorf("%+v\n%+v", n, r.Findings)
	}
	if !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return f.Why == "panic: twelve" }) {
		t.Errorf("the panic is not told: %+v", r.Findings)
	}
	none, _, err := audit.Run(context.Background(), audit.Subject{}, prompts(audittest.Usual().Groups()), audit.Options{})
	if err != nil || none.Checked.Verdicts != 0 || none.Checked.Unjudged != n.Verdicts || none.Checked.Wrong != 0 {
		t.Errorf("without a verifier: %+v, %v", none.Checked, err)
	}
}

// TestAgreement counts two verifiers by hand: the second one refuses every reply about task 4, and cannot decide about task 5.
func TestAgreement(t *testing.T) {
	groups := audittest.Usual().Groups()
	second := picky{audittest.Verifier()}
	r := ofRun(t, groups, audit.Options{Second: second, SecondName: "picky"})
	var want audit.Agreement
	for _, g := range groups {
		for _, x := range g.Rollouts {
			for j, turn := range x.Turns {
				if turn.Verdict == nil || j < g.Context {
					continue
				}
				switch text := g.Prompt.Messages[1].Content; {
				case strings.HasPrefix(text, "Task 5:"):
					want.Undecided++
				case turn.Verdict.Pass && strings.HasPrefix(text, "Task 4:"):
					want.OnlyFirst++
					if turn.Step == data.StepRetry && x.Reward != nil {
						want.Flipped++
					}
				case turn.Verdict.Pass:
					want.BothPass++
				default:
					want.BothFail++
				}
			}
		}
	}
	a := r.Agreement
	if a.BothPass != want.BothPass || a.OnlyFirst != want.OnlyFirst || a.OnlySecond != 0 || a.BothFail != want.BothFail || a.Undecided != want.Undecided || a.Flipped != want.Flipped ||
		len(a.Disagreements) != want.OnlyFirst || a.Agree.N != want.BothPass+want.OnlyFirst+want.BothFail || a.UndecidedFor != "five" {
		t.Errorf("%+v, want %+v", a, want)
	}
	if want.OnlyFirst == 0 || want.Undecided == 0 || want.Flipped == 0 {
		t.Errorf("the fixture shows nothing: %+v", want)
	}
	for _, d := range a.Disagreements {
		if !d.First || d.Second || d.Reply == "" || d.Why != "four" {
			t.Errorf("%+v", d)
		}
	}
}

type picky struct{ reward.Verifier }

func (p picky) Verify(ctx context.Context, prompt data.Prompt, answer string) (data.Verdict, error) {
	switch text := prompt.Messages[1].Content; {
	case strings.HasPrefix(text, "Task 4:"):
		return data.Verdict{Reason: "four"}, nil
	case strings.HasPrefix(text, "Task 5:"):
		return data.Verdict{}, errors.New("five")
	}
	return p.Verifier.Verify(ctx, prompt, answer)
}

// TestHardFixture: groups with all that is hard to keep apart in a file come back from an export as they were: no id, column or sequence is
// called wrong. Their verdicts are made up, and no verifier is asked.
func TestHardFixture(t *testing.T) {
	dir := t.TempDir()
	if _, err := export.Write(context.Background(), disk.OS{}, dir, audittest.Info, export.Options{Times: true, TokenSources: []string{"engine", "rendered", "aligned", "retokenized"},
		Logprobs: export.LogprobsAny, Skip: []string{export.SkipNoTokens}}, []export.Format{export.EpisodesArrow, export.SequencesJSONL}, exporttest.All(exporttest.Groups())); err != nil {
		t.Fatal(err)
	}
	f, err := audit.OpenFolder(disk.OS{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := audit.Run(context.Background(), audit.Subject{}, f.Prompts(context.Background()), audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Two advantages of the fixture are round numbers; why a failure of an earlier run was refused is in no column.
	if len(told(r, "arrow/train-00000-of-00001.arrow")) != 2 || r.Findings[0].Kind != audit.FindingAdvantage || r.Checked.Wrong != 2 ||
		r.Checked.Hashes != r.Subject.Rollouts || r.Checked.IDsUnknown != 2 {
		t.Errorf("%+v\n%s", r.Checked, asJSON(t, r.Findings))
	}
}
