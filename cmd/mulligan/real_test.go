package main

import (
	"encoding/json"
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
	text = replace(text, "formats: [episodes, failures, kto, arrow]", "formats: [episodes_jsonl, kto_jsonl, failures]")
	if err := os.WriteFile(plan, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "prompts"), os.DirFS("../../docs/examples/prompts")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"doctor", plan}, {"run", plan}, {"run", plan}, {"check", filepath.Join(dir, "plan.run"), filepath.Join(dir, "plan.run", "export")},
		{"audit", filepath.Join(dir, "plan.run")}, {"show", filepath.Join(dir, "plan.run")}} {
		out, err := mulligan(args...).CombinedOutput()
		t.Logf("mulligan %s\n%s", strings.Join(args, " "), out)
		if err != nil {
			t.Fatal(err)
		}
	}
	rows := readRows(t, filepath.Join(dir, "plan.run", "export", "episodes_jsonl", "train-00000-of-00001.jsonl"))
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
		}
	}
	if reflections == 0 {
		t.Error("no attempt failed: the tasks are too easy for this test")
	}
}

type episode struct {
	Arm         string   `json:"arm"`
	Reward      *float64 `json:"reward"`
	RetryPassed *bool    `json:"retry_passed"`
	Calls       []struct {
		Kind     string    `json:"kind"`
		Rewarded bool      `json:"rewarded"`
		Tokens   *int      `json:"completion_tokens"`
		Logprobs []float32 `json:"completion_logprobs"`
	} `json:"calls"`
}

func readRows(t *testing.T, name string) (rows []episode) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var r episode
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}
