package audit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mulligan/export"
	"mulligan/export/audit"
	"mulligan/export/audit/audittest"
)

// forge changes the rows of a file of JSON lines and makes the manifest anew for them, so that no digest tells, and audits the export.
func forge[R any](t *testing.T, dir, file string, edit func([]R) []R) *audit.Report {
	t.Helper()
	return forgeManifest(t, dir, file, edit, func(*export.ManifestFormat) {})
}

// forgeManifest is forge with another change of what the manifest says of the format.
func forgeManifest[R any](t *testing.T, dir, file string, edit func([]R) []R, say func(*export.ManifestFormat)) *audit.Report {
	t.Helper()
	path := filepath.Join(dir, file)
	rows := edit(lines[R](t, path))
	writeLines(t, path, rows)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(dir, "manifest.json")
	raw, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var m export.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	for i := range m.Formats {
		if f := &m.Formats[i]; strings.HasPrefix(file, f.Name+"/") {
			f.Rows = int64(len(rows))
			f.Files[0].Rows, f.Files[0].Bytes = int64(len(rows)), int64(len(text))
			f.Files[0].SHA256 = fmt.Sprintf("%x", sha256.Sum256(text))
			say(f)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifest, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return ofFolder(t, dir)
}

// firstFinding is the first finding as "file column kind is want".
func firstFinding(r *audit.Report) string {
	if len(r.Findings) == 0 {
		return "nothing"
	}
	f := r.Findings[0]
	return fmt.Sprint(f.File, " ", f.Column, " ", f.Kind, " ", f.Is, " ", f.Want)
}

// TestForgedSequences: rows that are gone, and columns that a trainer decides by, are found though the manifest agrees.
func TestForgedSequences(t *testing.T) {
	half, cold, unknown := 0.5, int32(1), "0000"
	for name, c := range map[string]struct {
		edit func(rows []export.SequenceRow) []export.SequenceRow
		want string
	}{
		"nothing": {func(rows []export.SequenceRow) []export.SequenceRow { return rows }, "nothing"},
		"those that failed deleted": {func(rows []export.SequenceRow) []export.SequenceRow {
			return slices.DeleteFunc(rows, func(r export.SequenceRow) bool { return r.Reward <= 0 })
		}, "manifest.json sequences_jsonl.left_out mask 0 15"},
		"a row twice for another": {func(rows []export.SequenceRow) []export.SequenceRow {
			rows[1] = rows[0]
			return rows
		}, sequencesFile + " sequence_index id 0 another one"},
		"temperature":     {every(func(r *export.SequenceRow) { r.Temperature = &half }), sequencesFile + " temperature row 0.5 1"},
		"top_p":           {every(func(r *export.SequenceRow) { r.TopP = &half }), sequencesFile + " top_p row 0.5 1"},
		"top_k":           {every(func(r *export.SequenceRow) { r.TopK = &cold }), sequencesFile + " top_k row 1 0"},
		"logprobs_mode":   {every(func(r *export.SequenceRow) { r.LogprobsMode = "processed" }), sequencesFile + " logprobs_mode row processed raw"},
		"truncated":       {every(func(r *export.SequenceRow) { r.Truncated = !r.Truncated }), sequencesFile + " truncated row true false"},
		"end_token":       {every(func(r *export.SequenceRow) { r.EndToken = nil }), sequencesFile + " end_token row null returned"},
		"policy_version":  {every(func(r *export.SequenceRow) { r.PolicyVersion = &unknown }), sequencesFile + " policy_version row 0000 "},
		"tokenizer_id":    {every(func(r *export.SequenceRow) { r.TokenizerID = &unknown }), sequencesFile + " tokenizer_id row 0000 null"},
		"chat template":   {every(func(r *export.SequenceRow) { r.ChatTemplateSHA256 = &unknown }), sequencesFile + " chat_template_sha256 row 0000 "},
		"trained_turns":   {every(func(r *export.SequenceRow) { r.TrainedTurns++ }), sequencesFile + " trained_turns row 2 1"},
		"logprobs filled": {every(func(r *export.SequenceRow) { r.LogprobsFilledBy = &unknown }), sequencesFile + " logprobs_filled_by row 0000 null"},
		"one log-probability": {every(func(r *export.SequenceRow) {
			l := float32(-7)
			r.Logprobs[slices.Index(r.LossMask, 1)] = &l
		}), sequencesFile + " logprobs["},
		"places swapped": {func(rows []export.SequenceRow) []export.SequenceRow {
			rows[0].SampleIndex, rows[1].SampleIndex = rows[1].SampleIndex, rows[0].SampleIndex
			return rows
		}, sequencesFile + " sample_index row 1 0"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, audittest.Usual().Groups(), export.EpisodesJSONL, export.SequencesJSONL)
			if r := forge(t, dir, sequencesFile, c.edit); !strings.HasPrefix(firstFinding(r), c.want) {
				t.Errorf("%s, want %s", firstFinding(r), c.want)
			}
		})
	}
}

// every edits all rows.
func every[R any](edit func(*R)) func([]R) []R {
	return func(rows []R) []R {
		for i := range rows {
			edit(&rows[i])
		}
		return rows
	}
}

// TestForgedEpisodes: rows that stand twice or are gone are found though the manifest agrees.
func TestForgedEpisodes(t *testing.T) {
	task := func(rows []export.Episode) []export.Episode {
		return slices.DeleteFunc(slices.Clone(rows), func(e export.Episode) bool { return e.TaskID != rows[0].TaskID })
	}
	for name, c := range map[string]struct {
		edit func(rows []export.Episode) []export.Episode
		want []string // some of its findings
	}{
		"nothing":         {func(rows []export.Episode) []export.Episode { return rows }, nil},
		"a task twice":    {func(rows []export.Episode) []export.Episode { return append(rows, task(rows)...) }, []string{"episode_id id", "counts.prompts file"}},
		"a row twice":     {func(rows []export.Episode) []export.Episode { return slices.Insert(rows, 2, rows[2]) }, []string{"episode_id id"}},
		"a task deleted":  {func(rows []export.Episode) []export.Episode { return rows[len(task(rows)):] }, []string{"counts.prompts file"}},
		"a prompt's last": {func(rows []export.Episode) []export.Episode { return rows[:len(rows)-1] }, []string{"counts."}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, audittest.Usual().Groups(), export.EpisodesJSONL)
			r := forge(t, dir, episodesFile, c.edit)
			if c.want == nil && r.Checked.Wrong != 0 {
				t.Errorf("found %+v", r.Findings)
			}
			for _, want := range c.want {
				if !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return strings.HasPrefix(f.Column+" "+f.Kind, want) }) {
					t.Errorf("no %s in %+v", want, r.Findings)
				}
			}
		})
	}
}

// TestForgedCalls: what a call says beside its verdict is held against the verifier and against itself.
func TestForgedCalls(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(c *export.Call)
		want string
	}{
		"parsed":            {func(c *export.Call) { *c.Parsed = "13" }, "calls[2].parsed verdict"},
		"reason":            {func(c *export.Call) { *c.Reason = "no" }, "calls[2].reason verdict"},
		"feedback":          {func(c *export.Call) { *c.Feedback = "The answer is 12." }, "calls[2].feedback verdict"},
		"completion":        {func(c *export.Call) { text := "It is 12."; c.Completion = &text }, "calls[2].completion row"},
		"completion_tokens": {func(c *export.Call) { *c.CompletionTokens++ }, "calls[2].completion_tokens row"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, audittest.Usual().Groups(), export.EpisodesJSONL)
			var at int
			r := forge(t, dir, episodesFile, func(rows []export.Episode) []export.Episode {
				at = rewardedRow(rows)
				c.edit(&rows[at].Calls[2])
				rehash(&rows[at])
				return rows
			})
			if got := told(r, episodesFile); len(got) != 1 || got[0] != fmt.Sprint(at, " ", c.want) {
				t.Errorf("found %q, want %d %s", got, at, c.want)
			}
		})
	}
}

// TestForgedLabels: labels of the tables whose rows name episodes.
func TestForgedLabels(t *testing.T) {
	kto, dpo, answers := "kto_jsonl/train-00000-of-00001.jsonl", "dpo_jsonl/train-00000-of-00001.jsonl", "dpo_answers_jsonl/train-00000-of-00001.jsonl"
	sound := func() string {
		formats := []export.Format{export.EpisodesJSONL}
		for _, f := range export.Formats() {
			if slices.Contains([]string{"kto", "kto_jsonl", "dpo", "dpo_jsonl", "dpo_answers", "dpo_answers_jsonl", "sft"}, f.Name) {
				formats = append(formats, f)
			}
		}
		return write(t, audittest.Usual().Groups(), formats...)
	}
	if r := ofFolder(t, sound()); r.Checked.Wrong != 0 || len(r.Subject.NotAudited) != 1 || r.Subject.NotAudited[0] != "sft" {
		t.Fatalf("not audited %q, found %+v", r.Subject.NotAudited, r.Findings)
	}
	want := func(name string, r *audit.Report, n int, first string) {
		if r.Checked.Wrong != n || firstFinding(r) != first {
			t.Errorf("%s: %d findings, first %s; want %d, %s: %+v", name, r.Checked.Wrong, firstFinding(r), n, first, r.Findings)
		}
	}
	all := len(lines[export.KTORow](t, filepath.Join(sound(), kto)))
	want("turned", forge(t, sound(), kto, every(func(r *export.KTORow) { r.Label = !r.Label })), all, kto+" label reward one that passed one that failed")
	want("reward", forge(t, sound(), kto, func(rows []export.KTORow) []export.KTORow { rows[0].Reward = 0.5; return rows }), 1, kto+" reward reward 0.5 0")
	want("of no episode", forge(t, sound(), kto, func(rows []export.KTORow) []export.KTORow { rows[0].EpisodeID = strings.Repeat("0", 64); return rows }), 1,
		kto+" episode_id id "+strings.Repeat("0", 64)+" an episode of this export")
	want("those that failed deleted", forge(t, write(t, audittest.Usual().Groups(), export.EpisodesJSONL, export.KTOJSONL), kto, func(rows []export.KTORow) []export.KTORow {
		return slices.DeleteFunc(rows, func(r export.KTORow) bool { return !r.Label })
	}), 1, "manifest.json kto_jsonl.left_out row 0 15")
	var id string
	r := forge(t, sound(), kto, func(rows []export.KTORow) []export.KTORow { rows[1], id = rows[0], rows[0].EpisodeID; return rows })
	want("one twice for another", r, 1, kto+" episode_id id "+id+" one that no row before has")
	pairs := len(lines[export.DPORow](t, filepath.Join(sound(), dpo)))
	want("pairs turned", forge(t, sound(), dpo, every(func(r *export.DPORow) { r.ChosenID, r.RejectedID = r.RejectedID, r.ChosenID })), 2*pairs,
		dpo+" chosen_id reward one that passed one that failed")
	failed := ""
	for _, e := range lines[export.Episode](t, filepath.Join(sound(), episodesFile)) {
		if e.RetryPassed != nil && !*e.RetryPassed && e.Arm == "reflection" {
			failed = e.EpisodeID
		}
	}
	want("an answer that failed", forge(t, sound(), answers, func(rows []export.DPOAnswersRow) []export.DPOAnswersRow { rows[0].EpisodeID = failed; return rows }), 1,
		answers+" episode_id reward one that passed one that failed")
}

// TestForgedReason: what failed is deleted, and said to have been filtered by an export that filtered nothing.
func TestForgedReason(t *testing.T) {
	dir := write(t, audittest.Usual().Groups(), export.EpisodesJSONL, export.SequencesJSONL)
	r := forgeManifest(t, dir, sequencesFile, func(rows []export.SequenceRow) []export.SequenceRow {
		return slices.DeleteFunc(rows, func(r export.SequenceRow) bool { return r.Reward <= 0 })
	}, func(f *export.ManifestFormat) { f.LeftOut = map[string]int64{"no_signal": 15} })
	if got, want := firstFinding(r), "manifest.json sequences_jsonl.left_out.no_signal file 15 0"; r.Checked.Wrong != 1 || got != want {
		t.Errorf("%d findings, first %s, want %s: %+v", r.Checked.Wrong, got, want, r.Findings)
	}
}
