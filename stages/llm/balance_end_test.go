package llm_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/stages/llm"
)

func TestFailedIsSetAsideAndProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		var mu sync.Mutex
		started := time.Now()
		note := func(s string) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, s)
		}
		a, b := newServer("a", 100*time.Millisecond), newServer("b", 100*time.Millisecond)
		m := balancer(t, llm.BalanceOptions{
			OnAside: func(e string, err error) { note(e + " aside: " + err.Error()) },
			OnBack:  func(e string) { note(e + " back") },
		}, a, b)
		if _, err := m.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.set(func() { b.down = b.fails(llm.Temporary, 0, 0) })
		retried := llm.Retry(m, llm.RetryOptions{Tries: 2, Wait: time.Second, MaxWait: time.Minute})
		play(t, retried, 4, 400) // 100s: two tries are enough
		if b.draws > 4 {
			t.Errorf("the endpoint that is down was sent %d draws: want those that were in flight when it failed", b.draws)
		}
		// Asked again after about 1, 2, 4, 8, 16, 32, 60s: in 100s six or seven times.
		if b.asks < 5 || b.asks > 9 {
			t.Errorf("it was asked %d times in %s what it serves", b.asks, time.Since(started))
		}
		b.set(func() { b.down, b.draws = nil, 0 })
		play(t, retried, 4, 1200)
		if b.draws < 300 {
			t.Errorf("after it is back it serves %d of 1200", b.draws)
		}
		if want := "[b aside: b: no b back]"; fmt.Sprint(log) != want {
			t.Errorf("log %v, want %s", log, want)
		}
	})
}

// Who says that it is well and fails draws gets one at a time.
func TestTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", 100*time.Millisecond), newServer("b", 100*time.Millisecond)
		m := balancer(t, llm.BalanceOptions{}, a, b)
		r := llm.Retry(m, llm.RetryOptions{Tries: 3, Wait: time.Second, MaxWait: time.Minute})
		b.set(func() { b.late = b.fails(llm.Temporary, 500, 0) })
		play(t, r, 8, 16)
		b.set(func() { b.busiest = 0 })
		play(t, r, 8, 800) // 100s
		if b.draws > 4+9 || b.busiest != 1 {
			t.Errorf("the endpoint that fails every draw got %d, %d at a time", b.draws, b.busiest)
		}
		for _, s := range m.Stats() {
			if s.InFlight != 0 || s.Name == "b" && (s.State == "live" || s.Err == nil || s.Failed != int64(b.draws)) {
				t.Errorf("%+v", s)
			}
		}
	})
}

// One draw that fails wherever it is sent (a prompt that a server chokes on) keeps no endpoint away
// from the others.
func TestPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", 100*time.Millisecond)
		poison := fake(func(ctx context.Context, req llm.Request) (llm.Completion, error) {
			if req.Draw[0] == 7 {
				return llm.Completion{}, a.fails(llm.Temporary, 500, 0)
			}
			return a.Generate(ctx, req)
		})
		m, err := llm.NewBalancer([]llm.Endpoint{{Name: "a", Model: poison, Inspect: a.Inspect}}, llm.BalanceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		var wg sync.WaitGroup
		limited := llm.NewLimiter(4).Limit(m)
		for i := range 400 {
			wg.Go(func() {
				if _, err := limited.Generate(t.Context(), prompt(i, i%10)); (err != nil) != (i%10 == 7) {
					t.Errorf("draw %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if d := time.Since(started); d > 92*time.Second { // 360 draws of 1s, four at a time, less what the last ones leave
			t.Errorf("took %s", d)
		}
	})
}

// A failure among draws that end well is one draw's, not the endpoint's: it is back as soon as it
// said what it serves, however long it would be aside.
func TestBackByEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", time.Second), newServer("b", time.Second)
		m := balancer(t, llm.BalanceOptions{AsideMin: time.Hour, AsideMax: time.Hour, Stay: -1}, a, b)
		defer m.Close()
		var wg sync.WaitGroup
		send := func(n int) {
			for i := range n {
				wg.Go(func() { m.Generate(t.Context(), prompt(i, 0)) })
			}
			synctest.Wait()
		}
		send(8) // four at each; they end after 10s
		time.Sleep(5 * time.Second)
		a.set(func() { a.err = a.fails(llm.Temporary, 500, 0) })
		b.set(func() { b.err = b.fails(llm.Temporary, 500, 0) })
		send(2)
		for _, s := range m.Stats() {
			if s.State != "aside" || s.InFlight != 4 {
				t.Errorf("after 5s: %+v", s)
			}
		}
		a.set(func() { a.err, a.busiest = nil, 0 })
		b.set(func() { b.err, b.busiest = nil, 0 })
		wg.Wait()
		synctest.Wait()
		for _, s := range m.Stats() {
			if s.State != "live" {
				t.Errorf("after 10s: %+v", s)
			}
		}
		send(8)
		for _, s := range m.Stats() {
			if s.InFlight != 4 {
				t.Errorf("%s has %d draws in flight: want four at each", s.Name, s.InFlight)
			}
		}
		wg.Wait()
	})
}

// Many draws that fail together are one failure.
func TestFailTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", 100*time.Millisecond), newServer("b", 100*time.Millisecond)
		m := balancer(t, llm.BalanceOptions{}, a, b)
		defer m.Close()
		b.set(func() { b.late = b.fails(llm.Temporary, 0, 0) })
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() { m.Generate(t.Context(), prompt(i, 0)) })
		}
		wg.Wait()
		if s := m.Stats()[1]; s.State != "aside" || s.Failed != 32 || time.Until(s.Until) < time.Second/2 || time.Until(s.Until) > 3*time.Second/2 {
			t.Errorf("%+v: want it aside for 1s, by half more or less", s)
		}
	})
}

func TestRetryAfterIsForOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", 100*time.Millisecond), newServer("b", 100*time.Millisecond)
		m := balancer(t, llm.BalanceOptions{}, a, b)
		b.set(func() { b.err = b.fails(llm.Temporary, 429, 30*time.Second) })
		r := llm.Retry(m, llm.RetryOptions{Tries: 2, Wait: time.Second, MaxWait: time.Minute})
		started := time.Now()
		play(t, r, 2, 4)
		if d := time.Since(started); d > 5*time.Second {
			t.Errorf("the draw that was turned away waited %s although another endpoint is free", d)
		}
		b.set(func() { b.err, b.draws, b.asks = nil, 0, 0 })
		for time.Since(started) < 29*time.Second {
			play(t, r, 2, 2)
		}
		if b.draws != 0 || b.asks != 0 {
			t.Errorf("it asked for 30s, and was sent %d draws and asked %d times", b.draws, b.asks)
		}
		for range 10 {
			play(t, r, 2, 2)
		}
		if b.draws == 0 {
			t.Error("it is not asked after its 30s")
		}
	})
	synctest.Test(t, func(t *testing.T) { // both: a draw waits for the one that is free first
		a, b := newServer("a", 100*time.Millisecond), newServer("b", 100*time.Millisecond)
		m := blind(t, llm.BalanceOptions{}, a, b)
		a.set(func() { a.err = a.fails(llm.Temporary, 503, 10*time.Second) })
		b.set(func() { b.err = b.fails(llm.Temporary, 503, 30*time.Second) })
		var waits []time.Duration
		r := llm.Retry(m, llm.RetryOptions{Tries: 3, Wait: time.Millisecond, MaxWait: time.Minute,
			OnRetry: func(_ error, w time.Duration) { waits = append(waits, w) }})
		r.Generate(t.Context(), prompt(0, 0))
		if len(waits) != 2 || waits[0] > time.Second || waits[1] < 9*time.Second || waits[1] > 10*time.Second {
			t.Errorf("waits %v: want none to speak of for the second endpoint, and 10s for the first to be free", waits)
		}
	})
}

func TestAllAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", 100*time.Millisecond), newServer("b", 100*time.Millisecond)
		m := balancer(t, llm.BalanceOptions{}, a, b)
		if _, err := m.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*server{a, b} {
			s.set(func() { s.down = s.fails(llm.Temporary, 0, 0) })
		}
		r := llm.Retry(m, llm.RetryOptions{Tries: 8, Wait: time.Second, MaxWait: 4 * time.Second})
		time.AfterFunc(5*time.Second, func() { a.set(func() { a.down = nil }) })
		started := time.Now()
		play(t, r, 32, 32)
		if d := time.Since(started); d > 15*time.Second || a.busiest < 8 {
			t.Errorf("done after %s, %d at a time", d, a.busiest)
		}
		for _, s := range m.Stats() {
			if s.InFlight != 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestFatalAtOneEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", 100*time.Millisecond), newServer("b", 100*time.Millisecond)
		m := balancer(t, llm.BalanceOptions{}, a, b)
		b.set(func() { b.err = b.fails(llm.Fatal, 404, 0) })
		play(t, llm.Retry(m, llm.RetryOptions{Tries: 2, Wait: time.Second, MaxWait: time.Second}), 1, 10)
		a.set(func() { a.err = a.fails(llm.Fatal, 404, 0) })
		var err error
		for range 4 {
			_, err = m.Generate(t.Context(), prompt(0, 0))
		}
		if e, ok := errors.AsType[*llm.Error](err); !ok || e.Class != llm.Fatal || e.Status != 404 ||
			err.Error() != "engine: status 404: no endpoint is left: a: status 404: no; b: status 404: no" {
			t.Errorf("%v", err)
		}
	})
}

func TestRefusedSaysNothingOfTheEndpoint(t *testing.T) {
	a := newServer("a", 0)
	a.err = a.fails(llm.Refused, 400, 0)
	m := blind(t, llm.BalanceOptions{OnAside: func(string, error) { t.Error("set aside") }}, a)
	for range 3 {
		if _, err := m.Generate(t.Context(), prompt(0, 0)); llm.ClassOf(err) != llm.Refused {
			t.Error(err)
		}
	}
}
