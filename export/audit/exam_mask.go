package audit

import (
	"errors"
	"fmt"
	"strconv"

	"mulligan/data"
)

// reflectRetry is the one strategy whose masks follow from its steps.
const reflectRetry = "reflect_retry"

// masks makes again which turns train, and the sequences that follow.
func (x *exam) masks(g *Group) {
	for i, r := range g.Rollouts {
		x.checked.Masks++
		x.excluded(g, i)
		for j, t := range r.Turns {
			want := g.Arm == data.ArmReflection && r.Excluded == "" && t.Sampled && t.Step == data.StepReflection && j >= g.Context
			if g.Strategy == reflectRetry && t.Train != want {
				x.find(Finding{Kind: FindingMask, Place: x.place(g, i, t.Step), Column: x.callColumn(g, i, j, "trained"),
					Is: strconv.FormatBool(t.Train), Want: strconv.FormatBool(want), Why: "only a reflection that is not excluded trains"})
			}
		}
		sequences, err := r.Sequences()
		if none := new(data.NoTokensError); errors.As(err, &none) {
			continue // said by the export, and counted with the sources of tokens
		}
		for k := 0; k < len(sequences) && err == nil; k++ {
			if err = sequences[k].Check(); err != nil {
				err = fmt.Errorf("sequence %d: %w", k, err)
			}
		}
		if err != nil {
			x.find(Finding{Kind: FindingMask, Place: x.place(g, i, ""), Why: err.Error()})
		}
	}
}

// callColumn names a column of the call that turn j of a rollout is; "" for a run.
func (x *exam) callColumn(g *Group, rollout, turn int, column string) string {
	if g.Rows == nil {
		return ""
	}
	call := 0
	for _, t := range g.Rollouts[rollout].Turns[:turn] {
		if t.Sampled || t.Step == data.StepAttempt {
			call++
		}
	}
	return fmt.Sprintf("calls[%d].%s", call, column)
}

// excluded: a reflection is kept out for what is true of it, and, where the rules are known, for all of it.
func (x *exam) excluded(g *Group, i int) {
	r := g.Rollouts[i]
	f := r.Last(data.StepReflection)
	if g.Arm != data.ArmReflection || g.Strategy != reflectRetry || f == nil {
		return
	}
	var allowed bool
	switch r.Excluded {
	case "":
		allowed = true
	case "truncated":
		allowed = f.Draw.Truncated()
	case "leak":
		allowed = f.Leak != nil && *f.Leak
	case "leak undecided":
		allowed = f.Leak == nil
	}
	want, known := x.a.opts.Rules.excluded(f)
	switch {
	case known && want != r.Excluded:
	case !allowed:
		want = "another reason, or none"
	default:
		return
	}
	x.find(Finding{Kind: FindingMask, Place: x.place(g, i, data.StepReflection), Column: "excluded", Is: text(r.Excluded), Want: text(want),
		Why: fmt.Sprintf("cut by length: %t; leak: %s", f.Draw.Truncated(), flag(f.Leak))})
}

// excluded says why a reflection does not train, as reflect_retry has it; false: the rules are not known.
func (r Rules) excluded(f *data.Turn) (why string, known bool) {
	if r.Leaks == "" || r.TrainTruncated == nil {
		return "", false
	}
	switch {
	case f.Draw.Truncated() && !*r.TrainTruncated:
		return "truncated", true
	case r.Leaks != "exclude":
		return "", true
	case f.Leak == nil:
		return "leak undecided", true
	case *f.Leak:
		return "leak", true
	}
	return "", true
}

// group checks what the rollouts of a group share.
func (x *exam) group(g *Group) {
	x.checked.Groups++
	if err := g.Check(); err != nil {
		x.find(Finding{Kind: FindingGroup, Place: x.place(g, -1, ""), Why: err.Error()})
	}
}

func text(s string) string {
	if s == "" {
		return "null"
	}
	return s
}

func flag(b *bool) string {
	if b == nil {
		return "null"
	}
	return strconv.FormatBool(*b)
}
