package exporttest_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"

	"mulligan/data"
	"mulligan/data/disk"
	"mulligan/export"
	"mulligan/export/exporttest"
)

// These trainers cannot be installed from a package registry, or not without a GPU. Their loaders' code
// was read at the commits named below; the tests hold the files to what it takes.

// TestContractSlime: THUDM/slime@624b824, slime/utils/data.py (Dataset reads rows by pyarrow's
// to_pylist), slime/utils/mask_utils.py (a message whose step_loss_mask is not 1 is masked, NULL too; one
// without the key trains), slime/rollout/sft_rollout.py, slime/utils/types.py (Sample).
func TestContractSlime(t *testing.T) {
	dir, trained := chatExport(t)
	wantSchema(t, dir, export.SFTMessagesSlime.Name, `
		messages: list of
			role: string
			content: string
			step_loss_mask: int32`)
	type row struct {
		Messages []struct {
			Role    string `parquet:"role"`
			Content string `parquet:"content"`
			Mask    int32  `parquet:"step_loss_mask"`
		} `parquet:"messages,list"`
	}
	var trains []string
	for _, r := range readParquet[row](t, dir, export.SFTMessagesSlime.Name) {
		for _, m := range r.Messages {
			if m.Role == data.RoleAssistant && m.Mask == 1 {
				trains = append(trains, m.Content)
			}
		}
	}
	if want := texts(trained, true); !slices.Equal(trains, want) {
		t.Errorf("slime trains %q, want %q", trains, want)
	}
	// --input-key prompt --label-key label --metadata-key metadata, which must be a dict.
	for _, format := range []string{export.RLPrompts.Name, export.RLPromptsReflect.Name} {
		wantColumns(t, dir, format, `
			prompt: list of
				role: string
				content: string
			label: string
			metadata: group of
				task_id: string
				stage: string`)
	}
	// Sample: loss_mask and rollout_log_probs have one for each token of the response.
	for i, s := range readParquet[sequence](t, dir, export.Sequences.Name) {
		n := s.PromptLen
		if response := s.IDs[n:]; len(response) == 0 || len(s.Loss[n:]) != len(response) || len(s.Logprobs[n:]) != len(response) {
			t.Errorf("sequence %d: prompt_len is %d of %d ids, %d masks, %d log-probabilities", i, n, len(s.IDs), len(s.Loss), len(s.Logprobs))
		}
		if slices.Contains(s.Loss[:n], 1) {
			t.Errorf("sequence %d: the prompt enters the loss", i)
		}
	}
}

// TestContractPrimeRL: PrimeIntellect-ai/prime-rl@559b447, src/prime_rl/transports/rollouts/types.py
// (TrainingSample: token_ids, mask, logprobs, temperatures, advantages of one length). Its SFT masks by role alone
// and does not mask a prompt (src/prime_rl/trainer/sft/data.py), so no format of text is for it.
func TestContractPrimeRL(t *testing.T) {
	dir, trained := chatExport(t)
	wantColumns(t, dir, export.Sequences.Name, `
		input_ids: list of int32
		loss_mask: list of int8
		logprobs: optional list of optional float
		logprobs_complete: boolean
		advantages: optional list of float
		temperature: optional double`)
	rows := readParquet[sequence](t, dir, export.Sequences.Name)
	if len(rows) != len(trained) {
		t.Fatalf("%d sequences, want %d", len(rows), len(trained))
	}
	for i, s := range rows {
		n := len(s.IDs)
		if len(s.Loss) != n || len(s.Logprobs) != n || len(s.Advantages) != n || s.Temperature == nil {
			t.Errorf("sequence %d: %d ids, %d masks, %d log-probabilities, %d advantages, temperature %v", i, n, len(s.Loss), len(s.Logprobs), len(s.Advantages), s.Temperature)
			continue
		}
		complete := true
		for j := range n {
			complete = complete && (s.Loss[j] == 0 || s.Logprobs[j] != nil)
			if p := s.Logprobs[j]; p != nil && (*p > 0 || math.IsNaN(float64(*p))) {
				t.Errorf("sequence %d: logprobs[%d] is %v", i, j, *p)
			}
			if s.Loss[j] == 0 && s.Advantages[j] != 0 {
				t.Errorf("sequence %d: advantages[%d] is %v outside of the loss", i, j, s.Advantages[j])
			}
		}
		if complete != s.Complete || complete == (i == 0) {
			t.Errorf("sequence %d: logprobs_complete is %t; one of the first has an unknown log-probability, and no other", i, s.Complete)
		}
		if got := picked(s.IDs, s.Loss); !slices.Equal(got, trained[i].IDs) {
			t.Errorf("sequence %d trains %q, want %q", i, decode(got), decode(trained[i].IDs))
		}
	}
}

// TestContractNeMoRL: NVIDIA-NeMo/RL@7ea279a, nemo_rl/data/datasets/preference_datasets/preference_dataset.py (adds a column
// task_name, so there must be none), nemo_rl/data/processors.py (preference_preprocessor: two completions, the lower rank is
// preferred, no ties), nemo_rl/data/collate_fn.py (of a pair, the last message trains), response_datasets/response_dataset.py
// and algorithms/sft.py (of messages, the last one trains with sft.only_unmask_final, else all of the assistant).
func TestContractNeMoRL(t *testing.T) {
	dir, trained := chatExport(t)
	wantSchema(t, dir, export.DPONeMo.Name, `
		context: list of
			role: string
			content: string
		completions: list of
			rank: int64
			completion: list of
				role: string
				content: string`)
	type pair struct {
		Context     []stored `parquet:"context,list"`
		Completions []struct {
			Rank       int64    `parquet:"rank"`
			Completion []stored `parquet:"completion,list"`
		} `parquet:"completions,list"`
	}
	pairs := readParquet[pair](t, dir, export.DPONeMo.Name)
	if len(pairs) != 3 {
		t.Fatalf("%d pairs, want 3: 1 passed and 1 failed, again, none passed, 2 passed and 1 failed; each is in one pair", len(pairs))
	}
	for i, p := range pairs {
		c := p.Completions
		if len(c) != 2 || c[0].Rank >= c[1].Rank || len(c[0].Completion) != 1 || len(c[1].Completion) != 1 {
			t.Fatalf("pair %d: %+v", i, c)
		}
		chosen, rejected := c[0].Completion[0], c[1].Completion[0]
		if !slices.Contains(texts(trained, true), chosen.Content) || !slices.Contains(texts(trained, false), rejected.Content) {
			t.Errorf("pair %d: %q is preferred to %q", i, chosen.Content, rejected.Content)
		}
		if last := p.Context[len(p.Context)-1]; last.Role != data.RoleUser || chosen.Role != data.RoleAssistant || rejected.Role != data.RoleAssistant {
			t.Errorf("pair %d: roles %s, %s, %s", i, last.Role, chosen.Role, rejected.Role)
		}
	}
	wantSchema(t, dir, export.SFTMessages.Name, `
		messages: list of
			role: string
			content: string
			train: boolean`)
	type row struct {
		Messages []stored `parquet:"messages,list"`
	}
	var trains []string
	for i, r := range readParquet[row](t, dir, export.SFTMessages.Name) {
		last := r.Messages[len(r.Messages)-1]
		if last.Role != data.RoleAssistant {
			t.Errorf("row %d ends with a message of %s", i, last.Role)
		}
		trains = append(trains, last.Content)
	}
	if want := texts(trained, true); !slices.Equal(trains, want) {
		t.Errorf("NeMo-RL trains %q, want %q", trains, want)
	}
}

// TestContractAReaL: inclusionAI/AReaL@4aef98d, areal/dataset/gsm8k.py (rows of input_ids and loss_mask, of one length, not
// shifted), areal/trainer/sft/lm_engine.py (rolls loss_mask by one: a 1 at the first place would wrap round to the last),
// areal/workflow/rlvr.py (a rollout: input_ids, loss_mask, logprobs, attention_mask, rewards).
func TestContractAReaL(t *testing.T) {
	dir, trained := chatExport(t)
	wantSchema(t, dir, export.SFTTokensMask.Name, `
		input_ids: list of int32
		loss_mask: list of int8`)
	type row struct {
		IDs  []int32 `parquet:"input_ids,list"`
		Loss []int8  `parquet:"loss_mask,list"`
	}
	passed := slices.DeleteFunc(slices.Clone(trained), func(r reflected) bool { return !r.Passed })
	rows := readParquet[row](t, dir, export.SFTTokensMask.Name)
	if len(rows) != len(passed) {
		t.Fatalf("%d rows, want %d", len(rows), len(passed))
	}
	for i, r := range rows {
		if !slices.Equal(r.IDs, append(slices.Clone(passed[i].ContextIDs), passed[i].IDs...)) {
			t.Errorf("row %d: ids of %q", i, decode(r.IDs))
		}
		if len(r.Loss) != len(r.IDs) || r.Loss[0] != 0 {
			t.Fatalf("row %d: %d ids, %d masks, the first is %d", i, len(r.IDs), len(r.Loss), r.Loss[0])
		}
		rolled := append(slices.Clone(r.Loss[1:]), r.Loss[0])
		var targets []int32
		for j, m := range rolled {
			if m == 1 {
				targets = append(targets, r.IDs[j+1])
			}
		}
		if !slices.Equal(targets, passed[i].IDs) {
			t.Errorf("row %d: AReaL trains %q, want %q", i, decode(targets), decode(passed[i].IDs))
		}
	}
	wantColumns(t, dir, export.Sequences.Name, `reward: double`)
}

// stored is a message as a file holds it.
type stored struct {
	Role    string `parquet:"role"`
	Content string `parquet:"content"`
}

// sequence is what the contracts need of a row of sequences.
type sequence struct {
	IDs         []int32    `parquet:"input_ids,list"`
	PromptLen   int32      `parquet:"prompt_len"`
	Loss        []int8     `parquet:"loss_mask,list"`
	Logprobs    []*float32 `parquet:"logprobs,list,optional"`
	Complete    bool       `parquet:"logprobs_complete"`
	Advantages  []float32  `parquet:"advantages,list,optional"`
	Temperature *float64   `parquet:"temperature"`
}

func texts(all []reflected, passed bool) []string {
	var t []string
	for _, r := range all {
		if r.Passed == passed {
			t = append(t, r.Reflection)
		}
	}
	return t
}

func picked(ids []int32, mask []int8) []int32 {
	var p []int32
	for i, id := range ids {
		if mask[i] == 1 {
			p = append(p, id)
		}
	}
	return p
}

// chatExport exports Chat, and returns the folder and the reflections of Chat that train.
func chatExport(t *testing.T) (string, []reflected) {
	t.Helper()
	dir := t.TempDir()
	info := export.Info{Run: "run", Verifier: "countdown"}
	formats := []export.Format{
		export.RLPrompts, export.RLPromptsReflect, export.DPONeMo, export.SFTMessages, export.SFTMessagesSlime, export.SFTTokensMask, export.Sequences,
	}
	groups := exporttest.Chat()
	if _, err := export.Write(context.Background(), disk.OS{}, dir, info, export.Options{}, formats, exporttest.All(groups)); err != nil {
		t.Fatal(err)
	}
	return dir, expect(groups).Trained
}

func readParquet[R any](t *testing.T, dir, format string) []R {
	t.Helper()
	rows, err := parquet.ReadFile[R](parquetPath(t, dir, format))
	if err != nil {
		t.Fatalf("read %s: %v", format, err)
	}
	return rows
}
