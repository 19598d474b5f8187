package openai_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/stages/llm"
	"mulligan/stages/llm/openai"
)

// TestRequestIsNeutral pins what is sent for a draw with neutral sampling. The fakes refuse a field that
// their server does not have.
func TestRequestIsNeutral(t *testing.T) {
	shared := map[string]any{"temperature": 1.0, "top_p": 1.0, "stream": false, "presence_penalty": 0.0, "frequency_penalty": 0.0}
	chat := map[string]any{"model": "tiny", "max_tokens": 9.0, "logprobs": true}
	for _, c := range []struct {
		dialect openai.Dialect
		tokenIn bool
		wants   []map[string]any
	}{
		{openai.Generic, false, []map[string]any{shared, chat}},
		{openai.VLLM, false, []map[string]any{shared, chat, {"top_logprobs": 0.0, "top_k": -1.0, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": true}}},
		{openai.VLLM, true, []map[string]any{shared, {"model": "tiny", "max_tokens": 9.0, "logprobs": 0.0, "top_k": -1.0, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": true}}},
		{openai.SGLang, false, []map[string]any{shared, chat, {"top_k": -1.0, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": true, "return_prompt_token_ids": true, "return_meta_info": true}}},
		{openai.SGLang, true, []map[string]any{{"return_logprob": true, "logprob_start_len": -1.0, "stream": false}}},
		{openai.LlamaCPP, false, []map[string]any{shared, chat, {"top_logprobs": 1.0, "top_k": 0.0, "min_p": 0.0, "typical_p": 1.0, "repeat_penalty": 1.0, "xtc_probability": 0.0,
			"dry_multiplier": 0.0, "mirostat": 0.0, "dynatemp_range": 0.0, "top_n_sigma": -1.0, "cache_prompt": true, "return_tokens": true, "verbose": true, "post_sampling_probs": false}}},
		{openai.LlamaCPP, true, []map[string]any{shared, {"n_predict": 9.0, "n_probs": 1.0, "top_k": 0.0, "min_p": 0.0, "samplers": []any{"penalties", "top_k", "top_p", "min_p", "temperature"}}}},
	} {
		e := start(t, c.dialect)
		e.Tiny.Quiet = true
		got, err := backend(t, e, openai.Options{Logprobs: true, TokenIn: c.tokenIn}).Generate(t.Context(), request())
		if err != nil {
			t.Errorf("%s, ids in %v: %v", c.dialect, c.tokenIn, err)
			continue
		}
		sent := e.Last()
		for _, want := range c.wants {
			for k, v := range want {
				if !reflect.DeepEqual(sent[k], v) {
					t.Errorf("%s, ids in %v: %s is %v, want %v", c.dialect, c.tokenIn, k, sent[k], v)
				}
			}
		}
		seed := sent["seed"]
		if p, ok := sent["sampling_params"].(map[string]any); ok {
			seed = p["sampling_seed"]
			if p["temperature"] != 1.0 || p["top_p"] != 1.0 || p["top_k"] != -1.0 || p["max_new_tokens"] != 9.0 {
				t.Errorf("sampling_params %v", p)
			}
		}
		if seed != float64(got.Draw.Seed) || got.Draw.Seed == 0 {
			t.Errorf("%s, ids in %v: seed %v, want %d", c.dialect, c.tokenIn, seed, got.Draw.Seed)
		}
		for _, never := range []string{"n", "best_of", "truncate_prompt_tokens", "echo"} {
			if _, ok := sent[never]; ok {
				t.Errorf("%s: %s is sent", c.dialect, never)
			}
		}
	}
}

func TestSamplingIsSent(t *testing.T) {
	req := request()
	req.Sampling = data.Sampling{Temperature: 0.5, TopP: 0.9, TopK: 5, MinP: 0.1, RepeatPenalty: 1.1, MaxTokens: 4, Context: 2000, Stop: []string{"zzz"}, Format: `{"type":"object"}`}
	schema := map[string]any{"type": "object"}
	strict := map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": "reply", "strict": true, "schema": schema}}
	for _, c := range []struct {
		dialect openai.Dialect
		tokenIn bool
		want    map[string]any
	}{
		{openai.VLLM, false, map[string]any{"temperature": 0.5, "top_p": 0.9, "top_k": 5.0, "min_p": 0.1, "repetition_penalty": 1.1, "max_tokens": 4.0, "stop": []any{"zzz"}, "response_format": strict}},
		{openai.VLLM, true, map[string]any{"temperature": 0.5, "top_p": 0.9, "top_k": 5.0, "min_p": 0.1, "repetition_penalty": 1.1, "max_tokens": 4.0, "stop": []any{"zzz"}, "response_format": strict}},
		{openai.SGLang, false, map[string]any{"top_k": 5.0, "min_p": 0.1, "repetition_penalty": 1.1, "response_format": strict}},
		{openai.LlamaCPP, false, map[string]any{"top_k": 5.0, "min_p": 0.1, "repeat_penalty": 1.1, "repeat_last_n": 64.0, "response_format": strict}},
		{openai.LlamaCPP, true, map[string]any{"top_k": 5.0, "min_p": 0.1, "repeat_penalty": 1.1, "n_predict": 4.0, "stop": []any{"zzz"}, "json_schema": schema}},
	} {
		e := start(t, c.dialect)
		e.Tiny.Quiet = true
		if _, err := backend(t, e, openai.Options{TokenIn: c.tokenIn}).Generate(t.Context(), req); err != nil {
			t.Errorf("%s: %v", c.dialect, err)
		}
		for k, v := range c.want {
			if !reflect.DeepEqual(e.Last()[k], v) {
				t.Errorf("%s, ids in %v: %s is %v, want %v", c.dialect, c.tokenIn, k, e.Last()[k], v)
			}
		}
	}
	e := start(t, openai.SGLang)
	if _, err := backend(t, e, openai.Options{TokenIn: true}).Generate(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if p := e.Last()["sampling_params"].(map[string]any); p["json_schema"] != `{"type":"object"}` || p["min_p"] != 0.1 {
		t.Errorf("sampling_params %v", p)
	}
}

func TestGenericCannotSend(t *testing.T) {
	for want, change := range map[string]func(*data.Sampling){
		"top_k 5: dialect generic cannot send it; 0 is the whole distribution":   func(s *data.Sampling) { s.TopK = 5 },
		"min_p 0.1: dialect generic cannot send it; 0 is the whole distribution": func(s *data.Sampling) { s.MinP = 0.1 },
		"repeat_penalty 1.1: dialect generic cannot send it; 1 is none":          func(s *data.Sampling) { s.RepeatPenalty = 1.1 },
	} {
		req := request()
		change(&req.Sampling)
		_, err := backend(t, start(t, openai.Generic), openai.Options{}).Generate(t.Context(), req)
		if llm.ClassOf(err) != llm.Fatal || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestFormat(t *testing.T) {
	req := request()
	req.Sampling.Format = "json"
	e := start(t, openai.VLLM)
	b := backend(t, e, openai.Options{})
	if _, err := b.Generate(t.Context(), req); err != nil || !reflect.DeepEqual(e.Last()["response_format"], map[string]any{"type": "json_object"}) {
		t.Errorf("%v %v", err, e.Last()["response_format"])
	}
	req.Sampling.Format = "yaml"
	if _, err := b.Generate(t.Context(), req); llm.ClassOf(err) != llm.Refused || !strings.Contains(err.Error(), "format: want json or a JSON Schema") {
		t.Errorf("got %v", err)
	}
}

// TestConversationWithTools pins OpenAI's form of calls and results, which need ids that we do not keep.
func TestConversationWithTools(t *testing.T) {
	e := start(t, openai.VLLM)
	req := request()
	call := func(name, args string) data.ToolCall {
		return data.ToolCall{Name: name, Arguments: json.RawMessage(args)}
	}
	req.Messages = []data.Message{
		{Role: "user", Content: "q"},
		{Role: "assistant", Thinking: "hm", ToolCalls: []data.ToolCall{call("f", `{"x":1}`), call("g", `{}`), call("f", `{"x":2}`)}},
		{Role: "tool", ToolName: "g", Content: "G"},
		{Role: "tool", ToolName: "f", Content: "F1"},
		{Role: "tool", ToolName: "f", Content: "F2"},
	}
	req.Sampling.MaxTokens = 60
	req.Tools = []data.Tool{{Name: "f", Description: "d", Parameters: json.RawMessage(`{"type":"object"}`)}, {Name: "g"}}
	c, err := backend(t, e, openai.Options{TokenIn: true}).Generate(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(e.Last()["messages"])
	const want = `[{"content":"q","role":"user"},{"content":"","reasoning_content":"hm","role":"assistant","tool_calls":[` +
		`{"function":{"arguments":"{\"x\":1}","name":"f"},"id":"call_1_0","type":"function"},` +
		`{"function":{"arguments":"{}","name":"g"},"id":"call_1_1","type":"function"},` +
		`{"function":{"arguments":"{\"x\":2}","name":"f"},"id":"call_1_2","type":"function"}]},` +
		`{"content":"G","name":"g","role":"tool","tool_call_id":"call_1_1"},` +
		`{"content":"F1","name":"f","role":"tool","tool_call_id":"call_1_0"},` +
		`{"content":"F2","name":"f","role":"tool","tool_call_id":"call_1_2"}]`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got, _ = json.Marshal(e.Last()["tools"])
	if string(got) != `[{"function":{"description":"d","name":"f","parameters":{"type":"object"}},"type":"function"},{"function":{"name":"g"},"type":"function"}]` {
		t.Errorf("tools %s", got)
	}
	if len(c.Message.ToolCalls) != 1 || string(c.Message.ToolCalls[0].Arguments) != `{"city":"Paris"}` || c.Draw.Stop != data.StopEnd || c.Draw.Tokens.End != data.EndReturned {
		t.Errorf("%+v", c)
	}
	req.Messages = []data.Message{{Role: "tool", ToolName: "f", Content: "x"}}
	if _, err := backend(t, e, openai.Options{}).Generate(t.Context(), req); llm.ClassOf(err) != llm.Refused || !strings.Contains(err.Error(), "message 0: the result of a tool call that no message before it makes") {
		t.Errorf("got %v", err)
	}
}

// TestMalformedArgumentsAreText keeps a draw whose tool call is no JSON: it was sampled, and is judged as text.
func TestMalformedArgumentsAreText(t *testing.T) {
	for arguments, want := range map[string]string{
		`{"city": Paris}`: `{"name":"weather","arguments":"{\"city\": Paris}"}`,
		`["Paris"]`:       `{"name":"weather","arguments":"[\"Paris\"]"}`,
	} {
		e := start(t, openai.VLLM)
		e.Arguments = arguments
		req := request()
		req.Tools = []data.Tool{{Name: "weather"}}
		c, err := backend(t, e, openai.Options{}).Generate(t.Context(), req)
		if err != nil || c.Message.ToolCalls != nil || c.Message.Content != want || c.Draw.Tokens == nil {
			t.Errorf("%s: %v %+v, want %s", arguments, err, c.Message, want)
		}
	}
	e := start(t, openai.SGLang)
	e.Arguments = ""
	req := request()
	req.Tools = []data.Tool{{Name: "weather"}}
	c, err := backend(t, e, openai.Options{}).Generate(t.Context(), req)
	if err != nil || len(c.Message.ToolCalls) != 1 || string(c.Message.ToolCalls[0].Arguments) != "{}" {
		t.Errorf("no arguments: %v %+v", err, c.Message)
	}
}

func TestThinkingIsKeptApart(t *testing.T) {
	for d := range fakes {
		if d == openai.Generic {
			continue
		}
		e := start(t, d)
		e.Tiny.Quiet = true
		req := request()
		req.Sampling.Think, req.Sampling.Context = "on", 2000
		c, err := backend(t, e, openai.Options{TokenIn: true}).Generate(t.Context(), req)
		if err != nil || c.Message.Thinking != "hm, \u00e9" || strings.Contains(c.Message.Content, "think") || c.Draw.Tokens == nil || len(c.Draw.Tokens.IDs) != *c.Draw.CompletionTokens {
			t.Errorf("%s: %v %+v", d, err, c)
		}
		kwargs, _ := e.Last()["chat_template_kwargs"].(map[string]any)
		if kwargs["enable_thinking"] != true || e.Last()["messages"] == nil {
			t.Errorf("%s: sent %v", d, e.Last())
		}
		req.Sampling.Think = "high"
		if _, err := backend(t, e, openai.Options{}).Generate(t.Context(), req); err != nil || e.Last()["reasoning_effort"] != "high" {
			t.Errorf("%s: %v, sent %v", d, err, e.Last())
		}
		req.Sampling.Think = ""
		if _, err := backend(t, e, openai.Options{}).Generate(t.Context(), req); err != nil || e.Last()["chat_template_kwargs"].(map[string]any)["enable_thinking"] != false {
			t.Errorf("%s: thinking is off unsaid: %v", d, err)
		}
	}
}

// TestSendComesLast wants nothing sampled for a draw that is not to be sent, and whatever is asked before
// it not counted as sent.
func TestSendComesLast(t *testing.T) {
	for d := range fakes {
		e := start(t, d)
		req := request()
		sent := 0
		stop := &llm.Error{Class: llm.Fatal, Err: errStopped}
		req.Send = func() error { sent++; return stop }
		_, err := backend(t, e, openai.Options{TokenIn: true}).Generate(t.Context(), req)
		if err != stop || sent != 1 || e.Draws() != 0 {
			t.Errorf("%s: %v, asked %d times, %d draws", d, err, sent, e.Draws())
		}
		req.Sampling.Context = 2
		if _, err = backend(t, e, openai.Options{TokenIn: true}).Generate(t.Context(), req); d != openai.Generic && (llm.ClassOf(err) != llm.Refused || sent != 1) {
			t.Errorf("%s: a prompt that does not fit: %v, asked %d times", d, err, sent)
		}
		sent = 0
	}
}
