package server

import (
	"net/http"
	"strconv"
	"time"
)

const (
	ioTimeout   = 30 * time.Second // for a body to come, and for a part of an answer to be taken
	retryAfter  = 1                // seconds, of an answer 503
	jsonType    = "application/json"
	linesType   = "application/x-ndjson"
	metricsType = "text/plain; version=0.0.4; charset=utf-8"
)

// reply writes one answer. Every write has ioTimeout, so that a client that does not read holds
// nothing for long.
type reply struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	count func(status int)
}

// within bounds reading and writing from now on; a bound of 0 is left as it is, below 0: none.
// What has no connection behind it (a test's recorder) has no bounds.
func (r *reply) within(read, write time.Duration) {
	at := func(d time.Duration) time.Time {
		if d < 0 {
			return time.Time{}
		}
		return time.Now().Add(d)
	}
	if read != 0 {
		_ = r.rc.SetReadDeadline(at(read))
	}
	if write != 0 {
		_ = r.rc.SetWriteDeadline(at(write))
	}
}

// begin writes the head of an answer.
func (r *reply) begin(status int, kind string) {
	h := r.w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	r.count(status)
	r.within(0, ioTimeout)
	r.w.WriteHeader(status)
}

// Write is for the body of an answer that comes in parts.
func (r *reply) Write(b []byte) (int, error) {
	r.within(0, ioTimeout)
	return r.w.Write(b)
}

// send writes a whole answer.
func (r *reply) send(status int, kind string, body []byte) {
	r.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	r.begin(status, kind)
	_, _ = r.w.Write(body) // a client that is gone needs no answer
}

// fail answers {"error"}.
func (r *reply) fail(status int, err error) {
	r.send(status, jsonType, encode(struct {
		Error string `json:"error"`
	}{err.Error()}))
}
