package main

import (
	"context"
	"fmt"
	"iter"

	"mulligan/data"
	"mulligan/data/disk"
	"mulligan/export/audit"
	"mulligan/pipeline"
	"mulligan/reward"
	"mulligan/stages/llm"
)

// openAuditedRun opens a run directory, finished or not.
func openAuditedRun(dir string) (*audited, error) {
	r, err := pipeline.Read(disk.OS{}, dir)
	if err != nil {
		return nil, err
	}
	p := r.Head.Plan
	subject := audit.Subject{Kind: "run", Path: dir, Run: p.DrawDigest().Short(), Dataset: unquote(p.Rest["source.name"]), Strategy: unquote(p.Draws["strategy.name"]),
		Verifier: unquote(p.Labels["verifier.name"]), VerifierVersion: p.Labels["verifier.rules_version"],
		VerifierOptions: []byte(verifierOptions(p)), PromptsAll: &r.Head.Prompts}
	return &audited{
		subject:  subject,
		prompts:  func(ctx context.Context) iter.Seq2[audit.Prompt, error] { return runPrompts(ctx, r) },
		groups:   func(context.Context) iter.Seq2[data.Group, error] { return r.Groups() },
		rules:    rulesOf(p),
		verifier: func() (reward.Verifier, error) { return verifierOf(p) },
		finish: func(rep *audit.Report) {
			if n := r.Head.Prompts - rep.Subject.Prompts; n > 0 {
				rep.Notes = append(rep.Notes, fmt.Sprintf("The run is not finished: %d of %d prompts are not in this report.", n, r.Head.Prompts))
			}
		},
		close: r.Close,
	}, nil
}

// rulesOf returns the rules that a run's labels were made by.
func rulesOf(p pipeline.Plan) audit.Rules {
	rules := audit.Rules{Reward: unquote(p.Labels["strategy.reward"]), Leaks: unquote(p.Labels["strategy.leaks"])}
	if s := p.Labels["strategy.train_truncated_reflections"]; s == "true" || s == "false" {
		trains := s == "true"
		rules.TrainTruncated = &trains
	}
	return rules
}

// runPrompts yields the finished prompts of a run, with the draws that were not made from what stands before them.
func runPrompts(ctx context.Context, r *pipeline.Run) iter.Seq2[audit.Prompt, error] {
	return func(yield func(audit.Prompt, error) bool) {
		var seed int64
		fmt.Sscan(r.Head.Plan.Draws["seed"], &seed)
		for play, err := range r.Plays() {
			var groups []data.Group
			if err == nil {
				err = context.Cause(ctx)
			}
			if err == nil {
				groups, err = play.Groups()
			}
			if err != nil {
				yield(audit.Prompt{}, err)
				return
			}
			number := play.Ordinal
			p := audit.Prompt{ID: play.ID.Short(), Number: &number}
			for _, g := range groups {
				p.Groups = append(p.Groups, audit.Group{Group: g})
				for i := range g.Rollouts {
					checkDraws(&p, play.ID, g, i, seed)
				}
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

// checkDraws makes the request of each draw of a rollout again, from the turns before it, and compares keys and seeds.
func checkDraws(p *audit.Prompt, id data.Digest, g data.Group, rollout int, seed int64) {
	var before []data.Message
	r := g.Rollouts[rollout]
	for i, t := range r.Turns {
		if d := t.Draw; d != nil && (i >= g.Context || rollout == 0) {
			req := llm.Request{Prompt: id, Step: t.Step, Model: r.Policy.Model, Messages: before, Tools: g.Prompt.Tools, Sampling: d.Sampling, Draw: d.Path, Seed: seed}
			index := g.Index
			place := audit.Place{Prompt: p.ID, Number: p.Number, Arm: g.Arm, Group: &index, Rollout: &rollout, Step: t.Step}
			find := func(column, is, want string) {
				p.Found = append(p.Found, audit.Finding{Kind: audit.FindingDraw, Place: place, Column: column, Is: is, Want: want, Why: "the conversation before it"})
			}
			if i >= g.Context {
				p.Draws++ // where it was drawn, not where it is context
			}
			if key := req.Key(); key != d.Key {
				find("key", d.Key.Short(), key.Short())
			}
			if want := llm.DrawSeed(d.Key); d.Seed != want {
				find("seed", fmt.Sprint(d.Seed), fmt.Sprint(want))
			}
		}
		before = append(before[:len(before):len(before)], t.Message)
	}
}
