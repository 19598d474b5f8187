package openai_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"mulligan/stages/llm"
	"mulligan/stages/llm/llmtest"
	"mulligan/stages/llm/openai"
)

// TestDetectionBehindAProxy hides the list of models: the server's own paths tell what it is.
func TestDetectionBehindAProxy(t *testing.T) {
	for d := range fakes {
		e := start(t, d)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/models" {
				w.Write([]byte(`{"object":"list","data":[{"id":"tiny","owned_by":"gateway"}]}`))
				return
			}
			e.Config.Handler.ServeHTTP(w, r)
		}))
		b, err := openai.New(openai.Options{Endpoint: proxy.URL})
		if err != nil {
			t.Fatal(err)
		}
		if info, err := b.Inspect(t.Context(), "tiny"); err != nil || info.Policy.Server != string(d) {
			t.Errorf("%s: %v %+v", d, err, info)
		}
		proxy.Close()
	}
}

// TestDetectionWaits does not take a server that is starting for another one.
func TestDetectionWaits(t *testing.T) {
	e := llmtest.NewLlamaCPP("tiny")
	defer e.Close()
	loading := true
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1/models":
			w.Write([]byte(`{"data":[{"id":"tiny","owned_by":"gateway"}]}`))
		case loading:
			w.WriteHeader(http.StatusServiceUnavailable)
			w.Write([]byte(`{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`))
		default:
			e.Config.Handler.ServeHTTP(w, r)
		}
	}))
	defer s.Close()
	b, err := openai.New(openai.Options{Endpoint: s.URL, TokenIn: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Generate(t.Context(), request()); llm.ClassOf(err) != llm.Temporary {
		t.Errorf("got %v", err)
	}
	loading = false
	if info, err := b.Inspect(t.Context(), "tiny"); err != nil || info.Policy.Server != "llama.cpp" {
		t.Errorf("%v %+v", err, info)
	}
}
