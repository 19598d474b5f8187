package llm_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/data"
	"mulligan/stages/llm"
)

// server is an endpoint of a test.
type server struct {
	name string

	mu      sync.Mutex
	token   time.Duration // for each of the ten tokens of a reply
	err     error         // of draws, at once
	late    error         // of draws, after their time
	down    error         // of draws and of questions
	info    llm.Info
	ask     time.Duration // how long a question takes
	asks    int
	draws   int
	busy    int
	busiest int
	panics  bool
}

func newServer(name string, token time.Duration) *server {
	return &server{name: name, token: token, info: llm.Info{Policy: data.Policy{Model: "m", Revision: "right"}}}
}

func (s *server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// reply is a function of the request alone.
func reply(req llm.Request) llm.Completion {
	c := llm.NewCompletion(req, req.Key())
	ten := 10
	c.Draw.CompletionTokens = &ten
	c.Message.Content = fmt.Sprint(req.Prompt[0], req.Draw, c.Draw.Seed)
	return c
}

func (s *server) Generate(ctx context.Context, req llm.Request) (llm.Completion, error) {
	s.mu.Lock()
	s.draws++
	s.busy++
	s.busiest = max(s.busiest, s.busy)
	defer func() { s.busy--; s.mu.Unlock() }()
	if s.panics {
		panic("backend")
	}
	if s.down != nil {
		return llm.Completion{}, s.down
	}
	if s.err != nil {
		return llm.Completion{}, s.err
	}
	d := 10 * s.token
	s.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		s.mu.Lock()
	case <-ctx.Done():
		s.mu.Lock()
		return llm.Completion{}, context.Cause(ctx)
	}
	if s.down != nil {
		return llm.Completion{}, s.down
	}
	if s.late != nil {
		return llm.Completion{}, s.late
	}
	return reply(req), nil
}

func (s *server) Inspect(ctx context.Context) (llm.Info, error) {
	s.mu.Lock()
	s.asks++
	d, info := s.ask, s.info // what it serves when it is asked
	s.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return llm.Info{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return info, s.down
}

func (s *server) fails(class llm.Class, status int, after time.Duration) error {
	return &llm.Error{Class: class, Endpoint: s.name, Status: status, RetryAfter: after, Err: errors.New("no")}
}

func balancer(t testing.TB, opts llm.BalanceOptions, servers ...*server) *llm.Balancer {
	t.Helper()
	var ends []llm.Endpoint
	for _, s := range servers {
		ends = append(ends, llm.Endpoint{Name: s.name, Model: s, Inspect: s.Inspect})
	}
	b, err := llm.NewBalancer(ends, opts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// blind is a balancer over endpoints that cannot say what they serve.
func blind(t testing.TB, opts llm.BalanceOptions, servers ...*server) *llm.Balancer {
	t.Helper()
	var ends []llm.Endpoint
	for _, s := range servers {
		ends = append(ends, llm.Endpoint{Name: s.name, Model: s})
	}
	b, err := llm.NewBalancer(ends, opts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func prompt(n int, path ...int) llm.Request {
	return llm.Request{Prompt: data.Digest{byte(n), byte(n >> 8), 1}, Draw: path}
}

// play draws n times over width workers and fails the test on an error.
func play(t *testing.T, m llm.Model, width, n int) {
	t.Helper()
	m = llm.NewLimiter(width).Limit(m)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := m.Generate(t.Context(), prompt(i, 0)); err != nil {
				t.Errorf("draw %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestPanic(t *testing.T) {
	a := newServer("a", 0)
	a.panics = true
	m := blind(t, llm.BalanceOptions{}, a)
	_, err := m.Generate(t.Context(), prompt(0, 0))
	if e, ok := errors.AsType[*llm.Error](err); !ok || e.Class != llm.Refused || !strings.HasPrefix(err.Error(), "a: panic: backend\n") {
		t.Errorf("%v", err)
	}
	if s := m.Stats()[0]; s.InFlight != 0 {
		t.Errorf("%+v", s)
	}
}

func TestCancelledGivesItsPlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", time.Minute), newServer("b", time.Minute)
		m := balancer(t, llm.BalanceOptions{OnAside: func(e string, _ error) { t.Errorf("%s is set aside", e) }}, a, b)
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		why := errors.New("why")
		for i := range 10 {
			wg.Go(func() {
				if _, err := m.Generate(ctx, prompt(i, 0)); err != why {
					t.Errorf("%v", err)
				}
			})
		}
		synctest.Wait()
		for _, s := range m.Stats() {
			if s.InFlight != 5 {
				t.Errorf("%+v", s)
			}
		}
		cancel(why)
		wg.Wait()
		for _, s := range m.Stats() {
			if s.InFlight != 0 || s.State != "live" {
				t.Errorf("%+v", s)
			}
		}
	})
}

// A draw that waits for an endpoint that is asked what it serves ends when its context does.
func TestCancelledWhileProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newServer("a", time.Second)
		m := balancer(t, llm.BalanceOptions{}, a)
		a.set(func() { a.err, a.ask = a.fails(llm.Temporary, 500, 0), 10*time.Second })
		m.Generate(t.Context(), prompt(0, 0))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started := time.Now()
		if _, err := m.Generate(ctx, prompt(0, 0)); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != time.Second {
			t.Errorf("%v after %s", err, time.Since(started))
		}
		m.Close() // which ends the question
		if time.Since(started) != time.Second {
			t.Errorf("closed after %s", time.Since(started))
		}
	})
}

func TestNewBalancerRefuses(t *testing.T) {
	for want, f := range map[string]func() (*llm.Balancer, error){
		"balance: no endpoint: want one or more": func() (*llm.Balancer, error) { return llm.NewBalancer(nil, llm.BalanceOptions{}) },
		"balance: endpoint a is listed twice": func() (*llm.Balancer, error) {
			return llm.NewBalancer([]llm.Endpoint{{Name: "a"}, {Name: "a"}}, llm.BalanceOptions{})
		},
		"balance: check_draws is below 0: want 0 for the default, or more": func() (*llm.Balancer, error) {
			return llm.NewBalancer([]llm.Endpoint{{Name: "a"}}, llm.BalanceOptions{CheckDraws: -1})
		},
	} {
		if _, err := f(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
