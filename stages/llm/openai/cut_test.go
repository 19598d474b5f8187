package openai_test

import (
	"testing"

	"mulligan/data"
	"mulligan/stages/llm/llmtest"
	"mulligan/stages/llm/openai"
)

// TestCallThatWasCut draws a tool call with less room than it needs: it is said to be cut by whatever
// the server says of it, and one that has its room is not.
func TestCallThatWasCut(t *testing.T) {
	for d := range fakes {
		e := start(t, d)
		b := backend(t, e, openai.Options{Logprobs: true})
		req := request()
		req.Tools = []data.Tool{{Name: "weather"}}
		req.Sampling.MaxTokens = 60
		whole, err := b.Generate(t.Context(), req)
		if err != nil || whole.Draw.Stop != data.StopEnd || whole.Draw.Tokens != nil && whole.Draw.Tokens.End != data.EndReturned {
			t.Fatalf("%s: %v %+v", d, err, whole.Draw)
		}
		n := *whole.Draw.CompletionTokens
		for _, most := range []int{1, n - 1} {
			req.Sampling.MaxTokens = most
			c, err := b.Generate(t.Context(), req)
			if err != nil || c.Draw.Stop != data.StopLength || *c.Draw.CompletionTokens != most {
				t.Errorf("%s, %d of %d tokens: %v, stop %s", d, most, n, err, c.Draw.Stop)
			}
			if k := c.Draw.Tokens; (d != openai.Generic) != (k != nil) || k != nil && (k.End != data.EndNone || len(k.IDs) != most) {
				t.Errorf("%s, %d of %d tokens: %+v", d, most, n, k)
			}
		}
	}
}

// TestCallThatJustFits is as long as it may be: it was cut, unless the engine names what ended it or says
// tool_calls only of what ended.
func TestCallThatJustFits(t *testing.T) {
	for _, c := range []struct {
		dialect openai.Dialect
		reason  any // stop_reason
		want    data.StopReason
		end     data.EndToken
	}{
		{openai.VLLM, nil, data.StopLength, data.EndNone},
		{openai.VLLM, llmtest.TinyEnd, data.StopEnd, data.EndReturned},
		{openai.SGLang, nil, data.StopEnd, data.EndReturned},
		{openai.LlamaCPP, nil, data.StopEnd, data.EndReturned},
	} {
		e := start(t, c.dialect)
		req := request()
		req.Tools = []data.Tool{{Name: "weather"}}
		req.Sampling.MaxTokens = 60
		b := backend(t, e, openai.Options{Logprobs: true})
		whole, err := b.Generate(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		req.Sampling.MaxTokens = *whole.Draw.CompletionTokens
		e.Rewrite = func(_ string, m map[string]any) {
			if c.dialect == openai.VLLM {
				first(m)["stop_reason"] = c.reason
			}
		}
		got, err := b.Generate(t.Context(), req)
		if err != nil || got.Draw.Stop != c.want || got.Draw.Tokens.End != c.end {
			t.Errorf("%s, %v: %v, %s, %+v", c.dialect, c.reason, err, got.Draw.Stop, got.Draw.Tokens)
		}
	}
}

// TestCallAtTheEndOfTheWindow is cut by the engine's context, before max_tokens.
func TestCallAtTheEndOfTheWindow(t *testing.T) {
	e := start(t, openai.VLLM)
	b := backend(t, e, openai.Options{})
	req := request()
	req.Tools = []data.Tool{{Name: "weather"}}
	req.Sampling.MaxTokens = 60
	c, err := b.Generate(t.Context(), req)
	if err != nil || c.Draw.Stop != data.StopEnd {
		t.Fatalf("%v %+v", err, c.Draw)
	}
	e.Context = *c.Draw.PromptTokens + *c.Draw.CompletionTokens
	if _, err := b.Inspect(t.Context(), "tiny"); err != nil {
		t.Fatal(err)
	}
	if c, err = b.Generate(t.Context(), req); err != nil || c.Draw.Stop != data.StopLength {
		t.Errorf("%v, %s", err, c.Draw.Stop)
	}
}
