package llm_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/data"
	"mulligan/stages/llm"
)

// fake answers with f.
type fake func(ctx context.Context, req llm.Request) (llm.Completion, error)

func (f fake) Generate(ctx context.Context, req llm.Request) (llm.Completion, error) {
	return f(ctx, req)
}

func draw(n int) llm.Request { return llm.Request{Draw: []int{n}} }

func temporary(after time.Duration) error {
	return &llm.Error{Class: llm.Temporary, Endpoint: "e", RetryAfter: after, Err: errors.New("busy")}
}

func TestKeyHoldsEverything(t *testing.T) {
	base := llm.Request{Prompt: data.Digest{1}, Model: "m", Messages: []data.Message{{Role: "user", Content: "hi"}},
		Tools: []data.Tool{{Name: "t"}}, Sampling: data.Sampling{Temperature: 1}, Draw: []int{0, 1}, Seed: 1}
	seen := map[data.Digest]string{base.Key(): "base"}
	for name, change := range map[string]func(*llm.Request){
		"prompt":      func(r *llm.Request) { r.Prompt[0]++ },
		"model":       func(r *llm.Request) { r.Model = "n" },
		"role":        func(r *llm.Request) { r.Messages = []data.Message{{Role: "system", Content: "hi"}} },
		"content":     func(r *llm.Request) { r.Messages = []data.Message{{Role: "user", Content: "h", Thinking: "i"}} },
		"tool":        func(r *llm.Request) { r.Tools = []data.Tool{{Name: "t", Description: "d"}} },
		"no tool":     func(r *llm.Request) { r.Tools = nil },
		"temperature": func(r *llm.Request) { r.Sampling.Temperature = 0 },
		"top_k":       func(r *llm.Request) { r.Sampling.TopK = 1 },
		"max_tokens":  func(r *llm.Request) { r.Sampling.MaxTokens = 1 },
		"stop":        func(r *llm.Request) { r.Sampling.Stop = []string{""} },
		"think":       func(r *llm.Request) { r.Sampling.Think = "on" },
		"path":        func(r *llm.Request) { r.Draw = []int{0, 2} },
		"short path":  func(r *llm.Request) { r.Draw = []int{0} },
		"seed":        func(r *llm.Request) { r.Seed = 2 },
	} {
		r := base
		change(&r)
		if other, twice := seen[r.Key()]; twice {
			t.Errorf("%s and %s have one key", name, other)
		}
		seen[r.Key()] = name
	}
	if s := llm.DrawSeed(data.Digest{0xff, 2, 3, 4}); s != 0x7f020304 {
		t.Errorf("seed %x: want the first 31 bits of the key", s)
	}
}

func TestRetryHoldsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := false
		l := llm.NewLimiter(1)
		m := llm.Retry(l.Limit(fake(func(_ context.Context, req llm.Request) (llm.Completion, error) {
			if req.Draw[0] == 0 && !failed {
				failed = true
				return llm.Completion{}, temporary(30 * time.Second)
			}
			return llm.Completion{}, nil
		})), llm.RetryOptions{Tries: 2, Wait: time.Second, MaxWait: time.Minute})
		started := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			c, err := m.Generate(t.Context(), draw(0))
			if err != nil || c.Draw.Tries != 2 || time.Since(started) != 30*time.Second {
				t.Errorf("Retry-After is kept: %v, %d tries after %s", err, c.Draw.Tries, time.Since(started))
			}
		})
		synctest.Wait()
		if _, err := m.Generate(t.Context(), draw(1)); err != nil || time.Since(started) != 0 {
			t.Errorf("another draw waits %s for the slot of one that waits", time.Since(started))
		}
		wg.Wait()
	})
}

func TestRetryGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		m := llm.Retry(fake(func(context.Context, llm.Request) (llm.Completion, error) {
			n++
			return llm.Completion{}, temporary(0)
		}), llm.RetryOptions{Tries: 3, Wait: time.Second, MaxWait: 2 * time.Second})
		started := time.Now()
		_, err := m.Generate(t.Context(), draw(0))
		if n != 3 || llm.ClassOf(err) != llm.Temporary || err.Error() != "gave up after 3 tries: e: busy" {
			t.Errorf("%d tries, %v", n, err)
		}
		if d := time.Since(started); d < 1500*time.Millisecond || d > 4500*time.Millisecond {
			t.Errorf("waited %s: want 1s and 2s, each by half more or less", d)
		}
	})
}

func TestRetryLeavesPermanentErrors(t *testing.T) {
	for _, class := range []llm.Class{llm.Refused, llm.Fatal} {
		n := 0
		m := llm.Retry(fake(func(context.Context, llm.Request) (llm.Completion, error) {
			n++
			return llm.Completion{}, &llm.Error{Class: class, Err: errors.New("no")}
		}), llm.RetryOptions{Tries: 3})
		if _, err := m.Generate(t.Context(), draw(0)); n != 1 || llm.ClassOf(err) != class {
			t.Errorf("%d tries, %v", n, err)
		}
	}
}

func TestDetach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kill := make(chan struct{})
		m := llm.Detach(fake(func(ctx context.Context, _ llm.Request) (llm.Completion, error) {
			select {
			case <-ctx.Done():
				return llm.Completion{}, context.Cause(ctx)
			case <-time.After(time.Minute):
				return llm.Completion{}, nil
			}
		}), kill)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := m.Generate(ctx, draw(0)); err != nil {
				t.Errorf("a draw in flight may finish: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		if _, err := m.Generate(ctx, draw(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("none is started afterwards: %v", err)
		}
		wg.Wait()
		wg.Go(func() {
			if _, err := m.Generate(t.Context(), draw(2)); !errors.Is(err, llm.ErrKilled) {
				t.Errorf("killed: %v", err)
			}
		})
		synctest.Wait()
		close(kill)
		wg.Wait()
	})
}
