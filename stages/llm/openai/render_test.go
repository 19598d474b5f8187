package openai_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/stages/llm"
	"mulligan/stages/llm/llmtest"
	"mulligan/stages/llm/openai"
)

// between starts a server before a fake, which answers some requests in its place.
func between(t *testing.T, e *llmtest.Engine, answer func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answer(w, r) {
			e.Config.Handler.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestStrayRefusalsOfRendering has a proxy answer one request of the render path itself: the draw is
// tried again, and it and all others are made by ids as before.
func TestStrayRefusalsOfRendering(t *testing.T) {
	for _, d := range withIDs {
		for _, status := range []int{404, 405, 422, 501} {
			for _, path := range []string{"/tokenize", "/apply-template", "/detokenize"} {
				e := start(t, d)
				stray, hit := false, false
				endpoint := between(t, e, func(w http.ResponseWriter, r *http.Request) bool {
					if !stray || r.URL.Path != path {
						return false
					}
					stray, hit = false, true
					w.WriteHeader(status)
					return true
				})
				b, err := openai.New(openai.Options{Endpoint: endpoint, TokenIn: true})
				if err != nil {
					t.Fatal(err)
				}
				if info, err := b.Inspect(t.Context(), "tiny"); err != nil || !info.TokenIn {
					t.Fatal(d, err, info.TokenIn)
				}
				req := request()
				req.Sampling.Context = 1000
				req.Messages = append(req.Messages, data.Message{Role: "assistant", Content: " red"}, data.Message{Role: "user", Content: "x"})
				req.Prefix = []int32{5, 6} // so that all paths are taken
				stray = true
				_, err = b.Generate(t.Context(), req)
				if hit && (llm.ClassOf(err) != llm.Temporary || !strings.Contains(err.Error(), path)) || !hit && err != nil {
					t.Errorf("%s, %d of %s: %v", d, status, path, err)
				}
				stray = false
				c, err := b.Generate(t.Context(), req)
				if err != nil || c.Draw.Tokens.PromptSource != data.TokensEngine || e.Last()["messages"] != nil {
					t.Errorf("%s, after %d of %s: %v, sent %v", d, status, path, err, e.Last())
				}
			}
		}
	}
}

// TestInspectDecidesOnIDs turns ids in off where Inspect finds that the server does not render, says so,
// and turns it on again where it does.
func TestInspectDecidesOnIDs(t *testing.T) {
	for _, d := range withIDs {
		for _, tokenIn := range []bool{true, false} {
			e := start(t, d)
			lacks := true
			endpoint := between(t, e, func(w http.ResponseWriter, r *http.Request) bool {
				if lacks && (r.URL.Path == "/tokenize" || r.URL.Path == "/apply-template") {
					http.NotFound(w, r)
					return true
				}
				return false
			})
			b, err := openai.New(openai.Options{Endpoint: endpoint, TokenIn: tokenIn})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				info, err := b.Inspect(t.Context(), "tiny")
				if err != nil || info.TokenIn != (tokenIn && !lacks) {
					t.Errorf("%s: %v, token-in %v", d, err, info.TokenIn)
				}
				c, err := b.Generate(t.Context(), request())
				if byIDs := e.Last()["messages"] == nil; err != nil || c.Message.Content == "" || byIDs != info.TokenIn {
					t.Errorf("%s: %v, by ids %v", d, err, byIDs)
				}
				lacks = false
			}
		}
	}
}

// TestStrayRefusalsOfInspect has one refusal in an Inspect, which decides nothing, and then nothing but
// refusals, by which a server that could render does not become one that cannot.
func TestStrayRefusalsOfInspect(t *testing.T) {
	for _, d := range withIDs {
		e := start(t, d)
		strays := 1
		endpoint := between(t, e, func(w http.ResponseWriter, r *http.Request) bool {
			if strays == 0 || r.URL.Path != "/tokenize" && r.URL.Path != "/apply-template" {
				return false
			}
			strays--
			http.NotFound(w, r)
			return true
		})
		b, err := openai.New(openai.Options{Endpoint: endpoint, TokenIn: true})
		if err != nil {
			t.Fatal(err)
		}
		if info, err := b.Inspect(t.Context(), "tiny"); err != nil || !info.TokenIn || strays != 0 {
			t.Errorf("%s: one refusal: %v, token-in %v, %d left", d, err, info.TokenIn, strays)
		}
		strays = 100
		if _, err := b.Inspect(t.Context(), "tiny"); llm.ClassOf(err) != llm.Temporary {
			t.Errorf("%s: refusals after it could: %v", d, err)
		}
		strays = 0
		if _, err := b.Generate(t.Context(), request()); err != nil || e.Last()["messages"] != nil {
			t.Errorf("%s: %v, sent %v", d, err, e.Last())
		}
	}
}
