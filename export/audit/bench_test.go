package audit_test

import (
	"context"
	"iter"
	"runtime"
	"testing"

	"mulligan/data/disk"
	"mulligan/export"
	"mulligan/export/audit"
	"mulligan/export/audit/audittest"
	"mulligan/export/exporttest"
	"mulligan/reward"
)

// BenchmarkRun audits the groups of a run, of which most texts are alike.
func BenchmarkRun(b *testing.B) {
	all := audittest.Usual().Groups()
	rollouts := 0
	for _, g := range all {
		rollouts += len(g.Rollouts)
	}
	many := func(yield func(audit.Prompt, error) bool) {
		for range b.N {
			for p := range prompts(all) {
				if !yield(p, nil) {
					return
				}
			}
		}
	}
	b.ReportAllocs()
	_, _, err := audit.Run(context.Background(), audit.Subject{}, many, audit.Options{Verifier: audittest.Verifier(), Tasks: true, Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(rollouts*b.N)/b.Elapsed().Seconds(), "rollouts/s")
}

// BenchmarkExport audits 2,000 rows of an export, files and sequences included, for each operation.
func BenchmarkExport(b *testing.B) {
	a := audittest.Usual()
	a.Tasks = 320
	dir := b.TempDir()
	m, err := export.Write(context.Background(), disk.OS{}, dir, audittest.Info, export.Options{}, []export.Format{export.Episodes, export.Sequences}, exporttest.All(a.Groups()))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f, err := audit.OpenFolder(disk.OS{}, dir)
		if err != nil {
			b.Fatal(err)
		}
		var rows iter.Seq2[audit.Prompt, error] = f.Prompts(context.Background())
		r, _, err := audit.Run(context.Background(), audit.Subject{}, rows, audit.Options{Workers: runtime.GOMAXPROCS(0),
			Verifiers: func(string, string) (reward.Verifier, error) { return audittest.Verifier(), nil }})
		if err != nil || r.Checked.Wrong > 0 {
			b.Fatal(err, r.Findings)
		}
	}
	b.ReportMetric(float64(m.Formats[0].Rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
