package pipeline

import (
	"encoding/json"
	"reflect"
	"testing"

	"mulligan/data"
	"mulligan/stages/llm"
)

func TestCodecs(t *testing.T) {
	zero, three := 0, 3
	c := llm.NewCompletion(llm.Request{Draw: []int{0, -1}, Sampling: data.Sampling{Temperature: 0.7, Stop: []string{"", "x"}, Think: "on"}}, data.Digest{1, 2})
	c.Message.Content, c.Message.Thinking = "a\x00b", "hm"
	c.Message.ToolCalls = []data.ToolCall{{Name: "f", Arguments: json.RawMessage(`{"a":1}`)}}
	c.Draw.Stop, c.Draw.PromptTokens, c.Draw.CompletionTokens, c.Draw.Tries = data.StopLength, &zero, nil, 2
	c.Draw.Pieces = []data.Piece{{Bytes: []byte{}, Logprob: 0}, {Bytes: []byte{0xff}, Logprob: -1.5}}
	c.Draw.Tokens = &data.Tokens{IDs: []int32{5, 0}, Logprobs: []float32{0, -2}, Source: data.TokensEngine}
	got, err := decodeDraw(encodeDraw(c))
	c.Draw.Started = got.Draw.Started
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, c)
	}
	c.Draw.Pieces, c.Draw.Tokens, c.Draw.CompletionTokens = nil, nil, &three
	if got, err := decodeDraw(encodeDraw(c)); err != nil || got.Draw.Pieces != nil || *got.Draw.CompletionTokens != 3 {
		t.Errorf("%v %+v", err, got)
	}
	body := encodeDraw(c)
	for n := range body {
		if _, err := decodeDraw(body[:n]); err == nil {
			t.Errorf("a draw of %d of %d bytes is accepted", n, len(body))
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encodeDraw(llm.NewCompletion(llm.Request{Draw: []int{1}}, data.Digest{1})))
	f.Fuzz(func(t *testing.T, body []byte) {
		if c, err := decodeDraw(body); err == nil {
			if again, err := decodeDraw(encodeDraw(c)); err != nil || !reflect.DeepEqual(again.Message, c.Message) {
				t.Errorf("%v", err)
			}
		}
		if p, err := decodePlay(body); err == nil {
			p.draws()
		}
	})
}
