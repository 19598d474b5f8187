package audit_test

import (
	"context"
	"iter"
	"testing"

	"mulligan/data"
	"mulligan/data/disk"
	"mulligan/export"
	"mulligan/export/audit"
	"mulligan/export/audit/audittest"
	"mulligan/export/exporttest"
	"mulligan/reward"
)

// write exports groups into a new folder.
func write(t *testing.T, groups []data.Group, formats ...export.Format) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := export.Write(context.Background(), disk.OS{}, dir, audittest.Info, export.Options{}, formats, exporttest.All(groups)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// prompts yields groups as a run does.
func prompts(groups []data.Group) iter.Seq2[audit.Prompt, error] {
	return func(yield func(audit.Prompt, error) bool) {
		for i, n := 0, 0; i < len(groups); n++ {
			number := n
			p := audit.Prompt{ID: groups[i].Prompt.ID().Short(), Number: &number}
			for id := groups[i].Prompt.ID(); i < len(groups) && groups[i].Prompt.ID() == id; i++ {
				p.Groups = append(p.Groups, audit.Group{Group: groups[i]})
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

// ofRun audits groups as those of a run.
func ofRun(t *testing.T, groups []data.Group, opts audit.Options) *audit.Report {
	t.Helper()
	if opts.Verifier == nil {
		opts.Verifier = audittest.Verifier()
	}
	r, _, err := audit.Run(context.Background(), audit.Subject{Kind: "run", Verifier: "number"}, prompts(groups), opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ofFolder audits an export.
func ofFolder(t *testing.T, dir string) *audit.Report {
	t.Helper()
	f, err := audit.OpenFolder(disk.OS{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := audit.Run(context.Background(), audit.Subject{Kind: "export"}, f.Prompts(context.Background()), audit.Options{
		Workers: 2, Rules: f.Rules(), Verifiers: func(string, string) (reward.Verifier, error) { return audittest.Verifier(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	f.Finish(r)
	return r
}
