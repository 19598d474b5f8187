package pipeline

import (
	"fmt"

	"mulligan/data"
	"mulligan/data/disk"
	"mulligan/pipeline/journal"
	"mulligan/stages/llm"
)

// Report is what Check found in a sound run directory.
type Report struct {
	Journal journal.Report
	Kinds   map[string]int64 // records by what they are
	Prompts int              // finished
	Groups  int
	Draws   int // whose key was made again from the conversation before them
}

// Check proves every promise about a run directory: every frame of the journal, every finished
// prompt and its groups, that each turn's draw was made from just the conversation that stands
// before it, and that the tally agrees. Damage is a *journal.CorruptError.
func Check(fsys disk.FS, dir string) (Report, error) {
	r, err := Read(fsys, dir)
	if err != nil {
		return Report{}, err
	}
	defer r.Close()
	rep := Report{Kinds: map[string]int64{}}
	if rep.Journal, err = journal.Verify(fsys, r.journalDir(), nil); err != nil {
		return rep, err
	}
	for k, n := range rep.Journal.Kinds {
		name := kindNames[k]
		if name == "" {
			return rep, fmt.Errorf("journal: %d records of the unknown kind %d: written by a newer version?", n, k)
		}
		rep.Kinds[name] = n
	}
	var seed int64
	fmt.Sscan(r.Head.Plan.Draws["seed"], &seed)
	for p, err := range r.Plays() {
		if err != nil {
			return rep, &journal.CorruptError{File: r.journalDir(), Cause: err}
		}
		groups, err := p.Groups()
		if err != nil {
			return rep, &journal.CorruptError{File: r.journalDir(), Cause: fmt.Errorf("prompt %d: %w", p.Ordinal, err)}
		}
		if err := checkPlay(p, groups, seed, &rep); err != nil {
			return rep, &journal.CorruptError{File: r.journalDir(), Cause: fmt.Errorf("prompt %d (%s): %w", p.Ordinal, p.ID.Short(), err)}
		}
	}
	return rep, nil
}

func checkPlay(p Play, groups []data.Group, seed int64, rep *Report) error {
	rep.Prompts++
	if t := Count(groups); t != p.Tally {
		return fmt.Errorf("its tally is %+v, its groups come to %+v", p.Tally, t)
	}
	for i, g := range groups {
		rep.Groups++
		if err := g.Check(); err != nil {
			return fmt.Errorf("group %d: %w", i, err)
		}
		for j, rollout := range g.Rollouts {
			n, err := checkDraws(p.ID, g, rollout, seed)
			if err != nil {
				return fmt.Errorf("group %d, rollout %d: %w", i, j, err)
			}
			rep.Draws += n
		}
	}
	return nil
}

// checkDraws makes the request of each draw again, from the turns before it, and compares keys.
func checkDraws(id data.Digest, g data.Group, r data.Rollout, seed int64) (n int, err error) {
	var before []data.Message
	for i, t := range r.Turns {
		if d := t.Draw; d != nil {
			req := llm.Request{Prompt: id, Step: t.Step, Model: r.Policy.Model, Messages: before, Tools: g.Prompt.Tools,
				Sampling: d.Sampling, Draw: d.Path, Seed: seed}
			if key := req.Key(); key != d.Key {
				return n, fmt.Errorf("turn %d (%s): draw %s was not made from the conversation before it (%s)", i, t.Step, d.Key.Short(), key.Short())
			}
			if d.Seed != llm.DrawSeed(d.Key) {
				return n, fmt.Errorf("turn %d (%s): seed %d, want %d", i, t.Step, d.Seed, llm.DrawSeed(d.Key))
			}
			if i >= g.Context { // what the group's context holds was drawn in another group
				n++
			}
		}
		before = append(before[:len(before):len(before)], t.Message)
	}
	return n, nil
}
