package page

import (
	"mulligan/export/audit"
	"mulligan/reward/rate"
)

// comparison is an audit.Comparison as two plots.
type comparison struct {
	*audit.Comparison
	Rates    forest
	Gains    forest
	Better   forest
	Verdicts []verdict
}

type verdict struct{ Name, Verdict string }

func comparisonOf(c *audit.Comparison) *comparison {
	if c == nil {
		return nil
	}
	out := &comparison{Comparison: c}
	names := []string{"first try (pass@1)", "retry with a reflection", "retry without (control)"}
	var rows [][]series
	var differences []*rate.Difference
	for i, x := range []audit.Compared{c.First, c.Retry, c.Control} {
		var row []series
		for k, r := range []*rate.Rate{x.A, x.B} {
			if r == nil {
				r = &rate.Rate{}
			}
			row = append(row, series{[]string{"side-a", "side-b"}[k], []string{"A", "B"}[k], *r})
		}
		rows = append(rows, row)
		differences = append(differences, x.Difference)
		out.Verdicts = append(out.Verdicts, verdict{names[i], x.Verdict})
	}
	out.Rates = newForest(1, names, rows)
	out.Better = difference(append(names, "gain (what the reflection brings)"), append(differences, c.Gain.Difference))
	out.Gains = difference([]string{"A brings", "B brings"}, []*rate.Difference{c.Gain.GainA, c.Gain.GainB})
	out.Verdicts = append(out.Verdicts, verdict{"gain (what the reflection brings)", c.Gain.Verdict})
	return out
}
