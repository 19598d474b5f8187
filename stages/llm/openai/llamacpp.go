package openai

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mulligan/data"
	"mulligan/stages/llm"
)

// llamaCPP is llama-server of llama.cpp. Its fields are those of tools/server/README.md and
// server-task.cpp.
//
// Chat replies hold ids only in __verbose, which verbose: true asks for; the ids beside their
// log-probabilities are not enough: a token that ends within a character has no entry there, nor have
// the tokens of a stop string. Such tokens are scored by requests of their own right after the draw
// (llamacpp_score.go). The end token is the last id. Log-probabilities are of the logits before any sampler. Server defaults are far from
// neutral, so every sampler is named, and those that a plan cannot name are off.
type llamaCPP struct{}

func (llamaCPP) name() Dialect                                { return LlamaCPP }
func (llamaCPP) mode(string, data.Sampling) data.LogprobsMode { return data.LogprobsRaw }
func (llamaCPP) echoes(asked, echoed string) bool             { return asked == echoed }
func (llamaCPP) rendersChat() bool                            { return true }

// repeatWindow is how many tokens a repeat penalty looks back: the server's default, said explicitly.
const repeatWindow = 64

func (llamaCPP) sampling(body fields, q data.Sampling) {
	for name, value := range map[string]any{
		"samplers":    []string{"penalties", "top_k", "top_p", "min_p", "temperature"},
		"temperature": q.Temperature, "top_k": max(q.TopK, 0), "top_p": q.TopP, "min_p": q.MinP,
		"repeat_penalty": q.RepeatPenalty, "repeat_last_n": repeatWindow, "presence_penalty": 0.0, "frequency_penalty": 0.0,
		"typical_p": 1.0, "top_n_sigma": -1.0, "dynatemp_range": 0.0, "mirostat": 0,
		"xtc_probability": 0.0, "dry_multiplier": 0.0, "adaptive_target": -1.0, "min_keep": 0,
		"ignore_eos": false, "logit_bias": []any{}, "t_max_predict_ms": 0, "n_indent": 0,
		"cache_prompt": true, "return_tokens": true, "post_sampling_probs": false,
	} {
		body[name] = value
	}
}

func (d llamaCPP) chat(body fields, req llm.Request, s shape) error {
	d.sampling(body, req.Sampling)
	templateThinking(body, req.Sampling.Think, "enable_thinking")
	body["verbose"] = true
	if s.logprobs {
		body["top_logprobs"] = 1 // 0 would return none
	}
	return nil
}

// llamaCompletion is a reply of /completion, and __verbose of a chat reply.
type llamaCompletion struct {
	Model     string          `json:"model"`
	Content   *string         `json:"content"`
	Tokens    json.RawMessage `json:"tokens"`
	StopType  string          `json:"stop_type"` // eos, limit or word
	PromptN   *int            `json:"tokens_evaluated"`
	N         *int            `json:"tokens_predicted"`
	Truncated bool            `json:"truncated"`
	Entries   []struct {
		ID      *int32    `json:"id"`
		Logprob *float64  `json:"logprob"`
		Top     []logprob `json:"top_logprobs"`
	} `json:"completion_probabilities"`
	Timings *struct {
		Prefill float64 `json:"prompt_ms"`
		Decode  float64 `json:"predicted_ms"`
	} `json:"timings"`
}

func (d llamaCPP) tokens(c *chatReply, r *reply) error {
	if v := c.Verbose; v != nil {
		return d.read(v, r)
	}
	// A server from before verbose could be asked for: the entries' ids, where none is missing.
	l := c.Choices[0].Logprobs
	if l == nil || r.n == nil || len(l.Content) != *r.n {
		r.noIDs = "the server returned ids of some tokens only: take a newer llama-server, or token_in: true"
		return nil
	}
	r.ids, r.logprobs = make([]int32, *r.n), make([]float32, *r.n)
	for i, e := range l.Content {
		if e.ID == nil || e.Logprob == nil || *e.ID != int64(int32(*e.ID)) {
			return fmt.Errorf("choices[0].logprobs.content[%d]: want id and logprob", i)
		}
		r.ids[i], r.logprobs[i] = int32(*e.ID), float32(*e.Logprob)
	}
	r.end = data.EndNone
	if n := len(r.ids); r.stop == data.StopEnd {
		r.end = data.EndMissing
		if n > 0 && len(l.Content[n-1].Bytes) == 0 { // an end token has no text
			r.end = data.EndReturned
		}
	}
	return nil
}

// read takes ids and log-probabilities of either endpoint.
func (llamaCPP) read(c *llamaCompletion, r *reply) (err error) {
	if r.ids, err = readIDs("tokens", c.Tokens); err != nil {
		return err
	}
	if r.ids == nil {
		r.ids = []int32{}
	}
	if r.n == nil {
		r.n = c.N
	}
	if r.promptN == nil {
		r.promptN = c.PromptN
	}
	switch c.StopType {
	case "eos":
		if len(r.ids) == 0 {
			return errors.New("the reply ended by a token and has none")
		}
		r.stop, r.end = data.StopEnd, data.EndReturned
	case "word":
		r.stop, r.end = data.StopEnd, data.EndNone
	case "limit":
		r.stop, r.end = data.StopLength, data.EndNone
	default:
		return fmt.Errorf("stop_type is %q: want eos, word or limit", c.StopType)
	}
	r.truncated = c.Truncated && c.StopType != "limit"
	if c.Timings != nil {
		r.prefill, r.decoding = milliseconds(c.Timings.Prefill), milliseconds(c.Timings.Decode)
	}
	if c.Entries == nil {
		return nil
	}
	entries := make([]numbered, len(c.Entries))
	for i, e := range c.Entries {
		if e.ID == nil || e.Logprob == nil {
			return fmt.Errorf("completion_probabilities[%d]: want id and logprob", i)
		}
		entries[i] = numbered{*e.ID, float32(*e.Logprob)}
	}
	r.gaps = true
	r.logprobs, err = place(r.ids, entries)
	return err
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// inspect asks /props for the file, the template and the build. The server does not tell a digest of
// the weights; what it tells of the file stays the same when they are trained again.
func (llamaCPP) inspect(ctx context.Context, b *Backend, card modelCard, info *llm.Info) error {
	var p struct {
		Path     string `json:"model_path"`
		Template string `json:"chat_template"`
		Build    string `json:"build_info"`
		Settings struct {
			Context int `json:"n_ctx"`
		} `json:"default_generation_settings"`
		Caps map[string]bool `json:"chat_template_caps"`
	}
	if err := b.call(ctx, b.root+"/props", nil, &p); err != nil {
		return err
	}
	m := card.Meta
	template := sha256.Sum256([]byte(p.Template))
	info.Policy.Served = served("file", base(p.Path), "bytes", count(m.Size), "parameters", count(m.Params),
		"vocabulary", count(m.Vocabulary), "embedding", count(m.Embedding))
	info.Policy.Quantization = m.Type
	info.Policy.TemplateDigest = hex.EncodeToString(template[:])
	info.Policy.ServerVersion = p.Build
	info.ContextLength = p.Settings.Context
	info.Tokens = data.TokensEngine
	info.Capabilities = []string{"completion"}
	if p.Caps["supports_tools"] || p.Caps["supports_tool_calls"] {
		info.Capabilities = append(info.Capabilities, "tools")
	}
	if p.Caps["supports_preserve_reasoning"] || p.Caps["supports_reasoning_effort"] {
		info.Capabilities = append(info.Capabilities, "thinking")
	}
	b.vocabulary.Store(int32(m.Vocabulary))
	return nil
}

// render asks for the text of a conversation, and tokenises it as the server does with a prompt.
func (d llamaCPP) render(ctx context.Context, b *Backend, req llm.Request) ([]int32, error) {
	messages, err := messageList(req.Messages, true)
	if err != nil {
		return nil, b.refused(err)
	}
	body := fields{"messages": messages}
	if len(req.Tools) > 0 {
		if body["tools"], err = toolList(req.Tools); err != nil {
			return nil, b.refused(err)
		}
	}
	templateThinking(body, req.Sampling.Think, "enable_thinking")
	var v struct {
		Prompt *string `json:"prompt"`
	}
	rendered, err := b.textOf(ctx, b.root+"/apply-template", body, &v, &v.Prompt)
	if err != nil {
		return nil, err
	}
	return b.tokenList(ctx, b.root+"/tokenize", fields{"content": rendered, "add_special": true, "parse_special": true})
}

func (llamaCPP) tokenize(ctx context.Context, b *Backend, _, text string) ([]int32, error) {
	return b.tokenList(ctx, b.root+"/tokenize", fields{"content": text, "add_special": false, "parse_special": true})
}

func (llamaCPP) detokenize(ctx context.Context, b *Backend, _ string, ids []int32) (string, error) {
	var v struct {
		Content *string `json:"content"`
	}
	return b.textOf(ctx, b.root+"/detokenize", fields{"tokens": ids}, &v, &v.Content)
}

func (d llamaCPP) complete(ids []int32, req llm.Request, s shape) (string, fields, error) {
	body := fields{"model": req.Model, "prompt": ids, "stream": false, "seed": s.seed, "n_predict": s.max}
	d.sampling(body, req.Sampling)
	if len(req.Sampling.Stop) > 0 {
		body["stop"] = req.Sampling.Stop
	}
	if s.logprobs {
		body["n_probs"] = 1
	}
	if req.Sampling.Format != "" {
		schema, err := schemaOf(req.Sampling.Format)
		if err != nil {
			return "", nil, err
		}
		body["json_schema"] = schema
	}
	return "/completion", body, nil
}

func (d llamaCPP) readCompletion(raw []byte) (reply, error) {
	var c llamaCompletion
	if err := decode(raw, &c); err != nil {
		return reply{}, err
	}
	if c.Content == nil {
		return reply{}, errors.New("content is missing")
	}
	r := reply{model: c.Model, message: data.Message{Role: data.RoleAssistant, Content: *c.Content}}
	return r, d.read(&c, &r)
}
