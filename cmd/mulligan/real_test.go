package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// needs returns an environment variable that make test sets, and skips without it; where everything
// must run (MULLIGAN_FULL) its absence is a failure.
func needs(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" && os.Getenv("MULLIGAN_FULL") != "" {
		t.Fatalf("%s is not set", name)
	}
	if v == "" {
		t.Skipf("%s is not set: make test sets it", name)
	}
	return v
}

// TestRealModel plays the whole job on a real small model behind a real Ollama: doctor, run, the
// same again, check, audit, and the rows of the export against the rules of the strategy.
func TestRealModel(t *testing.T) {
	endpoint := needs(t, "MULLIGAN_OLLAMA")
	dir := t.TempDir()
	plan := filepath.Join(dir, "plan.yaml")
	b, err := os.ReadFile("../../docs/examples/function_calls.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := replace(string(b), "http://127.0.0.1:11434", endpoint)
	text = replace(replace(text, "count: 10", "count: 6"), "reflections: 6", "reflections: 2")
	text = replace(text, "formats: [episodes, failures, rl_prompts_reflect, kto, dpo, sft_tokens, sequences, arrow]", "formats: [episodes_jsonl, kto_jsonl, failures, rl_prompts_reflect, dpo, sft_tokens, sequences]")
	if err := os.WriteFile(plan, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "prompts"), os.DirFS("../../docs/examples/prompts")); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "plan.run")
	play(t, []string{"doctor", plan}, []string{"run", plan}, []string{"run", plan}, []string{"check", run, filepath.Join(run, "export")},
		[]string{"audit", run}, []string{"show", run})
	rows := readRows[episode](t, filepath.Join(run, "export", "episodes_jsonl", "train-00000-of-00001.jsonl"))
	reflections := 0
	for i, r := range rows {
		if r.Arm != "reflection" {
			if r.Reward != nil {
				t.Errorf("row %d: the arm %s has a reward", i, r.Arm)
			}
			continue
		}
		reflections++
		if r.Reward == nil || r.RetryPassed == nil || (*r.Reward == 1) != *r.RetryPassed {
			t.Errorf("row %d: reward %v, retry passed %v", i, r.Reward, r.RetryPassed)
		}
		for _, c := range r.Calls {
			if c.Rewarded && c.Kind != "reflection" {
				t.Errorf("row %d: a %s is rewarded", i, c.Kind)
			}
			if c.Tokens == nil || *c.Tokens > 0 && len(c.Logprobs) == 0 {
				t.Errorf("row %d: %s: counts or log-probabilities are missing", i, c.Kind)
			}
			if c.Source != "aligned" || c.PromptSource != "rendered" {
				t.Errorf("row %d: %s: ids %s, context %s: %v", i, c.Kind, c.Source, c.PromptSource, c.NoTokens)
			}
		}
	}
	if reflections == 0 {
		t.Error("no attempt failed: the tasks are too easy for this test")
	}
}

// TestRealScores has a llama-server with the same file say how likely Ollama's reflections are to it: a
// wrong id would be far off. Then it fills in what Ollama did not tell.
func TestRealScores(t *testing.T) {
	ollama, llama := needs(t, "MULLIGAN_OLLAMA"), needs(t, "MULLIGAN_LLAMA_SERVER")
	dir := t.TempDir()
	plan, run := filepath.Join(dir, "plan.yaml"), filepath.Join(dir, "plan.run")
	writeExample(t, plan, ollama, "ollama", "count: 2", "reflections: 3", "tokens: auto")
	play(t, []string{"run", plan, "--quiet"}, []string{"score", run, "--endpoint", llama, "--step", "reflection", "--to", filepath.Join(dir, "scores.jsonl")},
		[]string{"export", run, "--format", "sequences_jsonl", "--to", filepath.Join(dir, "filled"), "--fill-logprobs", "smollm2:135m", "--logprobs", "complete", "--skip", "no_tokens"})
	tokens, ends, off := 0, 0, 0.0
	for _, s := range readRows[scored](t, filepath.Join(dir, "scores.jsonl")) {
		for i, own := range s.Logprobs {
			if own != nil {
				tokens, off = tokens+1, max(off, math.Abs(float64(*own-s.Scores[i])))
			}
		}
		if s.End == "scored" { // its id and log-probability are from the second request
			ends++
		}
	}
	if tokens == 0 || ends == 0 || off > 1e-3 {
		t.Errorf("%d tokens, %d end tokens, log-probabilities differ by up to %g: want at most 0.001", tokens, ends, off)
	}
	t.Logf("%d tokens, %d end tokens among them, log-probabilities differ by up to %g", tokens, ends, off)
}

// TestRealLlamaServer plays the job on a llama-server, contexts sent as ids: every turn extends the one
// before, and the model's own scores are what the draws had.
func TestRealLlamaServer(t *testing.T) {
	llama := needs(t, "MULLIGAN_LLAMA_SERVER")
	dir := t.TempDir()
	plan, run := filepath.Join(dir, "plan.yaml"), filepath.Join(dir, "plan.run")
	writeExample(t, plan, llama, "openai", "count: 3", "reflections: 2", "token_in: true, tokens: require")
	play(t, []string{"run", plan, "--quiet"}, []string{"check", run}, []string{"audit", run},
		[]string{"export", run, "--format", "sequences_jsonl", "--to", filepath.Join(dir, "out"), "--logprobs", "complete"},
		[]string{"score", run, "--endpoint", llama, "--step", "reflection", "--limit", "1"})
	rows := readRows[struct {
		Break *string `json:"break_reason"`
		Kind  string  `json:"kind"`
		Exact bool    `json:"exact"`
	}](t, filepath.Join(dir, "out", "sequences_jsonl", "train-00000-of-00001.jsonl"))
	for i, r := range rows {
		if r.Break != nil || r.Kind != "merged" || !r.Exact {
			t.Errorf("row %d: %+v: want turns that extend one another", i, r)
		}
	}
	if len(rows) == 0 {
		t.Error("no reflection trains")
	}
}

// writeExample writes the example plan with another engine and less to do.
func writeExample(t *testing.T, plan, endpoint, kind, count, reflections, engine string) {
	t.Helper()
	b, err := os.ReadFile("../../docs/examples/function_calls.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := replace(string(b), "http://127.0.0.1:11434", endpoint)
	text = replace(replace(text, "count: 10", count), "reflections: 6", reflections)
	text = replace(text, "  kind: ollama\n", "  kind: "+kind+"\n  "+strings.ReplaceAll(engine, ", ", "\n  ")+"\n")
	text = replace(text, "formats: [episodes, failures, rl_prompts_reflect, kto, dpo, sft_tokens, sequences, arrow]", "formats: []")
	if err := os.WriteFile(plan, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(filepath.Dir(plan), "prompts"), os.DirFS("../../docs/examples/prompts")); err != nil {
		t.Fatal(err)
	}
}

// play runs the program once for each list of arguments, and shows what it says.
func play(t *testing.T, commands ...[]string) {
	t.Helper()
	for _, args := range commands {
		out, err := mulligan(args...).CombinedOutput()
		t.Logf("mulligan %s\n%s", strings.Join(args, " "), out)
		if err != nil {
			t.Fatal(err)
		}
	}
}

type scored struct {
	Logprobs []*float32 `json:"logprobs"`
	Scores   []float32  `json:"scores"`
	End      string     `json:"end_token"`
}

type episode struct {
	Arm         string   `json:"arm"`
	Reward      *float64 `json:"reward"`
	RetryPassed *bool    `json:"retry_passed"`
	Calls       []struct {
		Kind         string     `json:"kind"`
		Rewarded     bool       `json:"rewarded"`
		Tokens       *int       `json:"completion_tokens"`
		Logprobs     []*float32 `json:"completion_logprobs"`
		Source       string     `json:"token_source"`
		PromptSource string     `json:"prompt_token_source"`
		NoTokens     *string    `json:"no_tokens"`
	} `json:"calls"`
}

func readRows[T any](t *testing.T, name string) (rows []T) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var r T
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}
