package llm_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/data"
	"mulligan/stages/llm"
)

// Servers that go down and come up, hang, turn draws away, fail them, panic, and once change their
// model, and callers that give up: every draw ends, once, and no place is lost.
func TestChaos(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			var mu sync.Mutex
			chance := func(n int) int {
				mu.Lock()
				defer mu.Unlock()
				return rnd.IntN(n)
			}
			var servers []*server
			var ends []llm.Endpoint
			accepted, of := map[data.Digest]int{}, map[data.Digest]string{}
			for i := range 5 {
				s := newServer(fmt.Sprint("e", i), time.Duration(1+chance(300))*time.Millisecond)
				servers = append(servers, s)
				ends = append(ends, llm.Endpoint{Name: s.name, Inspect: s.Inspect, Model: fake(func(ctx context.Context, req llm.Request) (llm.Completion, error) {
					switch chance(40) {
					case 0:
						panic("backend")
					case 1:
						return llm.Completion{}, s.fails(llm.Temporary, 429, time.Duration(chance(30))*time.Second)
					case 2:
						return llm.Completion{}, s.fails(llm.Temporary, 500, 0)
					case 3:
						return llm.Completion{}, s.fails(llm.Refused, 400, 0)
					}
					c, err := s.Generate(ctx, req)
					if err == nil {
						s.set(func() {
							mu.Lock()
							defer mu.Unlock()
							of[c.Draw.Key] = s.info.Policy.Revision
						})
					}
					return c, err
				})})
			}
			var changes []*llm.Change
			b, err := llm.NewBalancer(ends, llm.BalanceOptions{CheckDraws: 10, OnChange: func(c *llm.Change) {
				mu.Lock()
				defer mu.Unlock()
				changes = append(changes, c)
			}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			stop := make(chan struct{})
			var weather sync.WaitGroup
			weather.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(time.Duration(chance(5000)) * time.Millisecond):
					}
					s := servers[chance(5)]
					what, d := chance(4), time.Duration(chance(20))*time.Second
					s.set(func() {
						switch what {
						case 0:
							s.down = s.fails(llm.Temporary, 0, 0)
						case 1:
							s.ask = d
						case 2:
							s.down, s.ask = nil, 0
						}
					})
				}
			})
			time.AfterFunc(20*time.Second, func() { servers[0].set(func() { servers[0].info = revision("wrong") }) })
			m := llm.Retry(llm.NewLimiter(24).Limit(b), llm.RetryOptions{Tries: 8, Wait: time.Second, MaxWait: 10 * time.Second})
			var draws sync.WaitGroup
			for i := range 1500 {
				draws.Go(func() {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if chance(20) == 0 {
						ctx, cancel = context.WithTimeout(ctx, time.Duration(chance(60))*time.Second)
						defer cancel()
					}
					c, err := m.Generate(ctx, prompt(i/8, i%8, i))
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						accepted[c.Draw.Key]++
					} else if _, ok := errors.AsType[*llm.Error](err); !ok && ctx.Err() == nil {
						t.Errorf("draw %d: %v", i, err)
					}
				})
			}
			draws.Wait()
			close(stop)
			weather.Wait()
			for _, s := range servers {
				s.set(func() { s.down, s.ask = nil, 0 })
			}
			if err := b.Confirm(t.Context()); err != nil && llm.ClassOf(err) != llm.Fatal {
				t.Error(err)
			}
			b.Close()
			mu.Lock()
			defer mu.Unlock()
			var served int64
			for _, s := range b.Stats() {
				served += s.Served
				if s.InFlight != 0 || s.Served == 0 && s.State != "gone" || s.Doubtful != 0 {
					t.Errorf("seed %d: %+v", seed, s)
				}
			}
			if int(served) != len(accepted) || served < 100 {
				t.Errorf("seed %d: %d draws were accepted, and %d came back", seed, served, len(accepted))
			}
			doubtful := map[data.Digest]bool{}
			for _, c := range changes {
				if c.Endpoint != "e0" {
					t.Errorf("seed %d: %s changed: %v", seed, c.Endpoint, c)
				}
				for _, k := range c.Doubtful {
					doubtful[k] = true
				}
			}
			for k, n := range accepted {
				if n != 1 || of[k] != "right" && !doubtful[k] {
					t.Errorf("seed %d: a draw of %s was accepted %d times, in doubt %v", seed, of[k], n, doubtful[k])
				}
			}
			if len(changes) != 1 {
				t.Errorf("seed %d: %d changes were told", seed, len(changes))
			}
		})
	}
}
