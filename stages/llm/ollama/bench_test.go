package ollama_test

import (
	"strings"
	"testing"

	"github.com/ollama/ollama/api"

	"mulligan/stages/llm/llmtest"
	"mulligan/stages/llm/ollama"

	"net/http"
	"net/url"
)

// The server is in the same process: the difference between the two is the client's.

func benchServer(b *testing.B) *llmtest.Server {
	s := llmtest.NewServer("m", func(api.ChatRequest) llmtest.Reply {
		return llmtest.Reply{Text: strings.Repeat("some words of an answer that goes on ", 12)}
	})
	b.Cleanup(s.Close)
	return s
}

func BenchmarkBackend(b *testing.B) {
	s := benchServer(b)
	m, err := ollama.New(ollama.Options{Endpoint: s.URL, Logprobs: true})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Generate(b.Context(), request()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOllamaClient(b *testing.B) {
	s := benchServer(b)
	u, err := url.Parse(s.URL)
	if err != nil {
		b.Fatal(err)
	}
	c := api.NewClient(u, http.DefaultClient)
	no := false
	b.ReportAllocs()
	for b.Loop() {
		err := c.Chat(b.Context(), &api.ChatRequest{Model: "m", Stream: &no, Logprobs: true, Messages: []api.Message{{Role: "user", Content: "hi"}},
			Options: map[string]any{"seed": 1}}, func(api.ChatResponse) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}
