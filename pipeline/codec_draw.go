package pipeline

import (
	"fmt"
	"time"

	"mulligan/data"
	"mulligan/stages/llm"
)

// drawVersion is the first byte of a draw's body. A new version reads the old ones.
const drawVersion = 1

// encodeDraw writes what was sampled. What it was sampled from is not in it: the strategy makes
// the same request again, and finds the draw by its key.
func encodeDraw(c llm.Completion) []byte {
	e := &encoder{b: make([]byte, 0, 256+len(c.Message.Content)+12*len(c.Draw.Pieces))}
	w := c.Draw
	e.raw([]byte{drawVersion})
	e.raw(w.Key[:])
	e.uint(uint64(len(w.Path)))
	for _, i := range w.Path {
		e.int(int64(i))
	}
	e.int(w.Seed)
	e.sampling(w.Sampling)
	e.text(string(w.Stop))
	e.message(c.Message)
	e.optInt(w.PromptTokens)
	e.optInt(w.CompletionTokens)
	e.bool(w.Pieces != nil)
	e.uint(uint64(len(w.Pieces)))
	for _, p := range w.Pieces {
		e.text(string(p.Bytes))
	}
	for _, p := range w.Pieces {
		e.float32(p.Logprob)
	}
	e.tokens(w.Tokens)
	e.int(w.Started.UnixMicro())
	for _, t := range []time.Duration{w.Duration, w.Load, w.Prefill, w.Decode} {
		e.duration(t)
	}
	e.uint(uint64(w.Tries))
	return e.b
}

func decodeDraw(body []byte) (llm.Completion, error) {
	d := &decoder{b: body}
	if v := d.byte(); v != drawVersion {
		return llm.Completion{}, fmt.Errorf("draw of version %d: want %d", v, drawVersion)
	}
	var c llm.Completion
	w := &c.Draw
	copy(w.Key[:], d.take(uint64(len(w.Key))))
	for range d.count() {
		w.Path = append(w.Path, int(d.int()))
	}
	w.Seed = d.int()
	w.Sampling = d.sampling()
	w.Stop = data.StopReason(d.text())
	c.Message = d.message()
	w.PromptTokens = d.optInt()
	w.CompletionTokens = d.optInt()
	known := d.bool()
	if n := d.count(); known {
		w.Pieces = make([]data.Piece, n)
		for i := range w.Pieces {
			w.Pieces[i].Bytes = []byte(d.text())
		}
		for i := range w.Pieces {
			w.Pieces[i].Logprob = d.float32()
		}
	}
	w.Tokens = d.tokens()
	w.Started = time.UnixMicro(d.int()).UTC()
	for _, t := range []*time.Duration{&w.Duration, &w.Load, &w.Prefill, &w.Decode} {
		*t = d.duration()
	}
	w.Tries = int(d.uint())
	return c, d.end()
}

func (e *encoder) sampling(s data.Sampling) {
	for _, f := range []float64{s.Temperature, s.TopP, s.MinP, s.RepeatPenalty} {
		e.float(f)
	}
	for _, n := range []int{s.TopK, s.MaxTokens, s.Context} {
		e.int(int64(n))
	}
	e.uint(uint64(len(s.Stop)))
	for _, stop := range s.Stop {
		e.text(stop)
	}
	e.text(s.Think)
}

func (d *decoder) sampling() data.Sampling {
	s := data.Sampling{Temperature: d.float(), TopP: d.float(), MinP: d.float(), RepeatPenalty: d.float()}
	s.TopK, s.MaxTokens, s.Context = int(d.int()), int(d.int()), int(d.int())
	for range d.count() {
		s.Stop = append(s.Stop, d.text())
	}
	s.Think = d.text()
	return s
}

func (e *encoder) tokens(t *data.Tokens) {
	e.bool(t != nil)
	if t == nil {
		return
	}
	e.text(string(t.Source))
	for _, ids := range [][]int32{t.Prompt, t.IDs} {
		e.uint(uint64(len(ids)))
		for _, id := range ids {
			e.int(int64(id))
		}
	}
	e.bool(t.Logprobs != nil)
	e.uint(uint64(len(t.Logprobs)))
	for _, f := range t.Logprobs {
		e.float32(f)
	}
}

func (d *decoder) tokens() *data.Tokens {
	if !d.bool() {
		return nil
	}
	t := &data.Tokens{Source: data.TokenSource(d.text())}
	for _, ids := range []*[]int32{&t.Prompt, &t.IDs} {
		for range d.count() {
			*ids = append(*ids, int32(d.int()))
		}
	}
	known := d.bool()
	if n := d.count(); known {
		t.Logprobs = make([]float32, n)
		for i := range t.Logprobs {
			t.Logprobs[i] = d.float32()
		}
	}
	return t
}
