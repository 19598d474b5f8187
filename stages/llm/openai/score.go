package openai

import (
	"context"
	"fmt"
	"math"

	"mulligan/stages/llm"
)

// Score returns the raw log-probabilities of ids[from:], each given all ids before it.
func (b *Backend) Score(ctx context.Context, model string, ids []int32, from int) ([]float32, error) {
	ctx, cancel := b.limit(ctx)
	defer cancel()
	engine, err := b.tokenEngine(ctx)
	if err != nil {
		return nil, err
	}
	if from < 1 || from > len(ids) {
		return nil, b.refused(fmt.Errorf("score %d tokens from %d: want from 1 to %d", len(ids), from, len(ids)))
	}
	if err := b.checkIDs("text to score", ids); err != nil {
		return nil, b.refused(err)
	}
	if from == len(ids) {
		return []float32{}, nil
	}
	out, err := engine.score(ctx, b, model, ids, from)
	if err != nil {
		return nil, err
	}
	for i, l := range out {
		if math.IsNaN(float64(l)) || l > slack {
			return nil, b.broken(ctx, 0, fmt.Errorf("log-probability of token %d is %g: want at most 0", from+i, l))
		}
		out[i] = min(l, 0)
	}
	return out, nil
}

// Tokenize returns the engine's ids of a text. Special tokens in it are read as such; none is added.
func (b *Backend) Tokenize(ctx context.Context, model, text string) ([]int32, error) {
	engine, err := b.tokenEngine(ctx)
	if err != nil || text == "" {
		return nil, err
	}
	return engine.tokenize(ctx, b, model, text)
}

// Detokenize returns the text of ids, special tokens included. Bytes that are no whole character
// arrive as the engine shows them.
func (b *Backend) Detokenize(ctx context.Context, model string, ids []int32) (string, error) {
	engine, err := b.tokenEngine(ctx)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return engine.detokenize(ctx, b, model, ids)
}

func (b *Backend) tokenEngine(ctx context.Context) (tokenDialect, error) {
	d, err := b.speak(ctx)
	if err != nil {
		return nil, err
	}
	engine, ok := d.(tokenDialect)
	if !ok {
		return nil, &llm.Error{Class: llm.Fatal, Endpoint: b.opts.Endpoint,
			Err: fmt.Errorf("dialect %s has no token ids: want one of llama.cpp, sglang, vllm", d.name())}
	}
	return engine, nil
}
