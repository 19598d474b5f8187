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
	backends []llm.Model // after inspect: those that were reached
	settings engineSettings
	warnings []string // of inspect
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

// inspectWithin bounds how long a server may take to say what it serves.
const inspectWithin = 15 * time.Second

// inspect asks every endpoint what it serves. Those that answer must all serve the same; one that
// does not answer is left out, with a warning, as long as another one does.
func (e *engine) inspect(ctx context.Context) (llm.Info, error) {
	var found llm.Info
	var from string
	var failed error
	var reached []llm.Model
	for i, b := range e.backends {
		in, ok := b.(llm.Inspector)
		if !ok {
			return llm.Info{Policy: data.Policy{Model: e.settings.Model, Server: e.settings.Kind}, LogprobsMode: "none"}, nil
		}
		limited, cancel := context.WithTimeoutCause(ctx, inspectWithin, errSilent)
		info, err := in.Inspect(limited, e.settings.Model)
		cancel()
		switch {
		case ctx.Err() != nil:
			return info, context.Cause(ctx)
		case errors.Is(err, errSilent):
			err = &llm.Error{Class: llm.Temporary, Endpoint: e.settings.Endpoints[i], Err: errSilent, Hint: "is this the address of an Ollama server?"}
			fallthrough
		case err != nil && llm.ClassOf(err) == llm.Temporary:
			failed = errors.Join(failed, err)
			e.warnings = append(e.warnings, fmt.Sprintf("left out: %v", err))
			continue
		case err != nil:
			return info, err
		}
		if a, b := found.Policy, info.Policy; from != "" && (a.Revision != b.Revision || a.TemplateDigest != b.TemplateDigest) {
			return info, fmt.Errorf("engine.endpoints: %s and %s serve different models as %s (digests %.12s and %.12s)",
				from, e.settings.Endpoints[i], e.settings.Model, a.Revision, b.Revision)
		}
		found, from = info, e.settings.Endpoints[i]
		reached = append(reached, b)
	}
	if len(reached) == 0 {
		e.warnings = nil
		return found, failed
	}
	e.backends = reached
	return found, nil
}

var errSilent = fmt.Errorf("no answer within %s", inspectWithin)

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
