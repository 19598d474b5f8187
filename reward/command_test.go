package reward_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mulligan/reward"
	"mulligan/reward/rewardtest"
)

// TestCommandProgram is not a test: it is the program that the tests of Command run.
func TestCommandProgram(t *testing.T) {
	if os.Getenv("MULLIGAN_TEST_PROGRAM") == "" {
		t.Skip("the program of other tests")
	}
	mode, file := os.Args[len(os.Args)-2], os.Args[len(os.Args)-1]
	in := bufio.NewReader(os.Stdin)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil {
			os.Exit(0)
		}
		var req struct {
			ID       string
			Answer   struct{ Value string }
			Response string
			Messages []struct{ Role, Content string }
		}
		if err := json.Unmarshal(line, &req); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		answerTo(mode, file, n, req.ID, req.Answer.Value, req.Response)
	}
}

func answerTo(mode, file string, n int, id, truth, response string) {
	say := func(v map[string]any) {
		v["id"] = id
		_ = json.NewEncoder(os.Stdout).Encode(v)
	}
	verdict := map[string]any{"pass": response == truth, "parsed": response[:min(len(response), 20)], "feedback": "as it is", "reason": "process " + strconv.Itoa(os.Getpid())}
	if response == truth {
		verdict["score"] = 1
	}
	switch mode {
	case "good":
		delete(verdict, "reason")
	case "pid":
	case "once": // dies after each answer
		say(verdict)
		os.Exit(0)
	case "dies once": // the first process dies before it answers
		if _, err := os.Stat(file); err != nil {
			_ = os.WriteFile(file, nil, 0o644)
			os.Exit(7)
		}
	case "dies":
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 10_000)+"out of luck")
		os.Exit(7)
	case "hangs":
		time.Sleep(time.Hour)
	case "hangs with a child":
		cmd := exec.Command("sleep", "3600")
		cmd.Stdout = os.Stdout
		_ = cmd.Start()
		_ = os.WriteFile(file, []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)
		time.Sleep(time.Hour)
	case "garbage":
		fmt.Println("Loading model...")
	case "other id":
		id = "x" + id
	case "no pass":
		delete(verdict, "pass")
	case "endless":
		for {
			fmt.Print(strings.Repeat("y", 1<<16))
		}
	case "declines":
		verdict = map[string]any{"error": "no such thing"}
	case "half":
		fmt.Print(`{"id":"` + id + `","pass":true`)
		os.Exit(0)
	}
	say(verdict)
}

// command returns a verifier that runs this test binary in a mode.
func command(t *testing.T, mode, file string, opts reward.CommandOptions) *reward.Command {
	t.Helper()
	t.Setenv("MULLIGAN_TEST_PROGRAM", "1")
	opts.Command = []string{os.Args[0], "-test.run=^TestCommandProgram$", "--", mode, file}
	v, err := reward.NewCommand(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func TestCommandConformance(t *testing.T) {
	v := command(t, "good", "", reward.CommandOptions{})
	cases := []rewardtest.Case{
		{Prompt: prompt("6*7", `{"value":"42"}`), Gold: []string{"42"}, Wrong: []string{"43"}},
		{Prompt: prompt("2+3", `{"value":"5"}`), Gold: []string{"5"}},
	}
	if err := rewardtest.Check(v, cases); err != nil {
		t.Error(err)
	}
}

func TestCommandVerdict(t *testing.T) {
	p := prompt("", `{"value":"42"}`)
	for _, c := range []struct {
		mode  string
		error string // a part of it; "": none
	}{
		{"good", ""},
		{"once", ""},
		{"dies once", ""},
		{"dies", `: the program ended before it answered (exit status 7); its standard error ends with "xxx`},
		{"hangs", ": no answer within 200ms"},
		{"garbage", `: read answer "Loading model...": want one line {"id","pass",...} or {"id","error"} for each request: invalid character 'L'`},
		{"other id", `to request "1": want one line {"id","pass",...}`},
		{"no pass", `to request "1": want one line {"id","pass",...}`},
		{"endless", ": read answer: a line of more than 1048576 bytes"},
		{"declines", ": the program could not decide: no such thing"},
		{"half", ": the program ended before it answered"},
	} {
		t.Run(c.mode, func(t *testing.T) {
			opts := reward.CommandOptions{Processes: 1, Timeout: 20 * time.Second}
			if c.mode == "hangs" {
				opts.Timeout = 200 * time.Millisecond
			}
			v := command(t, c.mode, filepath.Join(t.TempDir(), "x"), opts)
			for range 3 {
				got, err := v.Verify(context.Background(), p, "42")
				switch {
				case c.error == "" && (err != nil || !got.Pass || got.Score != 1 || got.Parsed != "42" || got.Feedback != "as it is"):
					t.Fatalf("verdict %+v, error %v", got, err)
				case c.error != "" && (err == nil || !strings.Contains(err.Error(), c.error)):
					t.Fatalf("error %v, want %s", err, c.error)
				case err != nil && len(err.Error()) > 10_000:
					t.Fatalf("an error of %d bytes", len(err.Error()))
				}
			}
		})
	}
}

func TestCommandReuse(t *testing.T) {
	v := command(t, "pid", "", reward.CommandOptions{Processes: 3})
	var mu sync.Mutex
	var wg sync.WaitGroup
	pids := map[string]int{}
	for range 30 {
		wg.Go(func() {
			got, err := v.Verify(context.Background(), prompt("", `{"value":"1"}`), "2")
			if err != nil || got.Pass || got.Score != 0 {
				t.Errorf("%+v, error %v", got, err)
			}
			mu.Lock()
			defer mu.Unlock()
			pids[got.Reason]++
		})
	}
	wg.Wait()
	if len(pids) < 1 || len(pids) > 3 {
		t.Errorf("%d processes answered, want 1 to 3: %v", len(pids), pids)
	}
}

func TestCommandCancel(t *testing.T) {
	v := command(t, "hangs", "", reward.CommandOptions{Processes: 1})
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(100*time.Millisecond, func() { cancel(cause) })
	if _, err := v.Verify(ctx, prompt("", `{"value":"1"}`), "1"); !errors.Is(err, cause) {
		t.Errorf("error %v, want the context's cause", err)
	}
}

func TestCommandClose(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	v := command(t, "hangs with a child", file, reward.CommandOptions{Processes: 1})
	done := make(chan error)
	go func() {
		_, err := v.Verify(context.Background(), prompt("", `{"value":"1"}`), "1")
		done <- err
	}()
	var child string
	for child == "" {
		b, _ := os.ReadFile(file)
		child = string(b)
		time.Sleep(5 * time.Millisecond)
	}
	v.Close()
	if err := <-done; err == nil || !strings.HasSuffix(err.Error(), ": the verifier is closed") {
		t.Errorf("error %v, want that the verifier is closed", err)
	}
	if _, err := v.Verify(context.Background(), prompt("", `{"value":"1"}`), "1"); err == nil || !strings.HasSuffix(err.Error(), ": the verifier is closed") {
		t.Errorf("after Close: error %v, want that the verifier is closed", err)
	}
	for range 200 { // the child of the killed program is gone, or waits for its new parent to notice
		stat, err := os.ReadFile("/proc/" + child + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %s, started by the program, is still there", child)
}

func TestNewCommand(t *testing.T) {
	for want, opts := range map[string]reward.CommandOptions{
		"command: option command is empty: want a program and its arguments": {},
		"command: timeout -1s: want more than 0":                             {Command: []string{os.Args[0]}, Timeout: -time.Second},
		"command: processes 1000: want 1 to 256":                             {Command: []string{os.Args[0]}, Processes: 1000},
	} {
		if _, err := reward.NewCommand(opts); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := reward.NewCommand(reward.CommandOptions{Command: []string{"no-such-program-here"}}); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("error %v, want that the program is not found", err)
	}
}

// TestCommandMathVerify runs Math-Verify, if MULLIGAN_PYTHON is a Python that has it.
func TestCommandMathVerify(t *testing.T) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		t.Skip("MULLIGAN_PYTHON is not set to a Python with math-verify")
	}
	v, err := reward.NewCommand(reward.CommandOptions{Command: []string{python, "../docs/verifiers/math_verifier.py"}, Processes: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	cases := []rewardtest.Case{{
		Prompt: prompt("1/4+1/4", `{"answer":"\\frac{1}{2}"}`),
		Gold:   []string{`It is $\boxed{\frac{1}{2}}$.`, `$0.5$`, `$\boxed{\frac{2}{4}}$`},
		Wrong:  []string{`$\boxed{\frac{1}{3}}$`, `$\boxed{2}$`},
	}, {
		Prompt: prompt("solve x^2=2", `{"answer":"$\\{-\\sqrt{2}, \\sqrt{2}\\}$"}`),
		Gold:   []string{`$\boxed{\{\sqrt{2}, -\sqrt{2}\}}$`},
		Wrong:  []string{`$\boxed{\sqrt{3}}$`},
	}}
	for i, c := range cases {
		for _, gold := range c.Gold {
			if got, err := v.Verify(context.Background(), c.Prompt, gold); err != nil || !got.Pass || got.Score != 1 {
				t.Errorf("case %d, %s: %+v, error %v", i, gold, got, err)
			}
		}
		for _, wrong := range append(c.Wrong, cases[1-i].Gold[0], "", "I do not know.", "\\boxed{", "\xff") {
			if got, err := v.Verify(context.Background(), c.Prompt, wrong); err != nil || got.Pass || got.Score != 0 {
				t.Errorf("case %d, %s: %+v, error %v", i, wrong, got, err)
			}
		}
	}
	for _, truth := range []string{"", "{}", `{"answer":7}`} { // could not decide
		if got, err := v.Verify(context.Background(), prompt("", truth), "$1$"); err == nil {
			t.Errorf("ground truth %q: %+v, want an error", truth, got)
		}
	}
	_, err = v.Verify(context.Background(), prompt("", `{"answer":"3"}`), "$9^{9^{9^{9}}}$")
	if err == nil || !strings.Contains(err.Error(), "TimeoutException") {
		t.Errorf("a power that does not end: error %v, want a TimeoutException", err)
	}
}
