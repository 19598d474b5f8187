package openai

import (
	"context"
	"errors"
	"net/http"

	"mulligan/stages/llm"
)

// speak returns the server's dialect, and asks for it once where the plan names none. A server that
// cannot be reached is asked again by the next draw.
func (b *Backend) speak(ctx context.Context) (dialect, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dialect != nil {
		return b.dialect, nil
	}
	d, err := b.detect(ctx)
	if err != nil {
		return nil, err
	}
	b.dialect = d
	return d, nil
}

// detect goes by who the server says owns its models; behind a proxy that rewrites the list, by the
// paths that only one of them has. The caller holds b.mu.
func (b *Backend) detect(ctx context.Context) (dialect, error) {
	list, err := b.models(ctx)
	if err != nil && !absent(err) {
		return nil, err
	}
	for _, card := range list {
		b.served[card.ID] = card.ID
		for _, alias := range card.Aliases {
			b.served[alias] = card.ID
		}
	}
	for _, card := range list {
		switch card.OwnedBy {
		case "vllm":
			return vllm{}, nil
		case "sglang":
			return sglang{}, nil
		case "llamacpp":
			return llamaCPP{}, nil
		}
	}
	var props struct {
		Build string `json:"build_info"`
	}
	var info struct {
		Path string `json:"model_path"`
	}
	var version struct {
		Version string `json:"version"`
	}
	for _, probe := range []struct {
		path string
		into any
		hit  func() bool
		d    dialect
	}{
		{"/props", &props, func() bool { return props.Build != "" }, llamaCPP{}},
		{"/get_model_info", &info, func() bool { return info.Path != "" }, sglang{}},
		{"/version", &version, func() bool { return version.Version != "" }, vllm{}},
	} {
		err := b.call(ctx, b.root+probe.path, nil, probe.into)
		if cause := context.Cause(ctx); err != nil && cause != nil {
			return nil, cause
		}
		if err == nil && probe.hit() {
			return probe.d, nil
		}
		if e, ok := errors.AsType[*llm.Error](err); ok && e.Class == llm.Temporary && e.Status != 0 {
			return nil, err // it may be starting: not a word on what it is
		}
	}
	return generic{}, nil
}

// absent reports whether an error is that of a path that the server does not have.
func absent(err error) bool {
	e, ok := errors.AsType[*llm.Error](err)
	return ok && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented)
}
