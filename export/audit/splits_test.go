package audit_test

import (
	"context"
	"testing"

	"mulligan/data/disk"
	"mulligan/export"
	"mulligan/export/audit/audittest"
	"mulligan/export/exporttest"
)

// TestExportOptions: splits, shards, filters and duplicates left out change which rows there are, and none of them is wrong.
func TestExportOptions(t *testing.T) {
	a := audittest.Usual()
	a.Tasks = 60
	for name, opts := range map[string]export.Options{
		"splits": {Splits: map[string]float64{"train": 0.6, "test": 0.3, "validation": 0.1}},
		"shards": {ShardRows: 20, RowGroupRows: 7},
		"drop":   {Drop: []string{"leak", "truncated", "no_signal"}},
		"exact":  {Deduplicate: export.DuplicatesExact},
		"near":   {Deduplicate: export.DuplicatesNear, Balance: export.BalanceLabels},
		"times":  {Times: true, Logprobs: export.LogprobsDrop},
		"all":    {Splits: map[string]float64{"train": 0.5, "test": 0.5}, ShardRows: 10, Drop: []string{"truncated"}, Deduplicate: export.DuplicatesExact, Times: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			m, err := export.Write(context.Background(), disk.OS{}, dir, audittest.Info, opts, []export.Format{export.EpisodesStream, export.Sequences}, exporttest.All(a.Groups()))
			if err != nil {
				t.Fatal(err)
			}
			r := ofFolder(t, dir)
			if r.Checked.Wrong != 0 || int64(r.Subject.Rollouts) != m.Formats[0].Rows || int64(*r.Subject.Sequences) != m.Formats[1].Rows || r.Subject.Prompts != a.Tasks {
				t.Errorf("%d prompts, %d rollouts, %d sequences; findings %s", r.Subject.Prompts, r.Subject.Rollouts, *r.Subject.Sequences, asJSON(t, r.Findings[:min(3, len(r.Findings))]))
			}
			if name == "shards" && r.Checked.Files < 15 {
				t.Errorf("%d files", r.Checked.Files)
			}
		})
	}
}
