package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mulligan/data"
	"mulligan/pipeline"
	"mulligan/stages/llm"
)

// engine is the plan's engine, with all its endpoints.
type engine struct {
	backends []llm.Model
	settings engineSettings
}

func newEngine(s engineSettings) (*engine, error) {
	e := &engine{settings: s}
	for _, endpoint := range s.Endpoints {
		m, err := engines[s.Kind](s, endpoint)
		if err != nil {
			return nil, usagef("engine.endpoints: %w", err)
		}
		e.backends = append(e.backends, m)
	}
	return e, nil
}

// inspect asks every endpoint what it serves. They must all serve the same.
func (e *engine) inspect(ctx context.Context) (llm.Info, error) {
	var first llm.Info
	for i, b := range e.backends {
		in, ok := b.(llm.Inspector)
		if !ok {
			return llm.Info{Policy: data.Policy{Model: e.settings.Model, Server: e.settings.Kind}, LogprobsMode: "none"}, nil
		}
		info, err := in.Inspect(ctx, e.settings.Model)
		if err != nil {
			return info, err
		}
		if i == 0 {
			first = info
			continue
		}
		if a, b := first.Policy, info.Policy; a.Revision != b.Revision || a.TemplateDigest != b.TemplateDigest {
			return info, fmt.Errorf("engine.endpoints: %s and %s serve different models as %s (digests %.12s and %.12s)",
				e.settings.Endpoints[0], e.settings.Endpoints[i], e.settings.Model, a.Revision, b.Revision)
		}
	}
	return first, nil
}

// model returns the engine with its decorators. A draw waits for its turn and after errors without
// holding a slot; one in flight may finish after a stop, until kill is closed.
func (e *engine) model(kill <-chan struct{}, onRetry func(error)) llm.Model {
	retry := llm.RetryOptions{Tries: e.settings.Tries, Wait: e.settings.Wait, MaxWait: e.settings.MaxWait}
	if onRetry != nil {
		retry.OnRetry = func(err error, _ time.Duration) { onRetry(err) }
	}
	m := llm.Detach(llm.Balance(e.backends), kill)
	return llm.Retry(llm.NewLimiter(e.settings.Concurrency).Limit(m), retry)
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
