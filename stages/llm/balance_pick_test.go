package llm_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/stages/llm"
)

func TestFewestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := newServer("a", time.Second), newServer("b", time.Second), newServer("c", time.Second)
		m := balancer(t, llm.BalanceOptions{}, a, b, c)
		play(t, m, 12, 36)
		for _, s := range []*server{a, b, c} {
			if s.draws != 12 || s.busiest != 4 {
				t.Errorf("%s served %d draws, %d at a time: want 12 and 4", s.name, s.draws, s.busiest)
			}
		}
		for _, s := range m.Stats() {
			if s.InFlight != 0 || s.Served != 12 || s.Tokens != 120 || s.Mean != 10*time.Second || s.TokenTime != time.Second || s.State != "live" {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestSlowGetsLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fast, slow := newServer("fast", 100*time.Millisecond), newServer("slow", 500*time.Millisecond)
		m := balancer(t, llm.BalanceOptions{}, fast, slow)
		play(t, m, 12, 1200)
		// Of 12 places, 10 at one that takes 1s and 2 at one that takes 5s: 25 to 1.
		if slow.draws < 1200/40 || slow.draws > 1200/10 || slow.busiest > 6 {
			t.Errorf("one that takes five times as long served %d of 1200, %d at a time", slow.draws, slow.busiest)
		}
	})
}

func TestNoneStarves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fast, slow := newServer("fast", time.Millisecond), newServer("slow", 10*time.Second)
		m := balancer(t, llm.BalanceOptions{}, fast, slow)
		play(t, m, 1, 10) // 10ms and 100s a draw: the second one is measured once
		slow.set(func() { slow.token, slow.draws = time.Millisecond, 0 })
		// It is measured again after 16 of its draws: 1600s.
		for i := range 1700 {
			if _, err := m.Generate(t.Context(), prompt(i, 1)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if slow.draws == 0 {
			t.Error("an endpoint that was slow once is never asked again")
		}
		slow.set(func() { slow.draws = 0 })
		play(t, m, 64, 20000)
		if slow.draws < 5000 {
			t.Errorf("an endpoint that is fast again serves %d of 20000", slow.draws)
		}
	})
}

func TestConversationStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer("a", time.Second), newServer("b", time.Second)
		at := map[string]string{}
		var mu sync.Mutex
		ends := []llm.Endpoint{}
		for _, s := range []*server{a, b} {
			ends = append(ends, llm.Endpoint{Name: s.name, Model: fake(func(ctx context.Context, req llm.Request) (llm.Completion, error) {
				mu.Lock()
				at[fmt.Sprint(req.Prompt[0], req.Draw)] = s.name
				mu.Unlock()
				return s.Generate(ctx, req)
			})})
		}
		m, err := llm.NewBalancer(ends, llm.BalanceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(reqs ...llm.Request) {
			var wg sync.WaitGroup
			for _, r := range reqs {
				wg.Go(func() { m.Generate(t.Context(), r) })
				synctest.Wait()
			}
			wg.Wait()
		}
		for i := range 20 { // siblings one after another, and what follows from them
			ask(prompt(i, 0))
			ask(prompt(i, 1))
			ask(prompt(i, 1, 0))
			ask(prompt(i, 1, 0, 0))
			home := at[fmt.Sprint(i, []int{0})]
			for _, path := range [][]int{{1}, {1, 0}, {1, 0, 0}} {
				if got := at[fmt.Sprint(i, path)]; got != home {
					t.Errorf("prompt %d: draw %v was sent to %s, and its prefix is at %s", i, path, got, home)
				}
			}
		}
		if a.draws != 40 || b.draws != 40 {
			t.Errorf("%d and %d draws: want the prompts to be spread", a.draws, b.draws)
		}
		// Sixteen siblings at once: one endpoint is left once it has three more than the other.
		a.set(func() { a.busiest = 0 })
		b.set(func() { b.busiest = 0 })
		var many []llm.Request
		for i := range 16 {
			many = append(many, prompt(99, i))
		}
		ask(many...)
		if a.busiest < 6 || b.busiest < 6 {
			t.Errorf("sixteen siblings: %d and %d at a time", a.busiest, b.busiest)
		}
		// The parent of a draw is a longer prefix than its prompt.
		for i := range 16 {
			ask(prompt(99, i, 0))
			if parent, got := at[fmt.Sprint(99, []int{i})], at[fmt.Sprint(99, []int{i, 0})]; got != parent {
				t.Errorf("sibling %d: its reflection was sent to %s, and its attempt is at %s", i, got, parent)
			}
		}
	})
}

// The next try of a draw is made elsewhere, even if the endpoint that failed it is well again.
func TestNextTryIsElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		tried := map[byte][]string{}
		var ends []llm.Endpoint
		for _, s := range []*server{newServer("a", 0), newServer("b", 0)} {
			ends = append(ends, llm.Endpoint{Name: s.name, Model: fake(func(ctx context.Context, req llm.Request) (llm.Completion, error) {
				mu.Lock()
				defer mu.Unlock()
				if n := req.Prompt[0]; n < 100 {
					if tried[n] = append(tried[n], s.name); len(tried[n]) == 1 {
						return llm.Completion{}, s.fails(llm.Temporary, 500, 0)
					}
				}
				return reply(req), nil
			})})
		}
		m, err := llm.NewBalancer(ends, llm.BalanceOptions{AsideMin: time.Second, AsideMax: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			m.Generate(t.Context(), prompt(i, 0))
			time.Sleep(2 * time.Second)
			for j := range 4 + i%3 {
				if _, err := m.Generate(t.Context(), prompt(100+j, i)); err != nil {
					t.Error(err)
				}
			}
			if _, err := m.Generate(t.Context(), prompt(i, 0)); err != nil {
				t.Error(err)
			}
			if got := tried[byte(i)]; len(got) != 2 || got[0] == got[1] {
				t.Errorf("draw %d: tried at %v", i, got)
			}
		}
	})
}

// Of endpoints that all fail, none is forgotten.
func TestAllAsideTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := newServer("a", 0), newServer("b", 0), newServer("c", 0)
		m := blind(t, llm.BalanceOptions{}, a, b, c)
		for _, s := range []*server{a, b, c} {
			s.err = s.fails(llm.Temporary, 0, 0)
		}
		for i := range 30 {
			m.Generate(t.Context(), prompt(i, 0))
			time.Sleep(time.Millisecond)
		}
		if a.draws != 10 || b.draws != 10 || c.draws != 10 {
			t.Errorf("%d, %d and %d draws: want ten each", a.draws, b.draws, c.draws)
		}
	})
}

// Over any endpoints, however slow and however often they fail: each draw once, and the same.
func TestRowsDoNotDependOnWhoServes(t *testing.T) {
	const draws = 300
	run := func(n int, seed uint64) (out [draws]llm.Completion) {
		synctest.Test(t, func(t *testing.T) {
			var ends []llm.Endpoint
			var mu sync.Mutex
			rnd := rand.New(rand.NewPCG(seed, uint64(n)))
			served := map[int]int{}
			for i := range n {
				s := newServer(fmt.Sprint("e", i), 0)
				ends = append(ends, llm.Endpoint{Name: s.name, Inspect: s.Inspect, Model: fake(func(_ context.Context, req llm.Request) (llm.Completion, error) {
					mu.Lock()
					d, bad := time.Duration(rnd.IntN(5000))*time.Millisecond, rnd.IntN(5)
					status, after := []int{0, 429, 500, 503}[rnd.IntN(4)], time.Duration(rnd.IntN(2))*d
					mu.Unlock()
					time.Sleep(d)
					if bad == 0 {
						return llm.Completion{}, s.fails(llm.Temporary, status, after)
					}
					mu.Lock()
					served[req.Draw[0]]++
					mu.Unlock()
					return reply(req), nil
				})})
			}
			b, err := llm.NewBalancer(ends, llm.BalanceOptions{CheckDraws: 5})
			if err != nil {
				t.Fatal(err)
			}
			m := llm.Retry(llm.NewLimiter(16).Limit(b), llm.RetryOptions{Tries: 30, Wait: time.Second, MaxWait: 10 * time.Second})
			var wg sync.WaitGroup
			for i := range draws {
				wg.Go(func() {
					c, err := m.Generate(t.Context(), prompt(i/8, i))
					if err != nil {
						t.Errorf("draw %d: %v", i, err)
					}
					c.Draw.Tries = 0
					out[i] = c
				})
			}
			wg.Wait()
			var total int64
			for _, s := range b.Stats() {
				total += s.Served
				if s.InFlight != 0 || s.Served == 0 {
					t.Errorf("%+v", s)
				}
			}
			if total != draws {
				t.Errorf("%d draws were accepted: want %d", total, draws)
			}
			for i := range draws {
				if served[i] != 1 {
					t.Errorf("draw %d was served %d times", i, served[i])
				}
			}
			if err := b.Confirm(t.Context()); err != nil {
				t.Error(err)
			}
		})
		return out
	}
	one := run(1, 1)
	for seed := range uint64(5) {
		for _, n := range []int{2, 5} {
			if got := run(n, seed); !reflect.DeepEqual(one, got) {
				t.Errorf("%d endpoints, seed %d: other completions than from one", n, seed)
			}
		}
	}
}
