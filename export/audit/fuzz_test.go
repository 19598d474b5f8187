package audit

import (
	"context"
	"encoding/json"
	"iter"
	"testing"

	"mulligan/data"
	"mulligan/export"
	"mulligan/export/audit/audittest"
	"mulligan/reward"
)

// FuzzRows audits two rows of one prompt whatever is in them: nothing panics, and the report can be written.
func FuzzRows(f *testing.F) {
	var groups []data.Group
	for _, g := range audittest.Usual().Groups()[:6] {
		if len(groups) > 0 && g.Prompt.ID() != groups[0].Prompt.ID() {
			break
		}
		groups = append(groups, g)
	}
	all, err := export.EpisodesOf(audittest.Info, export.Options{}, groups)
	if err != nil {
		f.Fatal(err)
	}
	for _, rows := range all {
		for _, e := range rows {
			line, err := json.Marshal(e)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(line, line)
		}
	}
	f.Add([]byte(`{"calls":[{"kind":"retry","prompt":[{"role":"user"}],"seed":1},{"kind":"retry"}],"context_turns":7,"arm":"reflection"}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		var rows []Row
		for i, line := range [][]byte{one, two} {
			e := new(export.Episode)
			if json.Unmarshal(line, e) != nil {
				return
			}
			rows = append(rows, Row{"file", int64(i), e})
		}
		var prompts iter.Seq2[Prompt, error] = func(yield func(Prompt, error) bool) {
			yield(Prompt{ID: short(rows[0].PromptID), raw: rows, Verifier: "number"}, nil)
		}
		r, tasks, err := Run(context.Background(), Subject{}, prompts, Options{Tasks: true, Second: audittest.Verifier(),
			Verifiers: func(string, string) (reward.Verifier, error) { return audittest.Verifier(), nil }})
		if err != nil {
			t.Fatal(err)
		}
		r.Comparison = Compare(tasks, tasks)
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	})
}
