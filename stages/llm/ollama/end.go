package ollama

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/ollama/ollama/api"

	"mulligan/data"
	"mulligan/stages/llm"
)

// Ollama counts the token that ends a turn, and returns neither it nor its log-probability. But it
// returns the likeliest 20 tokens of a place with their raw log-probabilities, the end tokens among
// them, as long as the token that is sampled there is no end token itself. So the place behind a
// reply is asked for once more, at a temperature at which anything is sampled: one token is read and
// one is drawn, the rest is in the server's cache.

// hot makes every token of a vocabulary about equally likely.
const hot = 100

// endTries is how many times a place is asked for, if end tokens are sampled there.
const endTries = 3

// certain is the log of the odds above which one end token leaves no other: 20 to 1 at the worst. What
// is not among the 20 likeliest is taken to be as likely as the last of them, which is far too much: for
// SmolLM2, a server that tells all found the others at most 1.2 in 1,000 together, in 702 places.
var certain = math.Log(20)

// scoreEnd finds the end token of a draw whose ids are exact, and its log-probability. What cannot be
// decided stays as it is, and so does everything if the server does not answer: the draw is here.
func (b *Backend) scoreEnd(ctx context.Context, model string, r rendered, c *llm.Completion) {
	d, t := &c.Draw, c.Draw.Tokens
	if !t.Exact() || t.Logprobs == nil || (t.End != data.EndMissing && t.End != data.EndInferred) {
		return
	}
	ends, only := r.aligner.Closers(r.stopsOf(d.Sampling))
	if !only { // ordinary text that is a stop string may have been the last token
		return
	}
	said := t.IDs
	if t.End == data.EndInferred {
		said = said[:len(said)-1]
	}
	text, ok := r.spell(t.Prompt, said)
	if !ok {
		return
	}
	for seed := range endTries {
		top, err := b.likeliest(ctx, model, c.Draw.Sampling.Context, text, seed, len(t.Prompt)+len(said))
		if err != nil {
			return
		}
		if top == nil {
			continue
		}
		id, logprob := r.decide(ends, top, d.Sampling)
		switch {
		case id < 0:
		case t.End == data.EndMissing:
			t.IDs, t.Logprobs, t.End = append(t.IDs, id), append(t.Logprobs, logprob), data.EndScored
		case t.IDs[len(t.IDs)-1] == id:
			t.Logprobs[len(t.Logprobs)-1] = logprob
		}
		return
	}
}

// spell returns the text whose ids are these, if the engine's tokenizer makes just these of it.
func (r rendered) spell(prompt, said []int32) (string, bool) {
	tail, err := r.Decode(said)
	if err != nil {
		return "", false
	}
	text := r.text + string(tail)
	all := slices.Concat(prompt, said)
	with, doubt := r.aligner.EncodeContext(text, true)
	without, _ := r.aligner.EncodeContext(text, false)
	return text, doubt == "" && (slices.Equal(with, all) || slices.Equal(without, all))
}

// decide names the end token that was sampled, if the odds leave no other.
func (r rendered) decide(ends []int32, top []logprob, s data.Sampling) (id int32, logprob float32) {
	if len(ends) > 1 && s.RepeatPenalty != 1 { // what was sampled from is another distribution than what is told
		return -1, 0
	}
	floor := *top[len(top)-1].Logprob // of every token that is not among them: at most this
	best, others := math.Inf(-1), []float64{}
	id = -1
	for _, end := range ends {
		piece, _ := r.Piece(end)
		lp, told := floor, false
		for _, l := range top {
			if bytes.Equal(l.Bytes, piece) || l.Token == string(piece) {
				lp, told = *l.Logprob, true
				break
			}
		}
		if told && lp > best {
			if id >= 0 {
				others = append(others, best)
			}
			id, best = end, lp
		} else {
			others = append(others, lp)
		}
	}
	var against float64 // weight of the others, that of the best being 1, as they were sampled
	for _, lp := range others {
		switch {
		case s.Temperature > 0:
			against += math.Exp((lp - best) / s.Temperature)
		case lp >= best:
			against = math.Inf(1)
		}
	}
	if id < 0 || against > 0 && -math.Log(against) < certain {
		return -1, 0
	}
	return id, float32(best)
}

// errOtherPlace says that the server read another text than the reply's: asking again is no use.
var errOtherPlace = errors.New("the server counts another text")

// likeliest returns the likeliest tokens of the place behind a text; nil: an end token was sampled
// there, and nothing is told.
func (b *Backend) likeliest(ctx context.Context, model string, window int, text string, seed, ids int) ([]logprob, error) {
	stream, no := false, false
	body, err := json.Marshal(&api.GenerateRequest{
		Model: model, Prompt: text, Raw: true, Stream: &stream, Truncate: &no, Shift: &no, Logprobs: true, TopLogprobs: 20,
		KeepAlive: &api.Duration{Duration: b.opts.KeepAlive},
		Options: map[string]any{"seed": seed, "num_ctx": window, "num_predict": 1, "temperature": hot,
			"top_k": 0, "top_p": 1.0, "min_p": 0.0, "typical_p": 1.0, "repeat_penalty": 1.0},
	})
	if err != nil {
		return nil, err
	}
	raw, err := b.send(ctx, b.generate, body)
	if err != nil {
		return nil, err
	}
	var reply struct {
		Logprobs []struct {
			Top []logprob `json:"top_logprobs"`
		} `json:"logprobs"`
		PromptEvalCount int `json:"prompt_eval_count"`
	}
	if err := json.Unmarshal(raw, &reply); err != nil {
		return nil, b.broken(ctx, http.StatusOK, err)
	}
	if reply.PromptEvalCount != ids {
		return nil, errOtherPlace
	}
	if len(reply.Logprobs) == 0 || len(reply.Logprobs[0].Top) == 0 {
		return nil, nil
	}
	for _, l := range reply.Logprobs[0].Top {
		if !l.sound() {
			return nil, fmt.Errorf("log-probability of %q is missing or above 0", l.Token)
		}
	}
	return reply.Logprobs[0].Top, nil
}
