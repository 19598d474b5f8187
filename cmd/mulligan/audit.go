package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"mulligan/data"
	"mulligan/pipeline"
	"mulligan/reward"
)

func auditCommand() *cli.Command {
	return &cli.Command{
		Name:        "audit",
		Usage:       "judge every recorded reply again, and compare",
		ArgsUsage:   "RUN",
		Description: "Uses the run's own verifier and options. Exit code 1 if any verdict or reward differs, 3 if some replies could not be decided.",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print as JSON"}},
		Action: func(c *cli.Context) error {
			r, err := openRun(c)
			if err != nil {
				return err
			}
			defer r.Close()
			v, err := verifierOf(r.Head.Plan)
			if err != nil {
				return err
			}
			if cl, ok := v.(io.Closer); ok {
				defer cl.Close()
			}
			ctx, _, _, stop := interruptible(c.App.ErrWriter, 0)
			defer stop()
			a := &audit{Verifier: unquote(r.Head.Plan.Labels["verifier.name"]), shaped: unquote(r.Head.Plan.Labels["strategy.reward"]) == "shaped"}
			for g, err := range r.Groups() {
				if err != nil {
					return err
				}
				if err := a.group(ctx, v, g); err != nil {
					return err
				}
			}
			return a.print(c)
		},
	}
}

// verifierOf makes a run's verifier from its resolved plan.
func verifierOf(p pipeline.Plan) (reward.Verifier, error) {
	var pairs []string
	for k, v := range p.Labels {
		if name, ok := strings.CutPrefix(k, "verifier."); ok && name != "name" && name != "rules_version" {
			pairs = append(pairs, name+"="+v)
		}
	}
	return byOptions("verifier", verifiers, unquote(p.Labels["verifier.name"]), p.Rest["plan.dir"], pairs)
}

// audit counts what judging again came to.
type audit struct {
	Verifier   string   `json:"verifier"`
	Judged     int      `json:"judged"`
	Same       int      `json:"same"`
	Differ     int      `json:"differ"`
	Undecided  int      `json:"undecided"`
	Advantages int      `json:"advantages"`    // computed again from the rewards
	Rewards    int      `json:"rewards"`       // checked against the verdict on the retry
	Wrong      int      `json:"rewards_wrong"` // of these
	Examples   []string `json:"examples,omitempty"`

	shaped bool // rewards are scores
}

func (a *audit) group(ctx context.Context, v reward.Verifier, g data.Group) error {
	for i, r := range g.Rollouts {
		for j, t := range r.Turns {
			if t.Verdict == nil || (j < g.Context && i > 0) { // the shared context is judged once
				continue
			}
			again, err := v.Verify(ctx, g.Prompt, t.Message.Answer())
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			a.Judged++
			switch {
			case err != nil:
				a.Undecided++
				a.example("prompt %s %s %d: %v", g.Prompt.ID().Short(), t.Step, i, err)
			case again.Pass != t.Verdict.Pass || again.Score != t.Verdict.Score:
				a.Differ++
				a.example("prompt %s %s %d: was pass=%t score=%g, is pass=%t score=%g (%s)", g.Prompt.ID().Short(), t.Step, i,
					t.Verdict.Pass, t.Verdict.Score, again.Pass, again.Score, again.Reason)
			default:
				a.Same++
			}
		}
		a.reward(g, i, r)
	}
	if err := g.Check(); err != nil {
		a.Wrong++
		a.example("prompt %s: %v", g.Prompt.ID().Short(), err)
	}
	a.advantages(g)
	return nil
}

// reward checks that a reflection earned what its retry's verdict says, binary or shaped.
func (a *audit) reward(g data.Group, i int, r data.Rollout) {
	retry := r.Last(data.StepRetry)
	if r.Reward == nil || retry == nil || retry.Verdict == nil {
		return
	}
	a.Rewards++
	want := 0.0
	switch {
	case a.shaped:
		want = retry.Verdict.Score
	case retry.Verdict.Pass:
		want = 1
	}
	if *r.Reward != want {
		a.Wrong++
		a.example("prompt %s rollout %d: reward %g, but its retry earns %g", g.Prompt.ID().Short(), i, *r.Reward, want)
	}
	if attempt := r.Last(data.StepAttempt); attempt == nil || attempt.Verdict == nil || attempt.Verdict.Pass {
		a.Wrong++
		a.example("prompt %s rollout %d: reflects on an attempt that did not fail", g.Prompt.ID().Short(), i)
	}
}

// advantages computes the group's again, from the rewards of the rollouts that train.
func (a *audit) advantages(g data.Group) {
	var rewards, had []float64
	for _, r := range g.Rollouts {
		if r.Advantage != nil && r.Reward != nil {
			rewards, had = append(rewards, *r.Reward), append(had, *r.Advantage)
		}
	}
	if len(rewards) == 0 {
		return
	}
	want, _, err := reward.Advantages(g.Advantage, rewards)
	for i := range had {
		a.Advantages++
		if err != nil || want[i] != had[i] {
			a.Wrong++
			a.example("prompt %s group %d: advantage %g, computed again %v (%v)", g.Prompt.ID().Short(), g.Index, had[i], want, err)
			return
		}
	}
}

func (a *audit) example(format string, args ...any) {
	if len(a.Examples) < 10 {
		a.Examples = append(a.Examples, fmt.Sprintf(format, args...))
	}
}

func (a *audit) print(c *cli.Context) error {
	if c.Bool("json") {
		enc := json.NewEncoder(c.App.Writer)
		enc.SetIndent("", "  ")
		if err := enc.Encode(a); err != nil {
			return err
		}
	} else {
		printf(c, "judged again by %s: %s verdicts, %s the same, %s differ, %s undecided\n", a.Verifier,
			count(a.Judged), count(a.Same), count(a.Differ), count(a.Undecided))
		printf(c, "rewards, advantages and masks made again: %s rewards, %s advantages, %s wrong\n", count(a.Rewards), count(a.Advantages), count(a.Wrong))
		for _, e := range a.Examples {
			printf(c, "  %s\n", e)
		}
	}
	switch {
	case a.Differ+a.Wrong > 0:
		return &codeError{exitError}
	case a.Undecided > 0:
		return &codeError{exitFailed}
	}
	return nil
}
