package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime/debug"

	"mulligan/reward"
)

// Ruling is what came of one question.
type Ruling struct {
	ID      json.RawMessage // the question's; nil: it had none
	Verdict reward.Verdict  // means nothing with Err
	Err     error           // not nil: it could not be decided; never a wrong answer
}

// PanicError is a verifier that panicked: the question is undecided.
type PanicError struct {
	Value any
	Stack []byte
}

// Error tells what was panicked with, which may quote what was judged.
func (e *PanicError) Error() string { return fmt.Sprintf("the verifier panicked: %.200v", e.Value) }

// Judge asks a verifier. A panic and a score that is not finite are undecided.
//
// It is the one way from a question to a verdict, for the server and for the command verify.
func Judge(ctx context.Context, v reward.Verifier, q Question) (r Ruling) {
	r.ID = q.ID
	defer func() {
		if p := recover(); p != nil {
			r.Verdict, r.Err = reward.Verdict{}, &PanicError{p, debug.Stack()}
		}
	}()
	verdict, err := v.Verify(ctx, q.Prompt(), q.Response)
	if err == nil && (math.IsNaN(verdict.Score) || math.IsInf(verdict.Score, 0)) {
		err = fmt.Errorf("the verifier's score is %g: want a finite number", verdict.Score)
	}
	if err != nil {
		r.Err = err
		return r
	}
	r.Verdict = verdict
	return r
}

// Line is the ruling as one line of JSON that ends in a newline: {"id","pass","score","parsed",
// "reason","feedback"}, or {"id","error"}. A missing id is null.
func (r Ruling) Line() []byte {
	if r.ID == nil {
		r.ID = json.RawMessage("null")
	}
	if r.Err != nil {
		return encode(struct {
			ID    json.RawMessage `json:"id"`
			Error string          `json:"error"`
		}{r.ID, r.Err.Error()})
	}
	v := r.Verdict
	return encode(struct {
		ID       json.RawMessage `json:"id"`
		Pass     bool            `json:"pass"`
		Score    float64         `json:"score"`
		Parsed   string          `json:"parsed"`
		Reason   string          `json:"reason"`
		Feedback string          `json:"feedback"`
	}{r.ID, v.Pass, v.Score, v.Parsed, v.Reason, v.Feedback})
}

// encode writes what cannot fail to encode: texts, numbers that are finite, JSON that was read.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte(`{"id":null,"error":"the answer could not be written as JSON"}` + "\n")
	}
	return b.Bytes()
}
