package server_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/data"
	"mulligan/reward"
	"mulligan/reward/server"
)

// slow passes after the time that its answer says; obeying, it heeds the context.
func slow(obeying bool) verifierFunc {
	return func(ctx context.Context, _ data.Prompt, answer string) (reward.Verdict, error) {
		d, err := time.ParseDuration(answer)
		if err != nil {
			return reward.Verdict{}, err
		}
		if !obeying {
			ctx = context.Background()
		}
		select {
		case <-time.After(d):
			return reward.Verdict{Pass: true, Score: 1}, nil
		case <-ctx.Done():
			return reward.Verdict{}, fmt.Errorf("slow: %w", context.Cause(ctx))
		}
	}
}

func slowServer(t *testing.T, v reward.Verifier, opts server.Options) *server.Server {
	opts.Verifiers = map[string]reward.Verifier{"slow": v}
	return newServer(t, opts)
}

func metric(s *server.Server, line string) bool {
	return strings.Contains(ask(s, "GET", "/metrics", "").Body.String(), "\nmulligan_serve_"+line+"\n")
}

// TestTimeout: a verdict that is late is undecided, whether the verifier heeds the context or not, and
// a verdict in time is one.
func TestTimeout(t *testing.T) {
	for _, obeying := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := slowServer(t, slow(obeying), server.Options{Workers: 1, Timeout: 10 * time.Second})
			started := time.Now()
			if w := ask(s, "POST", "/verify", `{"id":1,"response":"9s"}`); w.Code != 200 || time.Since(started) != 9*time.Second {
				t.Errorf("in time: %d %s after %s", w.Code, w.Body, time.Since(started))
			}
			started = time.Now()
			w := ask(s, "POST", "/verify", `{"id":1,"response":"1h"}`)
			if w.Code != 422 || w.Body.String() != `{"id":1,"error":"slow: no verdict within 10s"}`+"\n" || time.Since(started) != 10*time.Second {
				t.Errorf("late: %d %s after %s", w.Code, w.Body, time.Since(started))
			}
			w = ask(s, "POST", "/verify/batch", `{"items":[{"id":2,"response":"1h"},{"id":3,"response":"1s"}]}`)
			if want := `{"results":[{"id":2,"error":"slow: no verdict within 10s"},{"id":3,"pass":true,"score":1,"parsed":"","reason":"","feedback":""}]}`; w.Code != 200 || w.Body.String() != want+"\n" {
				t.Errorf("batch: %d %s", w.Code, w.Body)
			}
			synctest.Wait()
			if want := map[bool]string{true: "overdue 0", false: "overdue 2"}[obeying]; !metric(s, want) || !metric(s, "in_flight 0") {
				t.Errorf("want %s", want)
			}
			time.Sleep(2 * time.Hour) // all verifiers have ended
			if !metric(s, "overdue 0") {
				t.Error("the verifiers that ended count as overdue")
			}
		})
	}
}

// TestStuck: verifiers that never end take 4 times the workers' places; then nothing is tried, and
// the server says so, until they end.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slowServer(t, slow(false), server.Options{Workers: 1, Timeout: time.Second})
		var items []string
		for i := range 10 {
			items = append(items, fmt.Sprintf(`{"id":%d,"response":"1h"}`, i))
		}
		w := ask(s, "POST", "/verify/batch", `{"items":[`+strings.Join(items, ",")+`]}`)
		if late, not := strings.Count(w.Body.String(), "no verdict within 1s"), strings.Count(w.Body.String(), "slow: not tried: 4 verdicts are past"); late != 4 || not != 6 {
			t.Errorf("%d late, %d not tried: %s", late, not, w.Body)
		}
		if w := ask(s, "GET", "/healthz", ""); w.Code != 503 || w.Body.String() != `{"status":"stuck","verifiers":["slow"]}`+"\n" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := ask(s, "POST", "/verify", `{"id":7,"response":"1ms"}`); w.Code != 503 || !strings.HasPrefix(w.Body.String(), `{"id":7,"error":"slow: not tried: 4 verdicts`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		time.Sleep(2 * time.Hour)
		if w := ask(s, "GET", "/healthz", ""); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := ask(s, "POST", "/verify", `{"response":"1ms"}`); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// TestQueue: with 2 workers and a queue of 3, 5 of 9 requests are judged and 4 are told to come again.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slowServer(t, slow(true), server.Options{Workers: 2, Queue: 3, Timeout: 10 * time.Second})
		started := time.Now()
		var answers [9]*httptest.ResponseRecorder
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = ask(s, "POST", "/verify", fmt.Sprintf(`{"id":%d,"response":"6s"}`, i)) })
		}
		synctest.Wait()
		for _, line := range []string{"queue_depth 3", "in_flight 2", "requests_in_hand 5", `responses_total{code="503"} 4`, `verdicts_total{verifier="",outcome="refused"} 4`} {
			if !metric(s, line) {
				t.Errorf("no metric %s", line)
			}
		}
		wg.Wait()
		if took := time.Since(started); took != 18*time.Second { // waiting counts for nobody's time limit
			t.Errorf("5 verdicts of 6s by 2 workers took %s", took)
		}
		count := map[int]int{}
		for _, w := range answers {
			count[w.Code]++
			if w.Code == 503 && (w.Header().Get("Retry-After") != "1" || w.Body.String() != `{"error":"the queue is full: 5 requests are in hand: ask again later"}`+"\n") {
				t.Errorf("%s %s", w.Header(), w.Body)
			}
		}
		if count[200] != 5 || count[503] != 4 {
			t.Errorf("%v", count)
		}
		if !metric(s, "queue_depth 0") || !metric(s, "requests_in_hand 0") || !metric(s, `verdicts_total{verifier="slow",outcome="pass"} 5`) {
			t.Error(ask(s, "GET", "/metrics", "").Body)
		}
	})
}

// TestTurns: a single question does not wait for the rest of a batch.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slowServer(t, slow(true), server.Options{Workers: 1})
		started := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			ask(s, "POST", "/verify/batch", `{"items":[`+strings.Repeat(`{"response":"1s"},`, 99)+`{"response":"1s"}]}`)
		})
		synctest.Wait()
		ask(s, "POST", "/verify", `{"response":"1s"}`)
		if took := time.Since(started); took > 3*time.Second {
			t.Errorf("the single question took %s", took)
		}
		wg.Wait()
		if took := time.Since(started); took != 101*time.Second {
			t.Errorf("both took %s", took)
		}
	})
}

// TestClientGone: what a client has asked is given up when it goes away, waiting or judged, and its
// worker is free for others.
func TestClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		v := slow(true)
		s := slowServer(t, verifierFunc(func(ctx context.Context, p data.Prompt, answer string) (reward.Verdict, error) {
			calls.Add(1)
			return v(ctx, p, answer)
		}), server.Options{Workers: 1, Timeout: time.Hour})
		r := serve(t, s)
		ctx, leave := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		for _, c := range [][2]string{{"/verify/batch", `{"items":[{"response":"30m"},{"response":"30m"},{"response":"30m"}]}`}, {"/verify", `{"response":"30m"}`}} {
			wg.Go(func() {
				if got := r.askContext(ctx, "POST", c[0], c[1]); !strings.HasSuffix(got, "context canceled") {
					t.Errorf("a client that left got %s", got)
				}
			})
			synctest.Wait()
		}
		if calls.Load() != 1 || !metric(s, "queue_depth 2") && !metric(s, "queue_depth 1") {
			t.Errorf("%d calls\n%s", calls.Load(), ask(s, "GET", "/metrics", "").Body)
		}
		started := time.Now()
		leave()
		wg.Wait()
		synctest.Wait()
		// One that waits may be taken before the end of its connection is seen.
		if w := ask(s, "POST", "/verify", `{"response":"1s"}`); w.Code != 200 || time.Since(started) != time.Second || calls.Load() > 3 {
			t.Errorf("%d %s after %s, %d calls", w.Code, w.Body, time.Since(started), calls.Load())
		}
		if !metric(s, "queue_depth 0") || !metric(s, "in_flight 0") || !metric(s, "requests_in_hand 0") || !metric(s, `verdicts_total{verifier="slow",outcome="pass"} 1`) || !metric(s, `verdicts_total{verifier="slow",outcome="undecided"} 0`) {
			t.Error(ask(s, "GET", "/metrics", "").Body)
		}
		r.stop()
		if err := <-r.stopped; err != nil {
			t.Error(err)
		}
	})
}
