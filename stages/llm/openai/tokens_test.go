package openai_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/stages/llm"
	"mulligan/stages/llm/llmtest"
	"mulligan/stages/llm/openai"
)

var withIDs = []openai.Dialect{openai.VLLM, openai.SGLang, openai.LlamaCPP}

// TestIDsAndChatAgree draws the same by ids and by chat: the text, the ids, the log-probabilities, the
// context and the end must be the same, stop strings and cut characters among them.
func TestIDsAndChatAgree(t *testing.T) {
	for _, d := range withIDs {
		e := start(t, d)
		ids, chat := backend(t, e, openai.Options{Logprobs: true, TokenIn: true}), backend(t, e, openai.Options{Logprobs: true})
		for i := range 60 {
			req := request()
			req.Draw = []int{i}
			req.Sampling.MaxTokens = 1 + i%20
			if i%3 == 0 {
				req.Sampling.Stop = []string{" red", "\U0001F3A8"}
			}
			a, err := ids.Generate(t.Context(), req)
			if err != nil {
				t.Fatal(d, err)
			}
			b, err := chat.Generate(t.Context(), req)
			if err != nil {
				t.Fatal(d, err)
			}
			x, y := a.Draw.Tokens, b.Draw.Tokens
			if !a.Message.Equal(b.Message) || a.Draw.Stop != b.Draw.Stop || x.End != y.End || !slices.Equal(x.IDs, y.IDs) || !slices.Equal(x.Prompt, y.Prompt) || !same(x.Logprobs, y.Logprobs) {
				t.Errorf("%s, draw %d:\n%q %s %+v\n%q %s %+v", d, i, a.Message.Content, a.Draw.Stop, x, b.Message.Content, b.Draw.Stop, y)
			}
			if !x.Exact() || !y.Exact() || x.PromptSource != data.TokensEngine || d != openai.LlamaCPP && y.PromptSource != data.TokensEngine {
				t.Errorf("%s: sources %s %s", d, x.PromptSource, y.PromptSource)
			}
			checkEnd(t, a)
		}
	}
}

func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return x == y || math.IsNaN(float64(x)) && math.IsNaN(float64(y)) })
}

// checkEnd compares what is said of the end with the ids themselves.
func checkEnd(t *testing.T, c llm.Completion) {
	t.Helper()
	k := c.Draw.Tokens
	last := k.IDs[len(k.IDs)-1]
	ended := last == llmtest.TinyEnd || last == llmtest.TinyEOT
	switch {
	case ended != (k.End == data.EndReturned), k.End != data.EndReturned && k.End != data.EndNone,
		c.Draw.Stop == data.StopLength && ended, c.Draw.Stop == data.StopEnd && !ended && len(c.Draw.Sampling.Stop) == 0:
		t.Errorf("last id %d, end %s, stop %s", last, k.End, c.Draw.Stop)
	case len(k.Logprobs) != len(k.IDs) || len(k.IDs) != *c.Draw.CompletionTokens || len(k.Prompt) != *c.Draw.PromptTokens:
		t.Errorf("%d ids, %d log-probabilities, counts %d and %d", len(k.IDs), len(k.Logprobs), *c.Draw.CompletionTokens, *c.Draw.PromptTokens)
	}
}

// TestLogprobsAreTheModels compares every log-probability with the fake's own distribution.
func TestLogprobsAreTheModels(t *testing.T) {
	for _, d := range withIDs {
		e := start(t, d)
		b := backend(t, e, openai.Options{Logprobs: true, TokenIn: true})
		known, unknown := 0, 0
		for i := range 30 {
			req := request()
			req.Draw, req.Sampling.MaxTokens = []int{i}, 20
			c, err := b.Generate(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			k := c.Draw.Tokens
			all := slices.Concat(k.Prompt, k.IDs)
			for j, l := range k.Logprobs {
				if math.IsNaN(float64(l)) {
					unknown++
					continue
				}
				known++
				if want := e.Tiny.Logprobs(all[:len(k.Prompt)+j])[k.IDs[j]]; math.Abs(float64(l)-want) > 1e-4 {
					t.Errorf("%s, draw %d, token %d: %g, want %g", d, i, j, l, want)
				}
			}
			scores, err := b.Score(t.Context(), "tiny", all, len(k.Prompt))
			if err != nil {
				t.Fatal(d, err)
			}
			for j, l := range scores { // also of the tokens that end within a character
				if want := e.Tiny.Logprobs(all[:len(k.Prompt)+j])[k.IDs[j]]; math.Abs(float64(l)-want) > 1e-4 {
					t.Errorf("%s, draw %d: score %d is %g, want %g", d, i, j, l, want)
				}
			}
		}
		if known == 0 || unknown > 0 {
			t.Errorf("%s: %d known, %d unknown", d, known, unknown)
		}
	}
}

// TestGapsThatCannotBeFilled has a server that dies after the draw: the draw is kept, and its gaps are said.
func TestGapsThatCannotBeFilled(t *testing.T) {
	e := start(t, openai.LlamaCPP)
	b := backend(t, e, openai.Options{Logprobs: true, TokenIn: true})
	gaps := 0
	for i := range 20 {
		from := e.Draws()
		e.Fault = func(n int) llmtest.Fault {
			if n > from {
				return llmtest.Unavailable
			}
			return ""
		}
		req := request()
		req.Draw, req.Sampling.MaxTokens = []int{i}, 12
		c, err := b.Generate(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if k := c.Draw.Tokens; !k.Complete() {
			gaps++
			if len(k.Logprobs) != len(k.IDs) || c.Draw.LogprobsMode != data.LogprobsRaw {
				t.Errorf("%+v", k)
			}
		}
	}
	if gaps == 0 {
		t.Error("no draw had a gap")
	}
}

// turn draws a first reply, and asks for a second with the ids of the first as prefix.
func turn(t *testing.T, b *openai.Backend, draw int, max int, stop ...string) (prefix []int32, c llm.Completion) {
	t.Helper()
	req := request()
	req.Draw, req.Sampling.MaxTokens, req.Sampling.Stop, req.Sampling.Context = []int{draw}, max, stop, 1000
	first, err := b.Generate(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	prefix = slices.Concat(first.Draw.Tokens.Prompt, first.Draw.Tokens.IDs)
	req.Messages = append(req.Messages, first.Message, data.Message{Role: "user", Content: "again"})
	req.Prefix, req.Sampling.Stop = prefix, nil
	if c, err = b.Generate(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	return prefix, c
}

func extends(got, prefix []int32) bool {
	return len(got) > len(prefix) && slices.Equal(got[:len(prefix)], prefix)
}

func TestPrefixIsKept(t *testing.T) {
	for _, d := range withIDs {
		e := start(t, d)
		e.Context = 2000
		b := backend(t, e, openai.Options{Logprobs: true, TokenIn: true})
		kept, cut, ended := 0, 0, 0
		for i := range 40 {
			prefix, c := turn(t, b, i, 12)
			k := c.Draw.Tokens
			text := e.Tiny.Decode(k.Prompt, true)
			if !strings.HasSuffix(text, "<|im_end|>\n<|im_start|>user\nagain<|im_end|>\n<|im_start|>assistant\n") || strings.Contains(text, "<|im_end|><|im_end|>") {
				t.Fatalf("%s: context %q", d, text)
			}
			if extends(k.Prompt, prefix) {
				kept++
			} else if last := e.Tiny.Decode(prefix, true); !strings.HasSuffix(last, "\xf0\x9f") && !strings.HasSuffix(last, "\x8e") {
				t.Errorf("%s, draw %d: the context does not begin with the prefix %q", d, i, last)
			}
			if prefix[len(prefix)-1] == llmtest.TinyEnd {
				ended++
			} else {
				cut++
			}
		}
		if kept < 30 || cut == 0 || ended == 0 {
			t.Errorf("%s: %d kept, %d cut, %d ended", d, kept, cut, ended)
		}
	}
}

// TestPrefixOtherThanItsText gives a prefix whose tokens are not those that the text tokenises to: they
// must be sent as they were sampled.
func TestPrefixOtherThanItsText(t *testing.T) {
	for _, d := range withIDs {
		e := start(t, d)
		b := backend(t, e, openai.Options{TokenIn: true})
		req := request()
		req.Sampling.Context = 1000
		req.Messages = []data.Message{{Role: "user", Content: "hi"}, {Role: "assistant", Content: " red"}, {Role: "user", Content: "x"}}
		prompt := e.Tiny.Encode("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
		for _, b := range []byte(" red") { // single bytes
			prompt = append(prompt, 3+int32(b))
		}
		for _, end := range [][]int32{nil, {llmtest.TinyEnd}} {
			req.Prefix = append(prompt[:len(prompt):len(prompt)], end...)
			c, err := b.Generate(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			got := c.Draw.Tokens.Prompt
			if !extends(got, req.Prefix) || e.Tiny.Decode(got, true) != llmtest.Render([]llmtest.Said{{Role: "user", Content: "hi"}, {Role: "assistant", Content: " red"}, {Role: "user", Content: "x"}}) {
				t.Errorf("%s: %v after %v", d, got, req.Prefix)
			}
		}
		req.Prefix = append(prompt[:len(prompt):len(prompt)], llmtest.TinyEOT) // another end token than the template's
		c, err := b.Generate(t.Context(), req)
		if err != nil || extends(c.Draw.Tokens.Prompt, req.Prefix) {
			t.Errorf("%s: an end that the template does not write: %v", d, err)
		}
		req.Prefix = []int32{9999}
		if _, err := backend(t, start(t, d), openai.Options{TokenIn: true}).Generate(t.Context(), req); d == openai.LlamaCPP && err == nil {
			t.Errorf("%s: a prefix outside of the vocabulary is sent", d)
		}
	}
}

// TestTemplateThatRewrites takes the spaces off earlier replies: the prefix cannot be kept, and the
// engine's own context is sent.
func TestTemplateThatRewrites(t *testing.T) {
	for _, d := range withIDs {
		e := start(t, d)
		e.Tiny.Template = llmtest.RenderTrimmed
		b := backend(t, e, openai.Options{TokenIn: true})
		broken := 0
		for i := range 10 {
			prefix, c := turn(t, b, i, 6)
			own := e.Tiny.Encode(e.Tiny.Decode(c.Draw.Tokens.Prompt, true))
			if !extends(c.Draw.Tokens.Prompt, prefix) {
				broken++
				if !slices.Equal(own, c.Draw.Tokens.Prompt) {
					t.Errorf("%s: neither the prefix nor the engine's own ids", d)
				}
			}
		}
		if broken == 0 {
			t.Errorf("%s: the template rewrites nothing", d)
		}
	}
}

func TestStopStringHasNoEnd(t *testing.T) {
	for _, d := range withIDs {
		e := start(t, d)
		e.Tiny.Quiet = true
		req := request()
		req.Sampling.Stop = []string{"ed", "re", "lu", "an", "th", "Th", "co", "ar", ".", ","}
		c, err := backend(t, e, openai.Options{Logprobs: true, TokenIn: true}).Generate(t.Context(), req)
		if err != nil || c.Draw.Stop != data.StopEnd || c.Draw.Tokens.End != data.EndNone || len(c.Draw.Tokens.IDs) == 0 {
			t.Errorf("%s: %v %+v", d, err, c.Draw.Tokens)
		}
	}
}

// TestOldServers are those from before ids came with chat replies.
func TestOldServers(t *testing.T) {
	e := start(t, openai.VLLM)
	e.Old, e.Version = true, "0.10.1"
	c, err := backend(t, e, openai.Options{Logprobs: true}).Generate(t.Context(), request())
	if err != nil || c.Draw.Tokens == nil || len(c.Draw.Tokens.IDs) != *c.Draw.CompletionTokens || c.Draw.Tokens.Prompt != nil || c.Draw.Tokens.PromptSource != data.TokensNone {
		t.Errorf("vllm: ids of token_id:N: %v %+v", err, c.Draw.Tokens)
	}
	c, err = backend(t, e, openai.Options{}).Generate(t.Context(), request())
	if err != nil || c.Draw.Tokens != nil || !strings.Contains(c.Draw.NoTokens, "0.10.2") {
		t.Errorf("vllm: %v %q", err, c.Draw.NoTokens)
	}

	e = start(t, openai.SGLang)
	e.Old = true
	b := backend(t, e, openai.Options{Logprobs: true, TokenIn: true})
	info, err := b.Inspect(t.Context(), "tiny")
	if err != nil || info.TokenIn {
		t.Errorf("sglang: %v %+v", err, info)
	}
	c, err = b.Generate(t.Context(), request())
	if err != nil || c.Draw.Tokens != nil || !strings.Contains(c.Draw.NoTokens, "newer SGLang") || c.Message.Content == "" {
		t.Errorf("sglang: %v %+v", err, c)
	}

	e = start(t, openai.LlamaCPP)
	e.Old, e.Tiny.Quiet = true, true
	c, err = backend(t, e, openai.Options{Logprobs: true}).Generate(t.Context(), request())
	if err != nil || !c.Draw.Tokens.Complete() || c.Draw.Tokens.End != data.EndNone {
		t.Errorf("llama.cpp: ids of the entries: %v %+v", err, c.Draw.Tokens)
	}
	e.Tiny.Quiet = false
	for i := range 40 { // some of these draws have a split character
		req := request()
		req.Draw, req.Sampling.MaxTokens, req.Sampling.Context = []int{i}, 20, 200
		if c, err = backend(t, e, openai.Options{Logprobs: true}).Generate(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if c.Draw.Tokens == nil && strings.Contains(c.Draw.NoTokens, "ids of some tokens only") {
			return
		}
	}
	t.Error("llama.cpp: no draw had a split character")
}

// TestLogprobsMode pins what each dialect says of which distribution.
func TestLogprobsMode(t *testing.T) {
	const raw, processed, unknown = data.LogprobsRaw, data.LogprobsProcessed, data.LogprobsUnknown
	plain := data.Sampling{Temperature: 1, TopP: 1, RepeatPenalty: 1, MaxTokens: 3, Context: 100}
	with := func(f func(*data.Sampling)) data.Sampling { s := plain; f(&s); return s }
	for _, c := range []struct {
		dialect openai.Dialect
		option  data.LogprobsMode
		s       data.Sampling
		want    data.LogprobsMode
	}{
		{openai.VLLM, "", plain, raw},
		{openai.VLLM, "", with(func(s *data.Sampling) { s.Temperature, s.TopK = 0.7, 5 }), raw},
		{openai.VLLM, processed, plain, raw},
		{openai.VLLM, processed, with(func(s *data.Sampling) { s.Temperature = 0.7 }), processed},
		{openai.VLLM, processed, with(func(s *data.Sampling) { s.Format = "json" }), processed},
		{openai.LlamaCPP, "", with(func(s *data.Sampling) { s.Temperature, s.TopP = 2, 0.5 }), raw},
		{openai.SGLang, "", plain, raw},
		{openai.SGLang, "", with(func(s *data.Sampling) { s.Temperature = 0.7 }), processed},
		{openai.SGLang, "", with(func(s *data.Sampling) { s.Temperature = 0 }), raw},
		{openai.SGLang, "", with(func(s *data.Sampling) { s.TopP = 0.9 }), unknown},
		{openai.SGLang, raw, with(func(s *data.Sampling) { s.TopP = 0.9 }), raw},
		{openai.Generic, "", plain, unknown},
		{openai.Generic, raw, plain, raw},
	} {
		req := request()
		req.Sampling = c.s
		got, err := backend(t, start(t, c.dialect), openai.Options{Logprobs: true, LogprobsMode: c.option}).Generate(t.Context(), req)
		if err != nil || got.Draw.LogprobsMode != c.want {
			t.Errorf("%s, option %q, %+v: %v, %s, want %s", c.dialect, c.option, c.s, err, got.Draw.LogprobsMode, c.want)
		}
		off, err := backend(t, start(t, c.dialect), openai.Options{}).Generate(t.Context(), req)
		if want := map[bool]data.LogprobsMode{true: data.LogprobsNone, false: ""}[off.Draw.Tokens != nil]; err != nil || off.Draw.LogprobsMode != want || off.Draw.Tokens != nil && off.Draw.Tokens.Logprobs != nil {
			t.Errorf("%s without log-probabilities: %v, %q %+v", c.dialect, err, off.Draw.LogprobsMode, off.Draw.Tokens)
		}
	}
}

func TestGenericPieces(t *testing.T) {
	e := start(t, openai.Generic)
	e.Tiny.Quiet = true
	c, err := backend(t, e, openai.Options{Logprobs: true}).Generate(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for _, p := range c.Draw.Pieces {
		text = append(text, p.Bytes...)
	}
	if string(text) != c.Message.Content || len(c.Draw.Pieces) != *c.Draw.CompletionTokens || c.Draw.Tokens != nil {
		t.Errorf("%q %+v", text, c)
	}
}

// TestDetection asks each fake what it is, at both forms of its address.
func TestDetection(t *testing.T) {
	served := map[openai.Dialect]string{openai.VLLM: "root tiny/tiny", openai.SGLang: "path tiny/tiny, weight version default",
		openai.LlamaCPP: "file tiny.gguf, bytes 5678, parameters 1234, vocabulary 275, embedding 8"}
	versions := map[openai.Dialect]string{openai.VLLM: "0.12.0-test", openai.SGLang: "0.5.6-test", openai.LlamaCPP: "b1-test", openai.Generic: ""}
	for d := range fakes {
		e := start(t, d)
		for _, suffix := range []string{"", "/", "/v1", "/v1/"} {
			b, err := openai.New(openai.Options{Endpoint: e.URL + suffix, Logprobs: true, TokenIn: true})
			if err != nil {
				t.Fatal(err)
			}
			info, err := b.Inspect(t.Context(), "tiny")
			if err != nil {
				t.Fatal(d, err)
			}
			p := info.Policy
			if p.Server != string(d) || p.ServerVersion != versions[d] || p.Model != "tiny" || p.Revision != "" || p.Served != served[d] {
				t.Errorf("%s at %q: %+v", d, suffix, p)
			}
			if d != openai.Generic && (info.ContextLength != 2048 || info.Tokens != data.TokensEngine || !info.TokenIn || !info.Scores) {
				t.Errorf("%s: %+v", d, info)
			}
			if d == openai.LlamaCPP && (p.Quantization != "F16" || len(p.TemplateDigest) != 64 || !slices.Contains(info.Capabilities, "tools")) {
				t.Errorf("%s: %+v", d, info)
			}
		}
	}
	a, err := backend(t, start(t, openai.VLLM), openai.Options{}).Inspect(t.Context(), "tiny")
	other := llmtest.NewVLLM("tuned")
	defer other.Close()
	b, err2 := backend(t, other, openai.Options{}).Inspect(t.Context(), "tuned")
	if err != nil || err2 != nil || a.Policy.Served == b.Policy.Served {
		t.Errorf("two models, one thing served: %v %v", err, err2)
	}
}

func TestScoreRefuses(t *testing.T) {
	b := backend(t, start(t, openai.VLLM), openai.Options{})
	for _, from := range []int{0, -1, 4} {
		if _, err := b.Score(t.Context(), "tiny", []int32{5, 6, 7}, from); llm.ClassOf(err) != llm.Refused || !strings.Contains(err.Error(), "want from 1 to 3") {
			t.Errorf("from %d: %v", from, err)
		}
	}
	if l, err := b.Score(t.Context(), "tiny", []int32{5, 6, 7}, 3); err != nil || len(l) != 0 {
		t.Errorf("nothing to score: %v %v", l, err)
	}
	g := backend(t, start(t, openai.Generic), openai.Options{})
	if _, err := g.Score(t.Context(), "tiny", []int32{5, 6}, 1); llm.ClassOf(err) != llm.Fatal || !strings.Contains(err.Error(), "dialect generic has no token ids: want one of llama.cpp, sglang, vllm") {
		t.Errorf("got %v", err)
	}
}
