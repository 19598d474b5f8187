package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"mulligan/data/disk"
	"mulligan/pipeline"
	"mulligan/stages/llm/llmtest"
)

// serving is the real binary that serves.
type serving struct {
	cmd    *exec.Cmd
	url    string
	stderr bytes.Buffer
}

func startServe(t *testing.T, args ...string) *serving {
	t.Helper()
	s := &serving{cmd: mulligan(append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)}
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); s.cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	found := regexp.MustCompile(`^serving [a-z_, ]+ on (http://127\.0\.0\.1:\d+) \(workers \d+, queue \d+\)\n$`).FindStringSubmatch(line)
	if found == nil {
		s.cmd.Wait()
		t.Fatalf("it says %q, %v\n%s", line, err, s.stderr.Bytes())
	}
	s.url = found[1]
	return s
}

// post returns the status and body of an answer.
func (s *serving) post(path, kind, body string) (int, string, error) {
	res, err := http.Post(s.url+path, kind, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// stop sends a signal and returns the exit code.
func (s *serving) stop(t *testing.T, signals ...os.Signal) int {
	t.Helper()
	for i, sig := range signals {
		if i > 0 {
			time.Sleep(300 * time.Millisecond)
		}
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	err := s.cmd.Wait()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return e.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

// TestServeRun: a run's verifier is served with the run's options.
func TestServeRun(t *testing.T) {
	s := llmtest.NewServer("tiny", guess)
	defer s.Close()
	dir := t.TempDir()
	plan := filepath.Join(dir, "plan.yaml")
	if err := writeTestPlan(plan, s.URL, 2, "export: {formats: []}"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(plan, []byte(replace(string(text), "{name: number}", "{name: number, tolerance: 1}")), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := mulligan("run", plan, "--quiet").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := filepath.Join(dir, "plan.run")
	served := startServe(t, "--run", run)
	status, body, err := served.post("/verify", "application/json", `{"id":1,"answer":{"value":"42"},"response":"43"}`)
	if want := `{"id":1,"pass":true,"score":1,"parsed":"43","reason":"","feedback":""}` + "\n"; status != 200 || body != want || err != nil {
		t.Errorf("%d %s %v; want %s", status, body, err, want)
	}
	recorded := served.agreesWith(t, run)
	if recorded != 11 {
		t.Errorf("the run holds %d verdicts", recorded)
	}
	served.stop(t, syscall.SIGTERM)

	head := filepath.Join(run, "run.json")
	b, err := os.ReadFile(head)
	if err != nil {
		t.Fatal(err)
	}
	old := regexp.MustCompile(`("verifier.rules_version": *)"1"`).ReplaceAll(b, []byte(`$1"0"`))
	if bytes.Equal(old, b) {
		t.Fatalf("no version of the rules in %s", b)
	}
	if err := os.WriteFile(head, old, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := mulligan("serve", "--addr", "127.0.0.1:0", "--run", run).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "was judged by version 0 of the rules of number, this program has version 1") {
		t.Errorf("%v\n%s", err, out)
	}
}

// agreesWith asks for every verdict that a run recorded and returns how many these are.
func (s *serving) agreesWith(t *testing.T, dir string) (recorded int) {
	t.Helper()
	r, err := pipeline.Read(disk.OS{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for g, err := range r.Groups() {
		if err != nil {
			t.Fatal(err)
		}
		for _, rollout := range g.Rollouts {
			for _, turn := range rollout.Turns {
				if turn.Verdict == nil {
					continue
				}
				recorded++
				b, err := json.Marshal(map[string]any{"id": recorded, "answer": g.Prompt.Answer, "response": turn.Message.Answer(), "messages": g.Prompt.Messages})
				if err != nil {
					t.Fatal(err)
				}
				status, body, err := s.post("/verify", "application/json", string(b))
				if want := plainRuling(t, recorded, *turn.Verdict, nil) + "\n"; status != 200 || body != want || err != nil {
					t.Errorf("%d %s %v; the run has %s", status, body, err, want)
				}
			}
		}
	}
	return recorded
}

// TestServeChangedProgram: a run's verifier is not served by another program than judged it.
func TestServeChangedProgram(t *testing.T) {
	s := llmtest.NewServer("tiny", guess)
	defer s.Close()
	dir := t.TempDir()
	plan, program := filepath.Join(dir, "plan.yaml"), filepath.Join(dir, "judge.sh")
	if err := writeTestPlan(plan, s.URL, 2, "export: {formats: []}"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	judge := "n=0; while read l; do n=$((n+1)); echo \"{\\\"id\\\":\\\"$n\\\",\\\"pass\\\":false}\"; done\n"
	for name, text := range map[string]string{plan: replace(string(text), "{name: number}", "{name: command, command: [sh, judge.sh]}"), program: judge} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := mulligan("run", plan, "--quiet").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := filepath.Join(dir, "plan.run")
	served := startServe(t, "--run", run)
	if n := served.agreesWith(t, run); n == 0 {
		t.Error("the run holds no verdicts")
	}
	if code := served.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if err := os.WriteFile(program, []byte(strings.Replace(judge, "false", "true", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := mulligan("serve", "--addr", "127.0.0.1:0", "--run", run).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the program of the verifier command changed since it judged the run") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestServeStops: the first signal finishes what is in hand, the second one drops it; both say so to
// whoever waits.
func TestServeStops(t *testing.T) {
	slow := `command=[sh, -c, "n=0; while read l; do n=$((n+1)); sleep SECONDS; echo \"{\\\"id\\\":\\\"$n\\\",\\\"pass\\\":true}\"; done"]`
	for _, c := range []struct {
		name, seconds string
		signals       []os.Signal
		code, status  int
		body, stderr  string
	}{
		{"finish", "1", []os.Signal{syscall.SIGTERM}, 0, 200, `{"id":5,"pass":true,"score":1,"parsed":"","reason":"","feedback":""}`, "stopping: requests in hand: 1; they may finish for 30s"},
		{"drop", "60", []os.Signal{os.Interrupt, os.Interrupt}, 130, 503, `{"id":5,"error":"the server stopped before the verdict: ask again"}`, "mulligan: serve: stopped before 1 requests were judged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startServe(t, "command", "--option", strings.Replace(slow, "SECONDS", c.seconds, 1))
			answered := make(chan string, 1)
			go func() {
				status, body, err := s.post("/verify", "application/json", `{"id":5,"response":"x"}`)
				answered <- fmt.Sprintf("%d %s%v", status, body, err)
			}()
			for range 100 { // until the question is judged
				res, err := http.Get(s.url + "/metrics")
				if err != nil {
					t.Fatal(err)
				}
				b, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if bytes.Contains(b, []byte("\nmulligan_serve_in_flight 1\n")) {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			code := s.stop(t, c.signals...)
			if got, want := <-answered, fmt.Sprintf("%d %s\n<nil>", c.status, c.body); got != want {
				t.Errorf("the client is told %s; want %s", got, want)
			}
			if code != c.code || !strings.Contains(s.stderr.String(), c.stderr) {
				t.Errorf("exit code %d, want %d; %s", code, c.code, s.stderr.Bytes())
			}
		})
	}
}
