package ollama_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ollama/ollama/api"

	"mulligan/data"
	"mulligan/stages/llm"
	"mulligan/stages/llm/llmtest"
	"mulligan/stages/llm/ollama"
)

// spelled is a server that tells its vocabulary: 0 to 2 are special, then a token for each byte, then xx.
func spelled(t *testing.T, reply llmtest.Reply) *llmtest.Server {
	s := llmtest.NewServer("m", func(api.ChatRequest) llmtest.Reply { return reply })
	s.Spelled = true
	t.Cleanup(s.Close)
	return s
}

func idsOf(text string) (ids []int32) {
	for _, b := range []byte(text) {
		ids = append(ids, int32(b)+3)
	}
	return ids
}

func draw1(t *testing.T, s *llmtest.Server, o ollama.Options) data.Draw {
	t.Helper()
	o.Endpoint, o.Timeout, o.Logprobs = s.URL, 5*time.Second, true
	b, err := ollama.New(o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.Generate(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	return c.Draw
}

const xx = 259

func TestIDsOfAReply(t *testing.T) {
	d := draw1(t, spelled(t, llmtest.Reply{Text: "h\u00e9xx!"}), ollama.Options{IDs: true, ScoreEnds: true})
	k := d.Tokens
	if k == nil {
		t.Fatal(d.NoTokens)
	}
	// é is two tokens, which arrive as U+FFFD each; <|im_end|> is 2.
	if want := []int32{'h' + 3, 0xc3 + 3, 0xa9 + 3, xx, '!' + 3, 2}; !slices.Equal(k.IDs, want) {
		t.Errorf("ids %v, want %v", k.IDs, want)
	}
	prompt := slices.Concat([]int32{1}, idsOf("user\nhi"), []int32{2}, idsOf("\n"), []int32{1}, idsOf("assistant\n"))
	if !slices.Equal(k.Prompt, prompt) || k.PromptSource != data.TokensRendered {
		t.Errorf("context %s %v, want %v", k.PromptSource, k.Prompt, prompt)
	}
	if !k.Exact() || !k.Complete() || k.Source != data.TokensAligned || k.End != data.EndScored || k.Logprobs[5] != -0.25 || len(k.Vocabulary) != 64 {
		t.Errorf("%+v", k)
	}
	if d.NoTokens != "" || d.LogprobsMode != data.LogprobsRaw || *d.CompletionTokens != 6 || len(d.Pieces) != 5 {
		t.Errorf("%+v", d)
	}
}

func TestEndTokens(t *testing.T) {
	reply := llmtest.Reply{Text: "a"}
	d := draw1(t, spelled(t, reply), ollama.Options{IDs: true})
	if k := d.Tokens; k.End != data.EndMissing || len(k.IDs) != 1 || !k.Exact() {
		t.Errorf("two tokens can end a turn, and none was scored: %+v", k)
	}
	reply.Length = true
	d = draw1(t, spelled(t, reply), ollama.Options{IDs: true, ScoreEnds: true})
	if k := d.Tokens; k.End != data.EndNone || len(k.IDs) != 1 || !k.Complete() {
		t.Errorf("cut by length: %+v", k)
	}
	d = draw1(t, spelled(t, llmtest.Reply{Text: ""}), ollama.Options{IDs: true, ScoreEnds: true})
	if k := d.Tokens; k == nil || k.End != data.EndMissing && !slices.Equal(k.IDs, []int32{2}) {
		t.Errorf("a reply of an end token alone: %+v %s", k, d.NoTokens)
	}
}

// A count that is not ours says that the tokenizer is not the engine's: ids are kept, and not exact.
func TestAnotherTokenizer(t *testing.T) {
	s := spelled(t, llmtest.Reply{Text: "a"})
	s.Miscount = 2
	d := draw1(t, s, ollama.Options{IDs: true, ScoreEnds: true})
	if d.Tokens == nil || d.Tokens.PromptSource != data.TokensRetokenized || d.Tokens.Exact() ||
		!strings.Contains(d.NoTokens, "the context comes to 21 ids with gpt2/gpt-2, 260 tokens, and the engine counted 23: is this its tokenizer?") {
		t.Errorf("%q %+v", d.NoTokens, d.Tokens)
	}
	s = llmtest.NewServer("m", func(api.ChatRequest) llmtest.Reply { return llmtest.Reply{Text: "a b"} })
	defer s.Close()
	d = draw1(t, s, ollama.Options{IDs: true})
	if d.Tokens != nil || !strings.Contains(d.NoTokens, "vocabulary of m: the server tells none") || len(d.Pieces) != 2 {
		t.Errorf("%q %+v", d.NoTokens, d.Tokens)
	}
	d = draw1(t, s, ollama.Options{})
	if d.Tokens != nil || d.NoTokens != "" {
		t.Errorf("ids that nobody asked for: %q %+v", d.NoTokens, d.Tokens)
	}
}

func TestVocabularyOfWrongTypes(t *testing.T) {
	for key, v := range map[string]any{"tokens": "abc", "tokens[1]": []any{"a", 1.0}, "token_type[0]": []any{"x"}, "bos_token_id": 1.5,
		"eos_token_id": "2", "add_bos_token": 1.0, "model": 7.0, "scores[0]": []any{nil}} {
		name, _, _ := strings.Cut(key, "[")
		_, err := ollama.ReadVocabulary(map[string]any{"tokenizer.ggml.model": "gpt2", "tokenizer.ggml." + name: v})
		if err == nil || !strings.Contains(err.Error(), "tokenizer.ggml."+key+" is") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestDecideEnd: the odds must leave no other, as they were when the token was sampled.
func TestDecideEnd(t *testing.T) {
	for _, c := range []struct {
		end, other, floor, temperature, penalty float64
		want                                    int32
	}{
		{-0.1, -4, -9, 1, 1, 2},              // e^3.9: 49 to 1
		{-0.1, -2.5, -9, 1, 1, -1},           // 11 to 1
		{-0.1, -2.5, -9, 0.5, 1, 2},          // sharpened: 121 to 1
		{-0.1, -4, -9, 2, 1, -1},             // flattened: 7 to 1
		{-0.1, math.Inf(-1), -4, 1, 1, 2},    // not told: at most as likely as the last that is
		{-0.1, math.Inf(-1), -2.5, 1, 1, -1}, // which may be too likely
		{-3, -0.1, -9, 0, 1, 0},              // greedy: the other one
		{-0.1, -3, -9, 0, 1, 2},              // greedy
		{-0.1, -8, -9, 1, 1.1, -1},
		{math.Inf(-1), math.Inf(-1), -9, 1, 1, -1}, // neither is told
	} {
		got, lp := ollama.DecideEnd(c.end, c.other, c.floor, data.Sampling{Temperature: c.temperature, RepeatPenalty: c.penalty})
		if got != c.want || got == 2 && lp != float32(c.end) {
			t.Errorf("%+v: %d %g", c, got, lp)
		}
	}
}

var _ llm.Tokenizer = (*ollama.Backend)(nil)

// An endpoint that hangs holds up nobody who shares its vocabularies.
func TestHungEndpoint(t *testing.T) {
	release := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer hung.Close()
	defer close(release)
	shared := ollama.NewVocabularies()
	b, err := ollama.New(ollama.Options{Endpoint: hung.URL, Timeout: time.Minute, Logprobs: true, IDs: true, Vocabularies: shared})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := b.Generate(ctx, request())
		done <- err
	}()
	if d := draw1(t, spelled(t, llmtest.Reply{Text: "a"}), ollama.Options{IDs: true, Vocabularies: shared}); d.Tokens == nil {
		t.Errorf("no ids: %s", d.NoTokens)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A log-probability that is missing, or none, makes the reply one that did not arrive: it is never 0.
func TestBrokenLogprobs(t *testing.T) {
	for _, lp := range []string{`{"token":"a"}`, `{"token":"a","logprob":null}`, `{"token":"a","logprob":3.5}`} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"message":{"role":"assistant","content":"a"},"done":true,"done_reason":"length","eval_count":1,"prompt_eval_count":5,"logprobs":[%s]}`, lp)
		}))
		b, err := ollama.New(ollama.Options{Endpoint: s.URL, Timeout: time.Minute, Logprobs: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Generate(t.Context(), request())
		if llm.ClassOf(err) != llm.Temporary || !strings.Contains(fmt.Sprint(err), "log-probability of piece 0 is missing or above 0") {
			t.Errorf("%s: %v", lp, err)
		}
		s.Close()
	}
}
