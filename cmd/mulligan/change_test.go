package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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
	for name, how := range map[string]struct {
		end  func(cmd *exec.Cmd, out *lockedBuffer)
		code int
		says []string
	}{
		"runs on": {func(*exec.Cmd, *lockedBuffer) {}, exitError, []string{"draws may be of another model than the run's", "let " + s.URL + " serve tiny"}},
		"killed once it is told": {func(cmd *exec.Cmd, out *lockedBuffer) {
			for !strings.Contains(out.String(), "left out for good") {
				time.Sleep(time.Millisecond)
			}
			cmd.Process.Kill()
		}, 0, []string{"left out for good"}}, // it may have ended by itself before that
		"interrupted": {func(cmd *exec.Cmd, _ *lockedBuffer) {
			time.Sleep(10 * time.Millisecond)
			cmd.Process.Signal(os.Interrupt)
		}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(dir, name)
			cmd := mulligan("run", plan, "--quiet", "--dir", run)
			var out lockedBuffer
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
			how.end(cmd, &out)
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != how.code && how.code != 0 {
				t.Errorf("exit code %d, want %d", code, how.code)
			}
			for _, part := range append(how.says, "revision was abababababab and is cdababababab") {
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
		})
	}
}

// lockedBuffer takes the output of a process that runs.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
