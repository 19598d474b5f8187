package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"mulligan/data"
	"mulligan/pipeline"
	"mulligan/stages/llm"
)

// engine is the plan's engine, with all its endpoints.
type engine struct {
	backends []llm.Model // by endpoint
	balancer *llm.Balancer
	settings engineSettings
	tell     func(line string) // of endpoints that come, go and change; set before the first draw

	mu       sync.Mutex
	doubtful []data.Digest // draws that may be of another model
}

func newEngine(s engineSettings) (*engine, error) {
	e := &engine{settings: s, tell: func(string) {}}
	dial := engines[s.Kind](s)
	var ends []llm.Endpoint
	for _, endpoint := range s.Endpoints {
		m, err := dial(endpoint)
		if err != nil {
			return nil, usagef("engine.endpoints: %w", err)
		}
		e.backends = append(e.backends, m)
		end := llm.Endpoint{Name: endpoint, Model: m}
		if in, ok := m.(llm.Inspector); ok {
			end.Inspect = func(ctx context.Context) (llm.Info, error) { return in.Inspect(ctx, s.Model) }
		}
		ends = append(ends, end)
	}
	var err error
	e.balancer, err = llm.NewBalancer(ends, llm.BalanceOptions{
		CheckEvery: s.CheckEvery,
		OnAside:    func(endpoint string, err error) { e.tell(fmt.Sprintf("%s is set aside: %v", endpoint, err)) },
		OnBack:     func(endpoint string) { e.tell(endpoint + " is back") },
		OnChange:   e.changed,
	})
	if err != nil {
		return nil, usagef("engine.endpoints: %w", err)
	}
	return e, nil
}

// changed takes note of an endpoint that serves another model.
func (e *engine) changed(c *llm.Change) {
	e.mu.Lock()
	e.doubtful = append(e.doubtful, c.Doubtful...)
	e.mu.Unlock()
	e.tell(fmt.Sprintf("%s is left out for good: it %v", c.Endpoint, c))
}

// distrust makes a run draw again what may be of another model. It returns an error if there was any.
func (e *engine) distrust(ctx context.Context, r *pipeline.Run) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	n, err := r.Doubt(ctx, e.doubtful)
	if err == nil && n > 0 {
		err = fmt.Errorf("%d draws may be of another model than the run's: they stay recorded, count as not drawn, and are drawn again by the same command", n)
	}
	return err
}

// inspect asks every endpoint what it serves. Those that answer must all serve the same; one that
// does not answer joins when it does, as long as another one is there.
func (e *engine) inspect(ctx context.Context) (llm.Info, error) {
	info, err := e.balancer.Connect(ctx)
	if info.Policy.Model == "" { // no endpoint can say
		info.Policy, info.LogprobsMode = data.Policy{Model: e.settings.Model, Server: e.settings.Kind}, data.LogprobsNone
	}
	return info, err
}

// model returns the engine with its decorators. A draw waits for its turn and after errors without
// holding a slot; one in flight may finish after a stop, until kill is closed.
func (e *engine) model(kill <-chan struct{}, onRetry func(error)) llm.Model {
	return llm.Retry(llm.NewLimiter(e.settings.Concurrency).Limit(llm.Detach(e.balancer, kill)), e.retry(onRetry))
}

func (e *engine) retry(onRetry func(error)) llm.RetryOptions {
	o := llm.RetryOptions{Tries: e.settings.Tries, Wait: e.settings.Wait, MaxWait: e.settings.MaxWait}
	if onRetry != nil {
		o.OnRetry = func(err error, _ time.Duration) { onRetry(err) }
	}
	return o
}

// absent stands for an engine that could not be reached when a run was continued: what is recorded
// is enough for some work, and the first draw that is not says what was wrong.
type absent struct{ err error }

func (a absent) Generate(context.Context, llm.Request) (llm.Completion, error) {
	e := &llm.Error{Class: llm.Fatal, Err: a.err}
	if was, ok := errors.AsType[*llm.Error](a.err); ok {
		*e = *was
		e.Class = llm.Fatal
	}
	return llm.Completion{}, e
}

// session says who takes the run up.
func (p *plan) session(info llm.Info) pipeline.Session {
	return pipeline.Session{Policy: info.Policy, LogprobsMode: info.LogprobsMode, Version: versionString(),
		Endpoints: p.settings.Engine.Endpoints}
}
