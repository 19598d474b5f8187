package audit_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"mulligan/data"
	"mulligan/export/audit"
	"mulligan/export/audit/audittest"
)

// TestOneIntervalEach: what is counted in two places of a report has one interval, that of retries clustered by prompt.
func TestOneIntervalEach(t *testing.T) {
	groups := audittest.Usual().Groups()
	length, no := 9, false
	for i := range groups {
		if groups[i].Arm != data.ArmReflection {
			continue
		}
		for k := range groups[i].Rollouts {
			f := groups[i].Rollouts[k].Last(data.StepReflection)
			d := *f.Draw
			d.CompletionTokens = &length
			f.Draw, f.Leak = &d, &no // no leak, and one bucket of lengths
		}
	}
	r := ofRun(t, groups, audit.Options{})
	retry := r.Rates.Retry
	if retry.K != 20 || retry.N != 36 || math.Abs(retry.Low-0.3535) > 1e-4 || math.Abs(retry.High-0.7408) > 1e-4 {
		t.Errorf("retry %+v", retry)
	}
	if r.Leaks.FixedClean != retry {
		t.Errorf("retry passed without a leak: %+v, want %+v", r.Leaks.FixedClean, retry)
	}
	if b := r.RewardSize.Buckets; len(b) != 1 || b[0].Rewarded != retry || b[0].From != 9 || b[0].To != 9 {
		t.Errorf("rewarded by length: %+v, want one bucket of %+v", b, retry)
	}
}

// TestBucketsAreClustered: replies of one prompt that are all rewarded or all not are worth one draw each, whatever bucket they are in.
func TestBucketsAreClustered(t *testing.T) {
	a := audittest.Usual()
	a.Tasks = 200
	groups := a.Groups()
	zero, one := 0.0, 1.0
	for i := range groups {
		for k := range groups[i].Rollouts {
			if r := &groups[i].Rollouts[k]; groups[i].Arm == data.ArmReflection && r.Reward != nil {
				if r.Reward = &zero; i%2 == 0 {
					r.Reward = &one
				}
			}
		}
	}
	for _, b := range ofRun(t, groups, audit.Options{}).RewardSize.Buckets {
		x := b.Rewarded
		independent := 2 * 1.96 * math.Sqrt(x.Value*(1-x.Value)/float64(x.N))
		if x.N == 0 || x.High-x.Low < 1.1*independent {
			t.Errorf("%d to %d: %+v is as narrow as of independent replies (%.3f)", b.From, b.To, x, independent)
		}
	}
}

// TestColumnOfNobody: rates by a column that no prompt carries are an error that names the columns there are.
func TestColumnOfNobody(t *testing.T) {
	_, _, err := audit.Run(context.Background(), audit.Subject{}, prompts(audittest.Usual().Groups()), audit.Options{By: "colour"})
	var column *audit.ColumnError
	if !errors.As(err, &column) || column.Column != "colour" || !slices.Contains(column.Known, "difficulty") || err.Error() != `no prompt carries the column "colour"; there are: difficulty` {
		t.Errorf("%v", err)
	}
	if _, _, err := audit.Run(context.Background(), audit.Subject{}, prompts(nil), audit.Options{By: "colour"}); err != nil {
		t.Errorf("of no prompts: %v", err)
	}
}
