package ollama

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mulligan/stages/llm"
)

func (b *Backend) refused(status int, err error) *llm.Error {
	return &llm.Error{Class: llm.Refused, Endpoint: b.opts.Endpoint, Status: status, Err: err}
}

// broken is an error on the way: worth another try, unless the run itself is over.
func (b *Backend) broken(ctx context.Context, status int, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errTimeLimit) {
		return cause
	} else if cause != nil {
		err = cause
	}
	if status == http.StatusOK { // the status was fine, what followed was not
		status = 0
	}
	return &llm.Error{Class: llm.Temporary, Endpoint: b.opts.Endpoint, Status: status, Err: err}
}

// status makes an error of a reply whose status is not 200.
func (b *Backend) status(resp *http.Response, raw []byte) error {
	e := &llm.Error{
		Endpoint: b.opts.Endpoint, Status: resp.StatusCode,
		RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now()),
		Err:        errors.New(message(raw)),
	}
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound && strings.Contains(e.Err.Error(), "not found"):
		e.Class = llm.Fatal
		e.Hint = "get the model with `ollama pull`, or name one that `ollama list` shows"
	case code == http.StatusNotFound || code == http.StatusMethodNotAllowed:
		e.Class = llm.Fatal
		e.Hint = "is this the address of an Ollama server?"
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		e.Class = llm.Fatal
	case code == http.StatusBadRequest && strings.Contains(e.Err.Error(), "does not support"):
		e.Class = llm.Fatal
		e.Hint = "the plan asks for tools or thinking, which this model lacks: show tools in the prompt (tools_in: prompt), or set think: off"
	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code == 499 || code >= 500:
		e.Class = llm.Temporary
	default:
		e.Class = llm.Refused
	}
	return e
}

// message returns what an error reply says: its error field, else its first words.
func message(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	var body struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(raw, &body) == nil && len(body.Error) > 0 {
		var text string
		if json.Unmarshal(body.Error, &text) == nil {
			return text
		}
		return string(body.Error)
	}
	switch {
	case len(raw) == 0:
		return "empty reply"
	case raw[0] == '<':
		return "HTML in place of JSON: a proxy answers in place of Ollama?"
	case len(raw) > 200:
		raw = raw[:200]
	}
	return strings.ToValidUTF8(string(raw), "\uFFFD")
}

// retryAfter reads the header's two forms, seconds and a date. Anything else is 0.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && n >= 0 && n < 1<<31 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}
