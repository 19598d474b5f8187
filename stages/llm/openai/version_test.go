package openai_test

import (
	"net/http"
	"testing"

	"mulligan/data"
	"mulligan/stages/llm"
	"mulligan/stages/llm/openai"
)

// TestLogprobsOfVersions pins what is said of vLLM's log-probabilities by its version. V0, which gave
// processed ones, could be run up to 0.10.2.
func TestLogprobsOfVersions(t *testing.T) {
	const raw, processed, unknown = data.LogprobsRaw, data.LogprobsProcessed, data.LogprobsUnknown
	plain := data.Sampling{Temperature: 1, TopP: 1, RepeatPenalty: 1, MaxTokens: 3, Context: 100}
	warm, formed := plain, plain
	warm.Temperature, formed.Format = 0.7, "json"
	for _, c := range []struct {
		version string
		old     bool // ids come as token_id:N
		option  data.LogprobsMode
		s       data.Sampling
		want    data.LogprobsMode
	}{
		{"0.11.0", false, "", warm, raw},
		{"v0.11.0rc2.dev3+g0123abc", false, "", warm, raw},
		{"0.29.1", false, "", formed, raw},
		{"1.0.0", false, "", warm, raw},
		{"0.10.2", false, "", warm, unknown},
		{"0.6.3", true, "", warm, unknown},
		{"0.6.3", true, "", formed, unknown},
		{"0.6.3", true, "", plain, raw}, // where nothing is processed, there is one distribution
		{"0.6.3", true, raw, warm, raw},
		{"0.6.3", true, processed, warm, processed},
		{"0.12.0", true, "", warm, unknown}, // behind a proxy that lies
		{"", false, "", warm, unknown},
		{"dev", false, "", warm, unknown},
		{"0.1.dev1+g0123abc", false, "", warm, unknown}, // built without tags
	} {
		e := start(t, openai.VLLM)
		e.Version, e.Old = c.version, c.old
		b := backend(t, e, openai.Options{Dialect: openai.VLLM, Logprobs: true, LogprobsMode: c.option})
		req := request()
		req.Sampling = c.s
		got, err := b.Generate(t.Context(), req)
		if err != nil || got.Draw.LogprobsMode != c.want {
			t.Errorf("%+v: %v, %s", c, err, got.Draw.LogprobsMode)
		}
		if info, err := b.Inspect(t.Context(), "tiny"); err != nil || !c.old && c.s.Temperature == 0.7 && info.LogprobsMode != c.want {
			t.Errorf("%+v: %v, inspected %s", c, err, info.LogprobsMode)
		}
	}
}

// TestVersionThatIsNotTold has the server lose the path of its version: what is said of log-probabilities
// does not change by it.
func TestVersionThatIsNotTold(t *testing.T) {
	lost := false
	endpoint := between(t, start(t, openai.VLLM), func(w http.ResponseWriter, r *http.Request) bool {
		if lost && r.URL.Path == "/version" {
			http.NotFound(w, r)
			return true
		}
		return false
	})
	b, err := openai.New(openai.Options{Endpoint: endpoint, Logprobs: true})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := b.Inspect(t.Context(), "tiny"); err != nil || info.LogprobsMode != data.LogprobsRaw {
		t.Errorf("%v, %s", err, info.LogprobsMode)
	}
	lost = true
	if _, err := b.Inspect(t.Context(), "tiny"); llm.ClassOf(err) != llm.Temporary {
		t.Errorf("got %v", err)
	}
	req := request()
	req.Sampling.Temperature = 0.7
	if c, err := b.Generate(t.Context(), req); err != nil || c.Draw.LogprobsMode != data.LogprobsRaw {
		t.Errorf("%v, %s", err, c.Draw.LogprobsMode)
	}
}
