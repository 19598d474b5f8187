package openai

import (
	"context"
	"fmt"
	"strings"

	"mulligan/data"
	"mulligan/stages/llm"
)

// generic is OpenAI's interface and no more: text, pieces where log-probabilities are returned, no
// ids. What they are log-probabilities of, the interface does not say.
type generic struct{}

func (generic) name() Dialect                                { return Generic }
func (generic) mode(string, data.Sampling) data.LogprobsMode { return data.LogprobsUnknown }

// echoes allows for the dated name that a hosted model answers with, and for a provider's prefix.
func (generic) echoes(asked, echoed string) bool {
	a, e := asked[strings.LastIndex(asked, "/")+1:], echoed[strings.LastIndex(echoed, "/")+1:]
	return a == e || strings.HasPrefix(e, a+"-")
}

func (generic) chat(body fields, req llm.Request, s shape) error {
	switch q := req.Sampling; {
	case q.TopK > 0:
		return &llm.Error{Class: llm.Fatal, Err: fmt.Errorf("top_k %d: dialect generic cannot send it; 0 is the whole distribution", q.TopK)}
	case q.MinP > 0:
		return &llm.Error{Class: llm.Fatal, Err: fmt.Errorf("min_p %g: dialect generic cannot send it; 0 is the whole distribution", q.MinP)}
	case q.RepeatPenalty != 1 && q.RepeatPenalty != 0:
		return &llm.Error{Class: llm.Fatal, Err: fmt.Errorf("repeat_penalty %g: dialect generic cannot send it; 1 is none", q.RepeatPenalty)}
	case q.Think != "" && q.Think != "on":
		body["reasoning_effort"] = q.Think
	}
	return nil
}

func (generic) tokens(c *chatReply, r *reply) error {
	r.called = c.Choices[0].calls()
	r.noIDs = "dialect generic: the interface returns no token ids"
	if l := c.Choices[0].Logprobs; l != nil {
		for i, p := range l.Content {
			if p.Logprob == nil {
				return fmt.Errorf("choices[0].logprobs.content[%d].logprob is missing", i)
			}
			bytes := []byte(p.Bytes)
			if bytes == nil {
				bytes = []byte(p.Token)
			}
			r.pieces = append(r.pieces, data.Piece{Bytes: bytes, Logprob: float32(*p.Logprob)})
		}
	}
	return nil
}

func (generic) inspect(_ context.Context, _ *Backend, card modelCard, info *llm.Info) error {
	info.ContextLength = card.MaxModelLen
	info.Policy.Served = served("root", card.Root, "parent", card.Parent)
	info.Tokens = data.TokensNone
	return nil
}
