package openai_test

import (
	"testing"

	"mulligan/stages/llm/openai"
)

// The server is in the same process, and most of the time is its own: what counts is the difference
// between the two.

func BenchmarkGenerate(b *testing.B) {
	for name, tokenIn := range map[string]bool{"chat": false, "ids": true} {
		b.Run(name, func(b *testing.B) {
			e := fakes[openai.VLLM]("tiny")
			b.Cleanup(e.Close)
			e.Tiny.Quiet = true
			m, err := openai.New(openai.Options{Endpoint: e.URL, Logprobs: true, TokenIn: tokenIn})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Generate(b.Context(), request()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
