package llmtest

import "encoding/json"

// openAIChat has fields of OpenAI's own interface.
type openAIChat struct {
	Model            string          `json:"model"`
	Messages         []Said          `json:"messages"`
	Stream           bool            `json:"stream"`
	Seed             int64           `json:"seed"`
	MaxTokens        int             `json:"max_tokens"`
	Temperature      float64         `json:"temperature"`
	TopP             float64         `json:"top_p"`
	PresencePenalty  float64         `json:"presence_penalty"`
	FrequencyPenalty float64         `json:"frequency_penalty"`
	Stop             json.RawMessage `json:"stop"`
	ResponseFormat   json.RawMessage `json:"response_format"`
	Logprobs         bool            `json:"logprobs"`
	Tools            json.RawMessage `json:"tools"`
	ToolChoice       string          `json:"tool_choice"`
	ReasoningEffort  string          `json:"reasoning_effort"`
}

// NewGeneric starts a fake of a server with OpenAI's interface and nothing else.
func NewGeneric(model string) *Engine {
	e, mux := newEngine(model)
	answer(mux, "GET /v1/models", func(struct{}) (any, error) {
		return fields{"object": "list", "data": []fields{{"id": e.Model, "object": "model", "created": 1, "owned_by": "somebody"}}}, nil
	})
	draws(e, mux, "POST /v1/chat/completions", func(r openAIChat) (any, error) {
		q := tinySampling{Temperature: r.Temperature, TopP: r.TopP, Max: r.MaxTokens, Seed: r.Seed, Stop: stops(r.Stop)}
		s, err := e.chat(r.Model, r.Messages, r.Tools != nil, false, q)
		if err != nil {
			return nil, err
		}
		message := fields{"role": "assistant", "content": s.text, "refusal": nil}
		if s.calls != nil {
			message["content"], message["tool_calls"] = nil, s.calls
		}
		ch := fields{"index": 0, "message": message, "finish_reason": s.finish, "logprobs": nil}
		if r.Logprobs { // of text only: the end token is counted and not shown
			content := []fields{}
			for i, id := range s.ids {
				if id >= firstByte {
					content = append(content, fields{"token": shown(e.Tiny.pieces[id]), "logprob": s.raw[i], "bytes": numbers(e.Tiny.pieces[id]), "top_logprobs": []any{}})
				}
			}
			ch["logprobs"] = fields{"content": content, "refusal": nil}
		}
		return fields{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": e.Model, "choices": []fields{ch},
			"usage": usage(len(s.prompt), len(s.ids)), "system_fingerprint": nil, "service_tier": "default"}, nil
	})
	return e
}
