package server

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errStopping ends what is in hand when a server stops before it is done.
var errStopping = errors.New("the server stopped before the verdict: ask again")

// outcome is what a question came to.
type outcome int

const (
	passed outcome = iota
	failed
	undecided
	refused   // it is no question
	abandoned // its client went away, or the server stopped or is stuck
	outcomes
)

// answer is what a client is told of one question.
type answer struct {
	ruling  Ruling
	outcome outcome
}

// task is a question that a worker has, or that ended before one had it.
type task struct {
	text []byte
	done chan answer // gets one
}

// start hands a question to a worker, for which it waits until ctx ends. At the time limit the answer
// is "undecided" and the worker is free, whatever the verifier does. A worker whose client has gone
// is free when the verifier returns, at the time limit at the latest.
func (s *Server) start(ctx context.Context, text []byte) task {
	t := task{text, make(chan answer, 1)}
	if s.takePlace(ctx) {
		go s.work(ctx, t)
		return t
	}
	s.metrics.ruled("", abandoned)
	t.done <- t.abandon(ctx)
	return t
}

// takePlace waits for a worker's place.
func (s *Server) takePlace(ctx context.Context) bool {
	s.metrics.waiting.Add(1)
	defer s.metrics.waiting.Add(-1)
	select {
	case s.workers <- struct{}{}:
		if ctx.Err() == nil {
			return true
		}
		<-s.workers
		return false
	case <-ctx.Done():
		return false
	}
}

// wait returns the answer, or says why ctx ended before there was one.
func (t task) wait(ctx context.Context) answer {
	select {
	case a := <-t.done:
		return a
	case <-ctx.Done():
	}
	select {
	case a := <-t.done:
		return a
	default:
		return t.abandon(ctx)
	}
}

func (t task) abandon(ctx context.Context) answer {
	q, _ := ReadQuestion(t.text)
	return answer{Ruling{ID: q.ID, Err: context.Cause(ctx)}, abandoned}
}

// work judges a question in a worker's place, and leaves the place.
func (s *Server) work(ctx context.Context, t task) {
	leave := func() { <-s.workers }
	q, err := ReadQuestion(t.text)
	name, v, unknown := s.verifier(q.Verifier)
	if err == nil {
		err = unknown
	}
	outcome := refused
	if n := s.overdue.Load(); err == nil && n >= s.mostOverdue() {
		outcome, err = abandoned, fmt.Errorf("%s: not tried: %d verdicts are past their time limit and their verifiers still run", name, n)
	}
	if err != nil {
		leave()
		s.metrics.ruled(name, outcome)
		t.done <- answer{Ruling{ID: q.ID, Err: err}, outcome}
		return
	}
	started := time.Now()
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(s.opts.Timeout, func() {
		late := fmt.Errorf("%s: no verdict within %s", name, s.opts.Timeout)
		cancel(late)
		s.overdue.Add(1)
		leave()
		s.metrics.judged(name, undecided, time.Since(started))
		t.done <- answer{Ruling{ID: q.ID, Err: late}, undecided}
	})
	r := Judge(within, v, q)
	if p, ok := errors.AsType[*PanicError](r.Err); ok {
		s.opts.Logf("verifier %s: %v\n%s", name, p, p.Stack)
	}
	if !limit.Stop() { // answered already
		s.overdue.Add(-1)
		return
	}
	a := answer{r, undecided}
	switch {
	case r.Err != nil && ctx.Err() != nil:
		a.ruling.Err, a.outcome = context.Cause(ctx), abandoned
	case r.Err != nil:
	case r.Verdict.Pass:
		a.outcome = passed
	default:
		a.outcome = failed
	}
	leave()
	s.metrics.judged(name, a.outcome, time.Since(started))
	t.done <- a
}

// mostOverdue bounds the verifiers that run on past their time limit.
func (s *Server) mostOverdue() int64 { return 4 * int64(s.opts.Workers) }
