package openai

import (
	"context"
	"fmt"
	"math"
	"slices"

	"mulligan/data"
	"mulligan/stages/llm"
)

// llama-server returns log-probabilities of what it samples only. So each token is asked for by a
// request whose context ends before it and that samples one token, which a bias forces; the
// log-probability is of the logits before any sampler, so the bias does not enter it. The server
// keeps the context's prefix between these requests, which leaves it one token to read for each.
//
// A token that ends within a character gives no entry. For such a one a token of plain text is forced
// instead, and the wanted one is read from the list of the most likely; in the end, from the list of
// all.

// force is a bias above any difference of logits.
const force = 1e6

// lists are how many of the most likely tokens are asked for, in turn; 0: all.
var lists = []int{64, 1024, 0}

func (d llamaCPP) score(ctx context.Context, b *Backend, model string, ids []int32, from int) ([]float32, error) {
	out := make([]float32, 0, len(ids)-from)
	for i := from; i < len(ids); i++ {
		l, err := d.scoreAt(ctx, b, model, ids, i)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// fill scores the tokens of a draw that came without a log-probability. One that cannot be scored stays
// unknown: the draw is paid for.
func (d llamaCPP) fill(ctx context.Context, b *Backend, model string, t *data.Tokens) {
	if t == nil || t.Prompt == nil || len(t.Prompt) == 0 {
		return
	}
	all := slices.Concat(t.Prompt, t.IDs)
	for i, l := range t.Logprobs {
		if !math.IsNaN(float64(l)) {
			continue
		}
		scored, err := d.scoreAt(ctx, b, model, all, len(t.Prompt)+i)
		if err != nil {
			return
		}
		t.Logprobs[i] = min(scored, 0)
	}
}

// scoreAt returns the log-probability of ids[i] after ids[:i].
func (d llamaCPP) scoreAt(ctx context.Context, b *Backend, model string, ids []int32, i int) (float32, error) {
	l, found, err := d.scoreOne(ctx, b, model, ids[:i], ids[i], ids[i], 1)
	if err != nil || found {
		return l, err
	}
	plain, err := d.plainToken(ctx, b, model)
	if err != nil {
		return 0, err
	}
	for _, n := range lists {
		if n == 0 {
			if n, err = d.vocabulary(ctx, b, model); err != nil {
				return 0, err
			}
		}
		if l, found, err = d.scoreOne(ctx, b, model, ids[:i], ids[i], plain, n); err != nil || found {
			return l, err
		}
	}
	return 0, b.broken(ctx, 0, fmt.Errorf("/completion: no log-probability of token %d at %d", ids[i], i))
}

// scoreOne returns the log-probability of a token after a context, while another one, or the same,
// is forced; found: the reply has it.
func (d llamaCPP) scoreOne(ctx context.Context, b *Backend, model string, context []int32, want, forced int32, n int) (float32, bool, error) {
	body := fields{"model": model, "prompt": context, "n_predict": 1, "stream": false, "n_probs": n, "temperature": 0.0,
		"samplers": []string{"temperature"}, "logit_bias": [][2]float64{{float64(forced), force}}, "seed": 0,
		"cache_prompt": true, "return_tokens": true, "post_sampling_probs": false, "ignore_eos": false, "stop": []string{}}
	var c llamaCompletion
	if err := b.call(ctx, b.root+"/completion", body, &c); err != nil {
		return 0, false, err
	}
	got, err := readIDs("tokens", c.Tokens)
	switch {
	case err != nil:
		return 0, false, b.broken(ctx, 0, err)
	case len(got) != 1 || got[0] != forced:
		return 0, false, b.broken(ctx, 0, fmt.Errorf("/completion: tokens %v: want [%d], which was forced", got, forced))
	case len(c.Entries) == 0:
		return 0, false, nil
	}
	e := c.Entries[0]
	if e.ID != nil && *e.ID == want && e.Logprob != nil {
		return float32(*e.Logprob), true, nil
	}
	for _, t := range e.Top {
		if t.ID != nil && *t.ID == int64(want) && t.Logprob != nil {
			return float32(*t.Logprob), true, nil
		}
	}
	return 0, false, nil
}

// plainToken returns a token whose text is whole.
func (d llamaCPP) plainToken(ctx context.Context, b *Backend, model string) (int32, error) {
	ids, err := d.tokenize(ctx, b, model, "a")
	if err == nil && len(ids) == 0 {
		err = &llm.Error{Class: llm.Temporary, Endpoint: b.opts.Endpoint, Err: fmt.Errorf("/tokenize: no token for %q", "a")}
	}
	if err != nil {
		return 0, err
	}
	return ids[len(ids)-1], nil
}

// vocabulary returns the number of tokens, which the server's list of models tells.
func (llamaCPP) vocabulary(ctx context.Context, b *Backend, model string) (int, error) {
	if n := b.vocabulary.Load(); n > 0 {
		return int(n), nil
	}
	list, err := b.models(ctx)
	if err != nil {
		return 0, err
	}
	card, err := b.choose(list, model)
	if err != nil {
		return 0, err
	}
	b.vocabulary.Store(int32(card.Meta.Vocabulary))
	return card.Meta.Vocabulary, nil
}
