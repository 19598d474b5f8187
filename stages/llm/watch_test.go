package llm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/data"
	"mulligan/stages/llm"
)

func revision(r string) llm.Info { return llm.Info{Policy: data.Policy{Model: "m", Revision: r}} }

func TestConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := newServer("a", time.Second), newServer("b", time.Second), newServer("c", time.Second)
		b.down, c.ask = b.fails(llm.Temporary, 0, 0), time.Hour
		var left, back []string
		var mu sync.Mutex
		m := balancer(t, llm.BalanceOptions{
			OnAside: func(e string, err error) { left = append(left, e+": "+err.Error()) },
			OnBack: func(e string) {
				mu.Lock()
				defer mu.Unlock()
				back = append(back, e)
			},
		}, a, b, c)
		defer m.Close()
		started := time.Now()
		info, err := m.Connect(t.Context())
		if err != nil || info.Policy.Revision != "right" || time.Since(started) != 15*time.Second {
			t.Errorf("%+v, %v after %s", info, err, time.Since(started))
		}
		if want := "[b: b: no c: c: no answer within 15s]"; fmt.Sprint(left) != want {
			t.Errorf("left out %v, want %s", left, want)
		}
		play(t, m, 6, 12)
		if b.draws != 0 || c.draws != 0 {
			t.Errorf("%d and %d draws were sent to endpoints that never said what they serve", b.draws, c.draws)
		}
		b.set(func() { b.down = nil })
		play(t, m, 6, 60)
		if b.draws < 10 || c.draws != 0 || fmt.Sprint(back) != "[b]" {
			t.Errorf("b joined with %d draws, c with %d; back: %v", b.draws, c.draws, back)
		}
	})
}

func TestConnectRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", 0), newServer("b", 0)
		b.info = revision("wrong")
		_, err := balancer(t, llm.BalanceOptions{}, a, b).Connect(t.Context())
		if llm.ClassOf(err) != llm.Fatal || err.Error() != "b: serves m as another model than a: revision is wrong, there right" {
			t.Errorf("other models: %v", err)
		}
		b.info = a.info
		b.info.LogprobsMode = data.LogprobsProcessed
		if _, err := balancer(t, llm.BalanceOptions{}, a, b).Connect(t.Context()); llm.ClassOf(err) != llm.Fatal {
			t.Errorf("other log-probabilities: %v", err)
		}
		a.down, b.down = a.fails(llm.Temporary, 0, 0), b.fails(llm.Temporary, 502, 0)
		if _, err := balancer(t, llm.BalanceOptions{}, a, b).Connect(t.Context()); llm.ClassOf(err) != llm.Temporary || err.Error() != "a: no\nb: status 502: no" {
			t.Errorf("none answers: %v", err)
		}
		a.down, b.down = nil, b.fails(llm.Fatal, 404, 0)
		if _, err := balancer(t, llm.BalanceOptions{}, a, b).Connect(t.Context()); llm.ClassOf(err) != llm.Fatal || err.Error() != "b: status 404: no" {
			t.Errorf("no such model: %v", err)
		}
		if info, err := blind(t, llm.BalanceOptions{}, a, b).Connect(t.Context()); err != nil || info.Policy.Model != "" {
			t.Errorf("endpoints that cannot say: %+v, %v", info, err)
		}
	})
}

// What is promised in watch.go, with CheckDraws 8 and four draws at a time: the model changes at a
// moment that is not seen, and every draw that was accepted of the other one is named.
func TestChangeIsBounded(t *testing.T) {
	for _, within := range []time.Duration{0, 500 * time.Millisecond, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			a := newServer("a", 100*time.Millisecond)
			a.ask = within
			var mu sync.Mutex
			var told []*llm.Change
			m := balancer(t, llm.BalanceOptions{CheckDraws: 8, CheckEvery: time.Hour, OnChange: func(c *llm.Change) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, c)
			}}, a)
			defer m.Close()
			if _, err := m.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			var changed time.Time
			time.AfterFunc(12700*time.Millisecond, func() {
				a.set(func() { a.info = revision("wrong") })
				mu.Lock()
				defer mu.Unlock()
				changed = time.Now()
			})
			var wrong []data.Digest // accepted after the change
			var last error
			l := llm.NewLimiter(4).Limit(m)
			var wg sync.WaitGroup
			for i := range 200 {
				wg.Go(func() {
					c, err := l.Generate(t.Context(), prompt(i, 0))
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						last = err
					} else if !changed.IsZero() && time.Now().After(changed) {
						wrong = append(wrong, c.Draw.Key)
					}
				})
			}
			wg.Wait()
			mu.Lock()
			defer mu.Unlock()
			if len(told) != 1 {
				t.Fatalf("told %d times", len(told))
			}
			c := told[0]
			for _, k := range wrong {
				if !slices.Contains(c.Doubtful, k) {
					t.Errorf("draw %s of the other model was accepted and is not in doubt", k)
				}
			}
			// A draw takes 1s, four at a time. CheckDraws, and what ends while two questions are under way.
			if most := 8 + 2*4*int(within/time.Second+1); len(wrong) == 0 || len(wrong) > most || len(c.Doubtful) > 2*most {
				t.Errorf("a question takes %s: %d draws of the other model were accepted, at most %d are promised; %d in doubt", within, len(wrong), most, len(c.Doubtful))
			}
			e, ok := errors.AsType[*llm.Error](last)
			if !ok || e.Class != llm.Fatal || !strings.HasPrefix(last.Error(), "a: changed its model during the run: revision was right and is wrong; ") ||
				!strings.Contains(e.Hint, "let a serve m at revision right again") {
				t.Errorf("%v\n%s", last, e.Hint)
			}
			before := a.draws
			if _, err := m.Generate(t.Context(), prompt(0, 0)); llm.ClassOf(err) != llm.Fatal || a.draws != before {
				t.Errorf("after that: %v, %d draws", err, a.draws-before)
			}
			if err := m.Confirm(t.Context()); llm.ClassOf(err) != llm.Fatal {
				t.Errorf("confirmed: %v", err)
			}
		})
	}
}

// With another endpoint left the run goes on, and no draw is lost.
func TestChangeOfOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", 100*time.Millisecond), newServer("b", 100*time.Millisecond)
		changes := 0
		m := balancer(t, llm.BalanceOptions{CheckEvery: 10 * time.Second, OnChange: func(c *llm.Change) {
			changes++
			if c.Endpoint != "b" || c.Is.Policy.Revision != "wrong" || c.Was.Policy.Revision != "right" {
				t.Errorf("%+v", c)
			}
		}}, a, b)
		defer m.Close()
		if _, err := m.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(15*time.Second, func() { b.set(func() { b.info = revision("wrong") }) })
		play(t, llm.Retry(m, llm.RetryOptions{Tries: 2, Wait: time.Second, MaxWait: time.Second}), 4, 400)
		s := m.Stats()
		if changes != 1 || s[1].State != "gone" || s[1].Change == nil || s[1].InFlight != 0 || s[0].Served+s[1].Served != 400 || b.draws > 60 {
			t.Errorf("told %d times, %+v", changes, s)
		}
	})
}

// An endpoint that was down and comes back with another model gets no draw.
func TestChangeWhileAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", 100*time.Millisecond)
		m := balancer(t, llm.BalanceOptions{}, a)
		defer m.Close()
		if _, err := m.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		play(t, m, 2, 4)
		if err := m.Confirm(t.Context()); err != nil {
			t.Error(err)
		}
		a.set(func() { a.down = a.fails(llm.Temporary, 0, 0) })
		m.Generate(t.Context(), prompt(0, 0))
		a.set(func() { a.down, a.info, a.draws = nil, revision("wrong"), 0 })
		_, err := m.Generate(t.Context(), prompt(0, 0))
		if c, ok := errors.AsType[*llm.Change](err); !ok || llm.ClassOf(err) != llm.Fatal || a.draws != 0 || len(c.Doubtful) != 0 {
			t.Errorf("%v, %d draws", err, a.draws)
		}
		if err := m.Confirm(t.Context()); err != nil {
			t.Errorf("all that was accepted was confirmed before: %v", err)
		}
	})
}

// A reply that names another model is a change, without a question.
func TestChangeInAReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", 0)
		a.info.ContextLength = 4096
		m := balancer(t, llm.BalanceOptions{}, a)
		defer m.Close()
		if _, err := m.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.set(func() {
			a.err = &llm.Error{Class: llm.Fatal, Endpoint: "a", Err: &llm.Change{Is: llm.Info{Policy: data.Policy{Model: "n"}}}}
		})
		_, err := m.Generate(t.Context(), prompt(0, 0))
		if llm.ClassOf(err) != llm.Fatal || !strings.HasPrefix(err.Error(), "a: changed its model during the run: model was m and is n; 0 draws") {
			t.Error(err)
		}
	})
}

func TestConfirm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", time.Second)
		m := balancer(t, llm.BalanceOptions{}, a)
		defer m.Close()
		if _, err := m.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		play(t, m, 3, 3)
		if s := m.Stats()[0]; s.Doubtful != 3 {
			t.Errorf("%+v", s)
		}
		a.set(func() { a.down = a.fails(llm.Temporary, 0, 0) })
		if err := m.Confirm(t.Context()); llm.ClassOf(err) != llm.Temporary ||
			err.Error() != "a: 3 draws that it served last are in doubt: it does not say whether it still serves the same model" {
			t.Error(err)
		}
		a.set(func() { a.down = nil })
		if err := m.Confirm(t.Context()); err != nil || m.Stats()[0].Doubtful != 0 {
			t.Errorf("%v, %+v", err, m.Stats()[0])
		}
		play(t, m, 3, 3)
		a.set(func() { a.info = revision("wrong") })
		err := m.Confirm(t.Context())
		if c, ok := errors.AsType[*llm.Change](err); !ok || llm.ClassOf(err) != llm.Fatal || len(c.Doubtful) != 3 {
			t.Error(err)
		}
	})
}

// A server that is late to say what it serves stays, twice.
func TestUnansweredChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", 100*time.Millisecond)
		var told atomic.Pointer[error]
		m := balancer(t, llm.BalanceOptions{CheckDraws: 4, OnAside: func(_ string, err error) { told.Store(&err) }}, a)
		defer m.Close()
		if _, err := m.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.set(func() { a.asks, a.ask = 0, time.Hour })
		for i := 0; told.Load() == nil && i < 1000; i++ {
			if _, err := m.Generate(t.Context(), prompt(i, 0)); err != nil {
				t.Error(err)
			}
		}
		why := told.Load()
		a.set(func() {
			if why == nil || a.asks != 3 || a.draws < 45 || a.draws > 65 || (*why).Error() != "a: no answer within 15s" {
				t.Errorf("set aside after %d questions and %d draws: %v", a.asks, a.draws, why)
			}
		})
	})
}

func TestInspectPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := llm.NewBalancer([]llm.Endpoint{{Name: "a", Model: newServer("a", 0),
			Inspect: func(context.Context) (llm.Info, error) { panic("backend") }}}, llm.BalanceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if _, err := b.Connect(t.Context()); llm.ClassOf(err) != llm.Temporary || !strings.HasPrefix(err.Error(), "a: ask what it serves: a: panic: backend\n") {
			t.Error(err)
		}
	})
}

// A question belongs to the end of a draw, too: one that takes long is followed by one.
func TestAskedAfterALongDraw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", time.Minute)
		m := balancer(t, llm.BalanceOptions{}, a)
		defer m.Close()
		if _, err := m.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		play(t, m, 1, 1)
		synctest.Wait()
		if a.asks != 2 || m.Stats()[0].Doubtful != 0 {
			t.Errorf("asked %d times: want at the start and after 10m; %+v", a.asks, m.Stats()[0])
		}
	})
}

// What was never reached is no endpoint to wait for.
func TestOnlyUnknownIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", 0), newServer("b", 0)
		b.down = b.fails(llm.Temporary, 0, 0)
		m := balancer(t, llm.BalanceOptions{}, a, b)
		defer m.Close()
		if _, err := m.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.set(func() { a.info = revision("wrong") })
		play(t, m, 1, 1)
		m.Confirm(t.Context())
		_, err := m.Generate(t.Context(), prompt(0, 0))
		if llm.ClassOf(err) != llm.Fatal || !strings.HasPrefix(err.Error(), "engine: no endpoint is left: a: changed its model") || !strings.HasSuffix(err.Error(), "; b: no") {
			t.Error(err)
		}
	})
}
