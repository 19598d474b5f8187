package export_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/data/source"
	"mulligan/export"
	"mulligan/export/exporttest"
)

// TestFailuresStartALaterRun reads exported failures as the source of a later run does: the tasks
// are the same, and so is who failed at them and how often.
func TestFailuresStartALaterRun(t *testing.T) {
	groups := exporttest.Groups()
	for seed := range 30 {
		groups = append(groups, exporttest.Prompts().Example(seed)...)
	}
	for _, f := range []export.Format{export.Failures, export.FailuresJSONL} {
		dir := t.TempDir()
		m := write(t, dir, all, []export.Format{f}, groups)
		rows := m.Formats[0].Rows
		lines := t.TempDir()
		write(t, lines, all, []export.Format{export.FailuresJSONL}, groups)
		text, err := os.ReadFile(filepath.Join(lines, "failures_jsonl", "train-00000-of-00001.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Split(strings.TrimSpace(string(text)), "\n")
		src, err := source.NewFailures(dir, source.FailuresOptions{Path: m.Formats[0].Files[0].Path})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for p, err := range src.Prompts(context.Background()) {
			if err != nil {
				t.Fatalf("%s: row %d: %v", f.Name, n, err)
			}
			compareFailure(t, p, want[n])
			n++
		}
		if int64(n) != rows {
			t.Errorf("%s: %d prompts, want %d", f.Name, n, rows)
		}
	}
}

func compareFailure(t *testing.T, p data.Prompt, line string) {
	t.Helper()
	var row export.Failure
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		t.Fatal(err)
	}
	none := row.Answer != nil && *row.Answer == "null" // the source makes no difference between these
	if got := p.TaskID().String(); got != row.TaskID && !none {
		t.Errorf("task %s, want that of %s", got, line)
	}
	f := p.Failure
	if f == nil {
		t.Fatal("no failure")
	}
	message, _ := json.Marshal(f.Message)
	var want data.Message
	json.Unmarshal([]byte(row.OutputMessage), &want)
	if !f.Message.Equal(want) || f.Draws != int(row.Draws) || f.Passes != int(row.Passes) || f.Stop != row.Stop {
		t.Errorf("failure %s %d %d %q, want %s", message, f.Draws, f.Passes, f.Stop, line)
	}
}
