package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"mulligan/data"
	"mulligan/reward"
)

// countdownCase is a question with what a verifier needs to judge it without a server.
type countdownCase struct {
	truth json.RawMessage
	reply string
}

// countdownCases returns n replies to random tasks, the same each time: half right, the others with
// another value, other numbers, damaged, without tags, or with a ground truth that cannot be read.
func countdownCases(n int) []countdownCase {
	g := rand.New(rand.NewPCG(8, 730))
	pick := func(list ...string) string { return list[g.IntN(len(list))] }
	cases := make([]countdownCase, n)
	for i := range cases {
		numbers := make([]int, 1+g.IntN(6))
		for j := range numbers {
			numbers[j] = 1 + g.IntN(99)
		}
		expr, target := fmt.Sprint(numbers[0]), numbers[0]
		for _, x := range numbers[1:] {
			switch op := pick("+", "-", "*", " × ", " - "); strings.TrimSpace(op) {
			case "+":
				expr, target = expr+op+fmt.Sprint(x), target+x
			case "-":
				expr, target = expr+op+fmt.Sprint(x), target-x
			default:
				expr, target = "("+expr+")"+op+fmt.Sprint(x), target*x
			}
		}
		switch g.IntN(12) {
		case 0:
			target++
		case 1:
			expr = expr + "+" + fmt.Sprint(g.IntN(9))
		case 2, 3:
			at := g.IntN(len(expr) + 1)
			expr = expr[:at] + pick("(", ")", "**", "//", ".", " ", "\t", "x", "=", "²", "<", "&", "\u2028", "\x00", "\"", "\\", "é", "\U0001F600", "9**9**9", "...") + expr[at:]
		case 4:
			expr += fmt.Sprintf(" = %d", target+g.IntN(2))
		}
		c := &cases[i]
		c.truth, _ = json.Marshal(map[string]any{"numbers": numbers, "target": target})
		c.reply = pick("", "", "", "<think>"+expr+"</think>\n", "Assistant: ", "<answer>1</answer>") + "<answer>" + expr + "</answer>" + pick("", "", "", "\n", " done")
		c.reply = strings.ToValidUTF8(c.reply, "\ufffd") // a character may be cut in two; a run receives none that is
		switch g.IntN(40) {
		case 0:
			c.reply = strings.ToValidUTF8(expr, "\ufffd")
		case 1:
			c.reply = ""
		case 2:
			c.truth = json.RawMessage(pick(`{"numbers":[1]}`, `{"numbers":[],"target":1}`, `null`, `{"numbers":[1.5],"target":1}`, `"x"`))
		}
	}
	return cases
}

// TestServeAgrees: over 10,000 replies the server, single and in batches, gives the bytes that the
// command verify gives, and these are the verdicts of a run's own verifier, by both rules.
func TestServeAgrees(t *testing.T) {
	dir := t.TempDir()
	plan := filepath.Join(dir, "plan.yaml")
	if err := writeTestPlan(plan, "http://127.0.0.1:1", 1, ""); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	tinyzero := strings.Replace(string(text), "{name: number}", "{name: countdown, rules: tinyzero}", 1)
	if err := os.WriteFile(plan, []byte(tinyzero), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := readPlan(plan)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	strict, err := byOptions("verifier", verifiers, "countdown", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	cases := countdownCases(10_000)
	for _, c := range []struct {
		name          string
		run           reward.Verifier
		verify, serve []string
	}{
		{"strict", strict, []string{"countdown"}, []string{"countdown", "--option", "rules=strict"}},
		{"tinyzero", p.verifier.value, []string{"countdown", "--option", "rules=tinyzero", "--option", `marker="Assistant:"`}, []string{"--plan", plan}},
	} {
		t.Run(c.name, func(t *testing.T) {
			questions, want := make([]string, len(cases)), make([]string, len(cases))
			count := map[bool]int{}
			for i, cs := range cases {
				b, err := json.Marshal(map[string]any{"id": i, "answer": cs.truth, "response": cs.reply})
				if err != nil {
					t.Fatal(err)
				}
				questions[i] = string(b)
				v, err := c.run.Verify(context.Background(), data.Prompt{Messages: []data.Message{{Role: data.RoleUser}}, Answer: cs.truth}, cs.reply)
				if err == nil {
					count[v.Pass]++
				}
				want[i] = plainRuling(t, i, v, err)
			}
			undecided := len(cases) - count[true] - count[false]
			t.Logf("%d pass, %d fail, %d undecided", count[true], count[false], undecided)
			if count[true] < 1000 || count[false] < 1000 || undecided < 100 {
				t.Fatal("the cases are one-sided")
			}

			cmd := mulligan(append([]string{"verify"}, c.verify...)...)
			cmd.Stdin = strings.NewReader(strings.Join(questions, "\n"))
			out, err := cmd.Output()
			if e, ok := errors.AsType[*exec.ExitError](err); !ok || e.ExitCode() != exitFailed {
				t.Fatalf("verify: %v", err)
			}
			compare(t, "verify", strings.SplitAfter(strings.TrimSuffix(string(out), "\n"), "\n"), want)

			s := startServe(t, c.serve...)
			compare(t, "single", s.single(t, questions), want)
			compare(t, "batch", s.batches(t, questions, 64), want)
			status, lines, err := s.post("/verify/batch", "application/x-ndjson", strings.Join(questions, "\n"))
			if status != 200 || err != nil {
				t.Fatalf("lines: %d, %v", status, err)
			}
			compare(t, "lines", strings.SplitAfter(strings.TrimSuffix(lines, "\n"), "\n"), want)
			if code := s.stop(t, syscall.SIGTERM); code != 0 {
				t.Errorf("exit code %d\n%s", code, s.stderr.Bytes())
			}
		})
	}
}

// plainRuling writes what the documentation promises, apart from the code that serves.
func plainRuling(t *testing.T, id int, v reward.Verdict, err error) string {
	text := func(s string) string {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(b.String(), "\n")
	}
	if err != nil {
		return fmt.Sprintf(`{"id":%d,"error":%s}`, id, text(err.Error()))
	}
	return fmt.Sprintf(`{"id":%d,"pass":%t,"score":%v,"parsed":%s,"reason":%s,"feedback":%s}`, id, v.Pass, v.Score, text(v.Parsed), text(v.Reason), text(v.Feedback))
}

func compare(t *testing.T, how string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rulings, want %d", how, len(got), len(want))
	}
	bad := 0
	for i := range want {
		if strings.TrimSuffix(got[i], "\n") != want[i] {
			if bad++; bad <= 5 {
				t.Errorf("%s: %s; want %s", how, got[i], want[i])
			}
		}
	}
	if bad > 5 {
		t.Errorf("%s: %d differ", how, bad)
	}
}

// single asks one question a request, by 8 clients.
func (s *serving) single(t *testing.T, questions []string) []string {
	got := make([]string, len(questions))
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < len(questions); i += 8 {
				status, body, err := s.post("/verify", "application/json", questions[i])
				if want := map[bool]int{true: 422, false: 200}[strings.Contains(body, `"error"`)]; err != nil || status != want {
					t.Errorf("%s: %d, want %d; %s %v", questions[i], status, want, body, err)
					return
				}
				got[i] = body
			}
		})
	}
	wg.Wait()
	return got
}

func (s *serving) batches(t *testing.T, questions []string, size int) []string {
	var got []string
	for len(questions) > 0 {
		n := min(size, len(questions))
		status, body, err := s.post("/verify/batch", "application/json", `{"items":[`+strings.Join(questions[:n], ",")+`]}`)
		var out struct{ Results []json.RawMessage }
		if err == nil {
			err = json.Unmarshal([]byte(body), &out)
		}
		if err != nil || status != 200 {
			t.Fatalf("batch: %d, %v", status, err)
		}
		for _, r := range out.Results {
			got = append(got, string(r))
		}
		questions = questions[n:]
	}
	return got
}
