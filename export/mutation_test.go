package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"mulligan/data/disk"
	"mulligan/export/exporttest"
)

// What trainers do not see (they train the wrong tokens, or drop rows, without a word) Check sees, in a file whose length and digest in
// the manifest were made anew. Each case changes the last row of the second file of a format, or its schema.

// mutate writes an export in two files a format, has the second one changed, and returns what Check finds.
func mutate(t *testing.T, f Format, change func(dir, file string) error) error {
	t.Helper()
	dir := t.TempDir()
	opts := Options{ShardRows: 1, Pairs: PairsAll, ChatTemplate: "chatml", Logprobs: LogprobsAny, ToolText: true, Skip: []string{SkipNoTokens, SkipTools, SkipThinking}}
	m, err := Write(context.Background(), disk.OS{}, dir, Info{Verifier: "countdown"}, opts, []Format{f}, exporttest.All(exporttest.Chat()))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Formats[0].Files) < 2 {
		t.Fatalf("%s: %d files, want 2 or more", f.Name, len(m.Formats[0].Files))
	}
	file := &m.Formats[0].Files[1]
	path := filepath.Join(dir, filepath.FromSlash(file.Path))
	if err := change(dir, path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	file.Bytes, file.SHA256 = int64(len(text)), hex.EncodeToString(sum[:])
	var b bytes.Buffer
	if err := m.write(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, manifestName), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return Check(context.Background(), disk.OS{}, dir)
}

// rewrite reads the rows of a file, has the last one changed, and writes them as an export would.
func rewrite[R any](table string, change func(*R)) func(string, string) error {
	return func(_, path string) error {
		e := parquetEncoding[R]{table}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var rows []R
		for row, err := range e.read(inMemory{bytes.NewReader(text)}, int64(len(text))) {
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		change(&rows[len(rows)-1])
		var b bytes.Buffer
		w, err := e.create(&b)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := w.write(row); err != nil {
				return err
			}
		}
		if err := w.close(); err != nil {
			return err
		}
		return os.WriteFile(path, b.Bytes(), 0o644)
	}
}

// other writes a file of rows of another type, under the metadata of a table.
func other[R any](table string, options []parquet.WriterOption, rows ...R) func(string, string) error {
	return func(_, path string) error {
		var b bytes.Buffer
		w := parquet.NewGenericWriter[R](&b, append(options, parquet.KeyValueMetadata(keySchemaVersion, strconv.Itoa(SchemaVersion)), parquet.KeyValueMetadata(keyFormat, table))...)
		if _, err := w.Write(rows); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		return os.WriteFile(path, b.Bytes(), 0o644)
	}
}

// left and right move a list by one place.
func left[T any](s []T) []T  { return append(append([]T{}, s[1:]...), s[0]) }
func right[T any](s []T) []T { return append([]T{s[len(s)-1]}, s[:len(s)-1]...) }

func TestCheckFindsWhatTrainersDoNot(t *testing.T) {
	tokens := func(change func(*SFTTokensRow)) func(string, string) error { return rewrite("sft_tokens", change) }
	mask := func(change func(*SFTTokensMaskRow)) func(string, string) error {
		return rewrite("sft_tokens_mask", change)
	}
	seq := func(change func(*SequenceRow)) func(string, string) error { return rewrite("sequences", change) }
	kto := func(change func(*KTORow)) func(string, string) error { return rewrite("kto", change) }
	type nullMask struct {
		InputIDs []int32 `parquet:"input_ids,list"`
		LossMask []*int8 `parquet:"loss_mask,list"`
	}
	type text struct {
		Prompt     string    `parquet:"prompt"`
		Completion []Message `parquet:"completion,list"`
	}
	type roleOnly struct {
		Role string `parquet:"role"`
	}
	type named struct {
		Role    string  `parquet:"role"`
		Content string  `parquet:"content"`
		Name    *string `parquet:"name"`
	}
	type numbered struct {
		Role    string `parquet:"role"`
		Content int64  `parquet:"content"`
	}
	type nullable struct {
		Role    string  `parquet:"role"`
		Content *string `parquet:"content"`
	}
	type sft[M any] struct {
		Prompt     []M `parquet:"prompt,list"`
		Completion []M `parquet:"completion,list"`
	}
	type ktoAndPairs struct {
		KTORow
		Chosen   []Message `parquet:"chosen,list"`
		Rejected []Message `parquet:"rejected,list"`
	}
	for _, c := range []struct {
		name   string
		format Format
		change func(dir, file string) error
		want   string
	}{
		{"nothing", SFTTokens, tokens(func(*SFTTokensRow) {}), ""},
		{"nothing", SFTTokensMask, mask(func(*SFTTokensMaskRow) {}), ""},
		{"nothing", Sequences, seq(func(*SequenceRow) {}), ""},
		{"zero as null in a mask", SFTTokensMask, other("sft_tokens_mask", nil, nullMask{[]int32{1, 2}, []*int8{nil, ptr(int8(1))}}), "schema differs"},
		{"labels moved left", SFTTokens, tokens(func(r *SFTTokensRow) { r.Labels = left(r.Labels) }), "column labels["},
		{"labels moved right", SFTTokens, tokens(func(r *SFTTokensRow) { r.Labels = right(r.Labels) }), "column labels"},
		{"labels one short", SFTTokens, tokens(func(r *SFTTokensRow) { r.Labels = r.Labels[1:] }), "column labels: has "},
		{"labels all masked", SFTTokens, tokens(func(r *SFTTokensRow) {
			for i := range r.Labels {
				r.Labels[i] = -100
			}
		}), "column labels: no token enters the loss"},
		{"attention that hides the prompt", SFTTokens, tokens(func(r *SFTTokensRow) { r.AttentionMask[0] = 0 }), "column attention_mask[0]: is 0, want 1"},
		{"an id outside the vocabulary", SFTTokens, tokens(func(r *SFTTokensRow) { r.InputIDs[0] = 1 << 30 }), "token ids up to 1073741824"},
		{"a negative id", SFTTokens, tokens(func(r *SFTTokensRow) { r.InputIDs[0] = -1 }), "column input_ids[0]: is -1"},
		{"mask moved left", SFTTokensMask, mask(func(r *SFTTokensMaskRow) { r.LossMask = left(r.LossMask) }), "column loss_mask: the last token does not enter the loss"},
		{"mask moved right", SFTTokensMask, mask(func(r *SFTTokensMaskRow) { r.LossMask = append([]int8{0}, r.LossMask[:len(r.LossMask)-1]...) }), "in the loss, but the manifest says otherwise"},
		{"mask one short", SFTTokensMask, mask(func(r *SFTTokensMaskRow) { r.LossMask = r.LossMask[1:] }), "column loss_mask: has "},
		{"mask of 2", SFTTokensMask, mask(func(r *SFTTokensMaskRow) { r.LossMask[0] = 2 }), "column loss_mask[0]: is 2, want 0 or 1"},
		{"mask all 0", SFTTokensMask, mask(func(r *SFTTokensMaskRow) { clear(r.LossMask) }), "column loss_mask: no token enters the loss"},
		{"mask all 1", SFTTokensMask, mask(func(r *SFTTokensMaskRow) {
			for i := range r.LossMask {
				r.LossMask[i] = 1
			}
		}), "column loss_mask: the first token enters the loss"},
		{"loss_mask moved", Sequences, seq(func(r *SequenceRow) { r.LossMask = right(r.LossMask) }), "column "},
		{"labels moved", Sequences, seq(func(r *SequenceRow) { r.Labels = left(r.Labels) }), "column labels["},
		{"an advantage on a masked token", Sequences, seq(func(r *SequenceRow) { r.Advantages[0] = 1 }), "column advantages[0]: is 1, want 0"},
		{"a log-probability above 0", Sequences, seq(func(r *SequenceRow) { r.Logprobs[len(r.Logprobs)-1] = ptr(float32(0.5)) }), "column logprobs["},
		{"an id outside the vocabulary", Sequences, seq(func(r *SequenceRow) { r.InputIDs[0] = 1 << 30; r.SequenceID = r.id() }), "token ids up to 1073741824"},
		{"both moved, and the id made anew", Sequences, seq(func(r *SequenceRow) {
			r.LossMask, r.SampledMask, r.Labels, r.SegmentIDs = left(r.LossMask), left(r.SampledMask), left(r.Labels), left(r.SegmentIDs)
			r.SequenceID = r.id()
		}), "column "},
		{"a label turned round", KTO, kto(func(r *KTORow) { r.Label = !r.Label }), "rows whose label is true, but the manifest has"},
		{"no prompt", KTO, kto(func(r *KTORow) { r.Prompt = nil }), "column prompt: no messages"},
		{"an empty question", KTO, kto(func(r *KTORow) { r.Prompt[0].Content = "" }), "column prompt[0].content: is empty"},
		{"an empty completion", KTO, kto(func(r *KTORow) { r.Completion[0].Content = "" }), "column completion[0].content: is empty"},
		{"another role", KTO, kto(func(r *KTORow) { r.Prompt[0].Role = "human" }), `column prompt[0].role: is "human", want`},
		{"a prompt that is a text", SFT, other("sft", nil, text{"x", []Message{{"assistant", "y"}}}), "schema differs"},
		{"a field that is missing", SFT, other("sft", nil, sft[roleOnly]{}), "schema differs"},
		{"a field more", SFT, other("sft", nil, sft[named]{}), "schema differs"},
		{"a field of another type", SFT, other("sft", nil, sft[numbered]{}), "schema differs"},
		{"a content that may be null", SFT, other("sft", nil, sft[nullable]{}), "schema differs"},
		{"pairs beside labels", KTO, other("kto", nil, ktoAndPairs{}), "schema differs"},
		{"another schema for Arrow", SFT, other("sft", []parquet.WriterOption{parquet.KeyValueMetadata("ARROW:schema", "x")}, SFTRow{[]Message{{"user", "x"}}, []Message{{"assistant", "y"}}}), "metadata ARROW:schema"},
		{"the same answer twice", DPO, rewrite("dpo", func(r *DPORow) { r.Rejected = r.Chosen }), "column rejected: is chosen"},
		{"one who chose and rejected it", DPO, rewrite("dpo", func(r *DPORow) { r.ChosenID, r.RejectedID = r.RejectedID, r.ChosenID }), ""},
		{"another that trains", SFTMessages, rewrite("sft_messages", func(r *SFTMessagesRow[TrainMessage]) { r.Messages[0].Train = true }), "message 0 of 6 (user): its mark says that it trains is true, want false"},
		{"none that trains", SFTMessagesTinker, rewrite("sft_messages_tinker", func(r *SFTMessagesRow[TinkerMessage]) { r.Messages[len(r.Messages)-1].Trainable = false }), "its mark says that it trains is false, want true"},
		{"a mask of 2", SFTMessagesSlime, rewrite("sft_messages_slime", func(r *SFTMessagesRow[SlimeMessage]) { r.Messages[0].Mask = 2 }), "step_loss_mask is 2, want 0 or 1"},
		{"part of a message", SFTMessagesDetail, rewrite("sft_messages_detail", func(r *SFTMessagesRow[DetailMessage]) { r.Messages[len(r.Messages)-1].Detail[0].End-- }), "its mark says that it trains is false, want true"},
		{"part of another message", SFTMessagesDetail, rewrite("sft_messages_detail", func(r *SFTMessagesRow[DetailMessage]) {
			r.Messages[1].Detail = append(r.Messages[1].Detail, Detail{0, 1, true})
		}), "it has a detail, and so its end trains"},
		{"the ranks turned round", DPONeMo, rewrite("dpo_nemo", func(r *DPONeMoRow) { r.Completions[0].Rank, r.Completions[1].Rank = 1, 0 }), "column completions: want two of rank 0 and 1"},
		{"another ground truth", RLPrompts, rewrite("rl_prompts", func(r *RLPrompt) { r.Label = `{"x":1}` }), "column reward_model.ground_truth: is not that of"},
		{"an index twice", RLPrompts, rewrite("rl_prompts", func(r *RLPrompt) { r.ExampleID, r.ExtraInfo.Index = 0, 0 }), "column example_id: 0 stands in a row before"},
	} {
		err := mutate(t, c.format, c.change)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %s: found %v", c.format.Name, c.name, err)
			}
			continue
		}
		damage := new(DamageError)
		if !errors.As(err, &damage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %s: found %v, want %s", c.format.Name, c.name, err, c.want)
		}
	}
}
