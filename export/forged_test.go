package export

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"mulligan/export/exporttest"
)

// forged writes the fixture's episodes after a change to one of them, with a content hash that fits,
// as a program with a fault in it would, and returns what a check finds.
func forged(t *testing.T, at int, change func(*Episode)) error {
	t.Helper()
	rows, _ := fixture(t, Options{})
	e := &rows[at]
	e.Calls = append([]Call{}, e.Calls...)
	change(e)
	hash, err := e.Hash()
	if err != nil && !strings.Contains(err.Error(), "unsupported value") {
		t.Fatal(err)
	}
	e.ContentHash = &hash
	var b bytes.Buffer
	w, _ := parquetEncoding[Episode]{"episodes"}.create(&b)
	for _, row := range rows {
		if err := w.write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	_, err = Episodes.check().file("f.parquet", inMemory{bytes.NewReader(b.Bytes())}, int64(b.Len()), nil)
	return err
}

// Row 2 and 3 are the reflections of the first prompt, 4 and 5 its control; see exporttest.Groups.
func TestCheckFindsForgedRows(t *testing.T) {
	for _, c := range []struct {
		row    int
		change func(*Episode)
		want   string
	}{
		{3, func(*Episode) {}, ""},
		{3, func(e *Episode) { e.SchemaVersion = 0 }, "row 3: column schema_version"},
		{3, func(e *Episode) {
			e.Reward = nil
			e.Calls[1].Trained = false
			e.Calls[1].Rewarded = false
			e.Calls[1].LossWeight = 0
		}, "row 3: column advantage: is set, but reward is null"},
		{8, func(e *Episode) { e.Reward, e.Advantage = nil, nil }, "row 8: column reward: is null, but a call trains"},
		{3, func(e *Episode) { e.Reward = ptr(math.Inf(1)) }, "row 3: column reward: is +Inf"},
		{5, func(e *Episode) { e.Reward = ptr(1.0) }, "row 5: column reward: is set in the arm control"},
		{0, func(e *Episode) { e.Reward = ptr(0.0) }, "row 0: column reward: is set in the arm attempts"},
		{3, func(e *Episode) { e.Outcome = ptr(Fixed) }, "row 3: column outcome: is fixed, want still_failed"},
		{3, func(e *Episode) { e.Outcome = nil }, "row 3: column outcome: is null"},
		{0, func(e *Episode) { e.FirstPassed = nil }, "row 0: column first_passed"},
		{3, func(e *Episode) { e.Advantage = ptr(float32(math.NaN())) }, "row 3: column advantage: is NaN"},
		{3, func(e *Episode) { e.Advantage = ptr(float32(1)) }, "row 4: column advantage: sums to 2 in the group that ends"},
		{9, func(e *Episode) { e.Advantage = ptr(float32(0.5)) }, "row 9: column advantage: is 0.5 in a group without signal"},
		{3, func(e *Episode) { e.SampleIndex = 2 }, "row 3: column sample_index: is 2, want 1"},
		{3, func(e *Episode) { e.GroupID = "x" }, "row 3: column advantage: sums to 1"},
		{1, func(e *Episode) { e.GroupID = "x" }, "row 1: column sample_index: is 1 in the first row of a group"},
		{1, func(e *Episode) { e.PromptID = "x" }, "row 1: column prompt_id"},
		{3, func(e *Episode) { e.FailureID = nil }, "row 3: column failure_id: is null"},
		{7, func(e *Episode) { e.Calls[1].Trained = true }, "row 7: column excluded: is truncated, but a call trains"},
		{3, func(e *Episode) { e.Calls[2].Trained = true }, "row 3: column calls[2].trained: is true of a call of kind retry"},
		{10, func(e *Episode) { e.Calls[1].Sampled = false }, "row 10: column reward: is set, but no call is a reflection"},
		{3, func(e *Episode) { e.Calls[1].Rewarded = false }, "row 3: column calls[1].rewarded"},
		{3, func(e *Episode) { e.Calls[1].LossWeight = 0 }, "row 3: column calls[1].loss_weight"},
		{3, func(e *Episode) { e.Calls[1].Index = 0 }, "row 3: column calls[1].index"},
		{3, func(e *Episode) { e.Calls[2].Score = nil }, "row 3: column calls[2].score: is null, but verified is true"},
		{3, func(e *Episode) { e.Calls[2].Verified = false }, "row 3: column calls[2].passed: is false, but verified is false"},
		{8, func(e *Episode) { e.Calls[1].CompletionLogprobs = e.Calls[1].CompletionLogprobs[1:] }, "row 8: column calls[1].completion_logprobs: has 2, want one for each of 3 tokens"},
		{8, func(e *Episode) { e.Calls[1].CompletionLogprobs[0] = ptr(float32(0.5)) }, "row 8: column calls[1].completion_logprobs[0]: is 0.5"},
		{8, func(e *Episode) { e.Calls[1].CompletionLogprobs[2] = ptr(float32(math.Inf(-1))) }, "row 8: column calls[1].completion_logprobs[2]: is -Inf"},
		{8, func(e *Episode) { e.Calls[1].LogprobsMode = "none" }, "row 8: column calls[1].logprobs_mode"},
		{12, func(e *Episode) { e.Calls[0].TokenSource = "none" }, "row 12: column calls[0].token_source"},
		{12, func(e *Episode) { e.Calls[0].TokenSource = "guessed" }, "row 12: column calls[0].token_source"},
		{12, func(e *Episode) { e.Calls[0].PromptTokenSource = "none" }, "row 12: column calls[0].prompt_token_source"},
		{12, func(e *Episode) { e.Calls[0].PromptTokenSource = "" }, "row 12: column calls[0].prompt_token_source"},
		{12, func(e *Episode) { e.Calls[0].EndToken = ptr("eos") }, "row 12: column calls[0].end_token: is \"eos\""},
		{3, func(e *Episode) { e.Calls[0].EndToken = ptr("none") }, "row 3: column calls[0].end_token: is none, but completion_token_ids is null"},
		{12, func(e *Episode) { e.Calls[1].CompletionLogprobs = e.Calls[1].CompletionLogprobs[1:] }, "row 12: column calls[1].completion_logprobs: has 2, want one for each of 3 tokens"},
		{12, func(e *Episode) { e.Calls[1].LogprobsMode = "cooked" }, "row 12: column calls[1].logprobs_mode: is \"cooked\""},
		{3, func(e *Episode) { e.TaskPrompt = []Message{} }, "row 3: column task_prompt"},
	} {
		err := forged(t, c.row, c.change)
		damage := new(DamageError)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("found %v, want nothing", err)
		case c.want != "" && (!errors.As(err, &damage) || !strings.HasPrefix(err.Error(), "f.parquet: "+c.want)):
			t.Errorf("found %v, want %s", err, c.want)
		}
	}
}

func TestCheckFindsAnotherContent(t *testing.T) {
	rows, _ := fixture(t, Options{})
	checker := &episodeChecker{}
	rows[0].Calls[0].Content += " "
	if err := checker.row(&rows[0]); err == nil || !strings.Contains(err.Error(), "column content_hash") {
		t.Errorf("found %v", err)
	}
}

func TestCheckFindsOtherSchemas(t *testing.T) {
	var b bytes.Buffer
	type other struct {
		Prompt []Message `parquet:"prompt,list"`
		Label  *bool     `parquet:"label"`
	}
	w := parquet.NewGenericWriter[other](&b, parquet.KeyValueMetadata(keySchemaVersion, strconv.Itoa(SchemaVersion)), parquet.KeyValueMetadata(keyFormat, "kto"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for f, want := range map[*Format]string{&KTO: "f: schema differs", &Episodes: `f: metadata mulligan.format is "kto", want "episodes"`, &EpisodesArrow: "f: arrow/ipc", &EpisodesStream: "f: "} {
		_, err := f.check().file("f", inMemory{bytes.NewReader(b.Bytes())}, int64(b.Len()), nil)
		if damage := new(DamageError); !errors.As(err, &damage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: found %v, want %s", f.Name, err, want)
		}
	}
}

// FuzzCheck gives broken files to every decoder: they end with an error or with rows, and do not panic.
func FuzzCheck(f *testing.F) {
	opts, _ := Options{RowGroupRows: 4, ToolText: true, ChatTemplate: "chatml", Skip: []string{SkipNoTokens, SkipTools, SkipThinking}}.resolve()
	views := viewsOf(f, opts, exporttest.Groups())
	for i, format := range Formats() {
		var b bytes.Buffer
		w, err := format.start(&b, opts)
		if err != nil {
			f.Fatal(err)
		}
		for _, v := range views {
			if _, err := w.add(v, tally{}); err != nil {
				f.Fatal(err)
			}
		}
		if err := w.close(); err != nil {
			f.Fatal(err)
		}
		f.Add(i, b.Bytes())
	}
	f.Fuzz(func(t *testing.T, i int, file []byte) {
		if all := Formats(); i >= 0 && i < len(all) {
			all[i].check().file("f", inMemory{bytes.NewReader(file)}, int64(len(file)), nil)
		}
	})
}
