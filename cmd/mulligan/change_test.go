package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ollama/ollama/api"

	"mulligan/stages/llm/llmtest"
)

// TestModelChangesDuringRun puts another model behind the name while a run goes on. The run ends and says
// so; what that model may have drawn is drawn again once the right one is back, and the export is that of
// a run that nothing happened to.
func TestModelChangesDuringRun(t *testing.T) {
	var other atomic.Bool
	s := llmtest.NewServer("tiny", func(req api.ChatRequest) llmtest.Reply {
		if other.Load() {
			return llmtest.Reply{Text: "the other model says 0"}
		}
		return guess(req)
	})
	s.Spelled = true
	defer s.Close()
	s.Delay = 5 * time.Millisecond
	dir := t.TempDir()
	plan := filepath.Join(dir, "plan.yaml")
	if err := writeTestPlan(plan, s.URL, 60, ""); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(plan, []byte(replace(string(b), "model: tiny", "model: tiny, check_every: 40ms")), 0o644); err != nil {
		t.Fatal(err)
	}
	want := runToEnd(t, plan, filepath.Join(dir, "calm"))
	run := filepath.Join(dir, "run")
	cmd := mulligan("run", plan, "--quiet", "--dir", run)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	before := s.Requests()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for s.Requests() < before+60 {
		time.Sleep(time.Millisecond)
	}
	other.Store(true)
	s.SetRevision("cd")
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitError {
		t.Errorf("exit code %d, want %d", code, exitError)
	}
	for _, part := range []string{"revision was abababababab and is cdababababab", "draws may be of another model than the run's", "let " + s.URL + " serve tiny"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the run does not say %q:\n%s", part, out.String())
		}
	}
	// As long as the other model is there, nothing goes on.
	again := mulligan("run", plan, "--quiet", "--dir", run)
	if text, _ := again.CombinedOutput(); again.ProcessState.ExitCode() == 0 || !strings.Contains(string(text), "policy.revision") {
		t.Errorf("exit code %d: %s", again.ProcessState.ExitCode(), text)
	}
	other.Store(false)
	s.SetRevision("")
	same(t, "after the right model came back", runToEnd(t, plan, run), want)
	if text, err := mulligan("check", run).CombinedOutput(); err != nil || !strings.Contains(string(text), "draws in doubt") {
		t.Errorf("%v: %s", err, text)
	}
}
