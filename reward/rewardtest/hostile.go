package rewardtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"mulligan/reward"
)

const (
	patience = 30 * time.Second // for one hostile reply: a hang, not a benchmark
	mostHeap = 1 << 30          // bytes allocated for one hostile reply
)

// errCancelled is the cause that promise 7 looks for.
var errCancelled = errors.New("rewardtest: cancelled")

// cancelled checks promise 7.
func (c *checker) cancelled() {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errCancelled)
	for i, cs := range c.cases {
		for _, reply := range append([]string{""}, cs.Gold...) {
			if _, err := c.v.Verify(ctx, cs.Prompt, reply); !errors.Is(err, errCancelled) {
				c.fail(7, i, reply, fmt.Errorf("verify under an ended context: error %v, want its cause", err))
			}
			if l, ok := c.v.(reward.Leaker); ok {
				if _, err := l.Leaks(ctx, cs.Prompt, reply); !errors.Is(err, errCancelled) {
					c.fail(7, i, reply, fmt.Errorf("leaks under an ended context: error %v, want its cause", err))
				}
			}
		}
	}
}

// concurrent checks promise 6.
func (c *checker) concurrent(ctx context.Context) {
	type job struct {
		i     int
		reply string
		want  reward.Verdict
	}
	var jobs []job
	for i, cs := range c.cases {
		for _, reply := range append(append(append([]string(nil), cs.Gold...), cs.Wrong...), garbage...) {
			if v, err := c.v.Verify(ctx, cs.Prompt, reply); err == nil { // else promise 1 or 3 said so
				jobs = append(jobs, job{i, reply, v})
			}
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for g := range 8 {
		wg.Go(func() {
			for n := range jobs {
				j := jobs[(n+g*len(jobs)/8)%len(jobs)]
				got, err := c.v.Verify(ctx, c.cases[j.i].Prompt, j.reply)
				if err != nil || got != j.want {
					mu.Lock()
					c.fail(6, j.i, j.reply, fmt.Errorf("among others: %+v, error %v; alone: %+v", got, err, j.want))
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
}

// Hostile returns replies that ask for much time or memory: about 1 MB of text, 10,000 levels of
// nesting, numbers that would not fit anywhere. None is a right answer to anything.
func Hostile() []string {
	const mb, deep = 1 << 20, 10_000
	fill := func(s string) string { return strings.Repeat(s, mb/len(s)) }
	nest := func(open, mid, end string) string {
		return strings.Repeat(open, deep) + mid + strings.Repeat(end, deep)
	}
	bare := []string{
		fill("("), fill("- "), fill("1"), fill("1+"), fill("1 "), fill("9*"), fill("1,"), fill("1/"), fill("0."),
		fill("[{"), fill("{\"a\":"), fill("\""), fill("\\"), fill("f("), fill("f(x="), fill(" "), fill("\xff"), fill("×"),
		nest("(", "1", ")"), nest("-(", "2", ")"), nest("[", "1", "]"), nest("{\"a\":", "1", "}"), nest("f(", "1", ")"),
		nest("f(x=[", "1", "])"), nest("(1+", "1", ")"), strings.Repeat("(", deep), strings.Repeat("1e", deep),
		"9**9**9**9", "9**9**9**-9", "1e1000000", "1e-1000000", "1e999999999999999999999", "-1E+2147483648",
		"[{\"name\":\"f\",\"arguments\":{\"x\":1e1000000}}]", "1/" + strings.Repeat("3", 5000),
		strings.Repeat("(3**", 500) + "3" + strings.Repeat(")", 500), "0x" + strings.Repeat("f", deep),
	}
	all := append([]string(nil), bare...)
	for _, s := range bare {
		all = append(all, "<answer>"+s+"</answer>", "Assistant: <answer>"+s+"</answer>")
	}
	return append(all, fill("<answer>"), fill("</answer>"), fill("<answer></answer>"), fill("<answer>1</answer>"),
		fill("```json\n"), fill("```json\n[]\n```\n"), fill("<tool_call>"), fill("<tool_call>{}</tool_call>"), fill("<think>"),
		fill("[{\"name\":\"f\",\"arguments\":{}},"), fill("[f(x=1), "), fill("Assistant:"), fill("\n"), fill("word "))
}

// hostile checks promise 8, on the first case only: the replies do not depend on the prompt.
func (c *checker) hostile(ctx context.Context) {
	for i, cs := range c.cases[:1] {
		for _, reply := range Hostile() {
			if !c.bounded(i, reply, func() error {
				v, err := c.v.Verify(ctx, cs.Prompt, reply)
				if err == nil && v.Pass && !cs.Abstain {
					return fmt.Errorf("passes: parsed %s", brief(v.Parsed))
				}
				return nil
			}) {
				return
			}
			if l, ok := c.v.(reward.Leaker); ok && !c.bounded(i, reply, func() error {
				_, _ = l.Leaks(ctx, cs.Prompt, reply)
				return nil
			}) {
				return
			}
		}
	}
}

// bounded runs f within the limits of promise 8. It reports false if f still runs.
func (c *checker) bounded(i int, reply string, f func() error) bool {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		if err != nil {
			c.fail(8, i, reply, err)
		}
	case <-time.After(patience):
		c.fail(8, i, reply, fmt.Errorf("no end after %s", patience))
		return false
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > mostHeap {
		c.fail(8, i, reply, fmt.Errorf("%d MB allocated, want at most %d", n>>20, mostHeap>>20))
	}
	return true
}
