package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"mulligan/data"
	"mulligan/stages/llm"
)

// modelCard is an entry of /v1/models, with the fields of all dialects.
type modelCard struct {
	ID          string   `json:"id"`
	OwnedBy     string   `json:"owned_by"`
	Root        string   `json:"root"`
	Parent      string   `json:"parent"`
	MaxModelLen int      `json:"max_model_len"` // vLLM, SGLang
	Aliases     []string `json:"aliases"`       // llama.cpp
	Meta        struct { // llama.cpp
		Vocabulary int    `json:"n_vocab"`
		Embedding  int    `json:"n_embd"`
		Params     int    `json:"n_params"`
		Size       int    `json:"size"`
		Type       string `json:"ftype"`
	} `json:"meta"`
}

func (b *Backend) models(ctx context.Context) ([]modelCard, error) {
	var list struct {
		Data []modelCard `json:"data"`
	}
	err := b.call(ctx, b.v1+"/models", nil, &list)
	if e, ok := errors.AsType[*llm.Error](err); ok && e.Class == llm.Temporary && e.Hint == "" {
		e.Hint = "start the server, or set engine.endpoints to where it runs"
	}
	return list.Data, err
}

// Models returns the names that the server lists.
func (b *Backend) Models(ctx context.Context) ([]string, error) {
	list, err := b.models(ctx)
	var names []string
	for _, c := range list {
		names = append(names, c.ID)
	}
	return names, err
}

// Inspect asks the server what it is, and what it serves under the model's name.
func (b *Backend) Inspect(ctx context.Context, model string) (llm.Info, error) {
	var info llm.Info
	d, err := b.speak(ctx)
	if err != nil {
		return info, err
	}
	list, err := b.models(ctx)
	if err != nil && !(absent(err) && d.name() == Generic) {
		return info, err
	}
	card, err := b.choose(list, model)
	if err != nil {
		return info, err
	}
	info.Policy = data.Policy{Model: model, Server: string(d.name())}
	info.LogprobsMode = data.LogprobsNone
	if b.opts.Logprobs {
		info.LogprobsMode = d.mode(data.Sampling{Temperature: 0.5, TopP: 1, RepeatPenalty: 1})
		if b.opts.LogprobsMode != "" {
			info.LogprobsMode = b.opts.LogprobsMode
		}
	}
	if err := d.inspect(ctx, b, card, &info); err != nil {
		return info, err
	}
	if engine, ok := d.(tokenDialect); ok {
		info.Scores = true
		info.TokenIn, err = b.canRender(ctx, engine, model)
	}
	return info, err
}

// canRender tries whether the server renders a conversation to ids.
func (b *Backend) canRender(ctx context.Context, engine tokenDialect, model string) (bool, error) {
	if !b.opts.TokenIn {
		return false, nil
	}
	_, err := engine.render(ctx, b, llm.Request{Model: model, Messages: []data.Message{{Role: data.RoleUser, Content: "hi"}}})
	if errors.Is(err, errBlind) {
		b.blind.Store(true)
		return false, nil
	}
	return err == nil, err
}

// choose finds the model in the server's list, and remembers the name that replies carry.
func (b *Backend) choose(list []modelCard, model string) (modelCard, error) {
	var names []string
	for _, c := range list {
		if c.ID == model || slices.Contains(c.Aliases, model) {
			b.mu.Lock()
			b.served[model] = c.ID
			b.mu.Unlock()
			return c, nil
		}
		names = append(names, c.ID)
	}
	if len(list) == 0 { // a server without a list answers or refuses by itself
		return modelCard{}, nil
	}
	slices.Sort(names)
	return modelCard{}, &llm.Error{Class: llm.Fatal, Endpoint: b.opts.Endpoint, Status: http.StatusNotFound,
		Err: fmt.Errorf("model %q is not there; there are: %s", model, short(strings.Join(names, ", "))), Hint: "set engine.model to a name that the server lists at /v1/models"}
}

// echo returns the name that replies of a model carry; "": not known.
func (b *Backend) echo(model string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.served[model]
}
