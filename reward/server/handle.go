package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// maxDiscard is how much of a body is read for nothing.
const maxDiscard = 256 << 20

func (s *Server) method(rp *reply, r *http.Request, allowed ...string) bool {
	if slices.Contains(allowed, r.Method) {
		return true
	}
	rp.w.Header().Set("Allow", strings.Join(allowed, ", "))
	rp.fail(http.StatusMethodNotAllowed, fmt.Errorf("method %.20s: want %s", r.Method, strings.Join(allowed, " or ")))
	return false
}

// authorized compares digests, so that neither time nor length tells anything of the token.
func (s *Server) authorized(rp *reply, r *http.Request) bool {
	if s.opts.Token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(got[:], s.token[:]) == 1 && strings.EqualFold(scheme, "Bearer") {
		return true
	}
	rp.w.Header().Set("WWW-Authenticate", "Bearer")
	rp.fail(http.StatusUnauthorized, errors.New("want the header Authorization: Bearer TOKEN with the server's token"))
	return false
}

// health answers whether new questions are taken.
func (s *Server) health(rp *reply) {
	status, state := http.StatusOK, "ready"
	switch {
	case s.draining.Load():
		status, state = http.StatusServiceUnavailable, "draining"
	case s.overdue.Load() >= s.mostOverdue():
		status, state = http.StatusServiceUnavailable, "stuck"
	}
	rp.send(status, jsonType, encode(struct {
		Status    string   `json:"status"`
		Verifiers []string `json:"verifiers"`
	}{state, s.names}))
}

// admit takes a request in hand, or says why not.
func (s *Server) admit() error {
	for most := int64(s.opts.Workers + s.opts.Queue); ; {
		n := s.inHand.Load()
		if n >= most {
			return fmt.Errorf("the queue is full: %d requests are in hand: ask again later", n)
		}
		if s.inHand.CompareAndSwap(n, n+1) {
			break
		}
	}
	if s.draining.Load() { // looked at after inHand, so that Serve misses no request
		s.inHand.Add(-1)
		return errors.New("the server is draining: ask another, or again later")
	}
	return nil
}

// judge answers POST /verify and POST /verify/batch.
func (s *Server) judge(rp *reply, r *http.Request, many bool) {
	started := time.Now()
	refuse := func(status int, err error) {
		s.metrics.ruled("", refused)
		discard(rp, r)
		rp.fail(status, err)
	}
	if err := s.admit(); err != nil {
		refuse(http.StatusServiceUnavailable, err)
		return
	}
	defer s.inHand.Add(-1)
	lines, err := contentType(r, many)
	if err != nil {
		refuse(http.StatusUnsupportedMediaType, err)
		return
	}
	body, status, err := s.body(rp, r)
	if err != nil {
		refuse(status, err)
		return
	}
	if !many {
		a := s.start(r.Context(), body).wait(r.Context())
		rp.send(a.status(), jsonType, a.ruling.Line())
		s.metrics.single.observe(time.Since(started))
		return
	}
	b := &batch{s, rp, eachLine(body), lines}
	if !lines {
		list, err := readItems(body)
		if err != nil {
			refuse(http.StatusBadRequest, err)
			return
		}
		b.items = eachItem(list)
	}
	if err := b.answer(r.Context()); err != nil {
		panic(http.ErrAbortHandler) // breaks the connection, so that a part is not taken for the whole
	}
	s.metrics.batch.observe(time.Since(started))
}

// discard reads the rest of a body that is refused: many clients read no answer before they have
// sent everything, and see a broken connection instead.
func discard(rp *reply, r *http.Request) {
	if r.Header.Get("Expect") != "" { // this one does
		return
	}
	if n, _ := io.CopyN(io.Discard, r.Body, maxDiscard); n == maxDiscard {
		rp.w.Header().Set("Connection", "close")
	}
}

// line is the answer in a batch. Where a single question would be answered with 400 or 503 it says so, because a batch as a whole is
// answered with 200: a client that takes "ask again later" for "could not be decided" would throw its sample away.
func (a answer) line() []byte {
	status := a.status()
	if status == http.StatusOK || status == http.StatusUnprocessableEntity {
		return a.ruling.Line()
	}
	id := a.ruling.ID
	if id == nil {
		id = json.RawMessage("null")
	}
	return encode(struct {
		ID     json.RawMessage `json:"id"`
		Error  string          `json:"error"`
		Status int             `json:"status"`
	}{id, a.ruling.Err.Error(), status})
}

// status is the status of the answer to a single question.
func (a answer) status() int {
	switch a.outcome {
	case passed, failed:
		return http.StatusOK
	case refused:
		return http.StatusBadRequest
	case abandoned:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

// contentType reports whether a body is lines. It wants the type said: a page of another site that
// a browser shows can send forms and texts here, but not these types.
func contentType(r *http.Request, many bool) (lines bool, err error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return false, fmt.Errorf("Content-Encoding %.60q: want none", e)
	}
	want := jsonType
	if many {
		want += " or " + linesType
	}
	given := r.Header.Get("Content-Type")
	kind, _, _ := mime.ParseMediaType(given)
	switch {
	case kind == jsonType:
		return false, nil
	case many && (kind == linesType || kind == "application/jsonl"):
		return true, nil
	}
	return false, fmt.Errorf("Content-Type %.60q: want %s", given, want)
}

// body reads a request's body within its bounds of size and time.
func (s *Server) body(rp *reply, r *http.Request) (body []byte, status int, err error) {
	tooLarge := fmt.Errorf("a body of more than %d bytes: send less at once", s.opts.MaxBytes)
	if r.ContentLength > s.opts.MaxBytes {
		return nil, http.StatusRequestEntityTooLarge, tooLarge
	}
	body, err = io.ReadAll(io.LimitReader(r.Body, s.opts.MaxBytes+1))
	if int64(len(body)) > s.opts.MaxBytes {
		return nil, http.StatusRequestEntityTooLarge, tooLarge
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, http.StatusRequestTimeout, fmt.Errorf("the body did not come within %s", ioTimeout)
	}
	if err != nil {
		return nil, http.StatusBadRequest, fmt.Errorf("read body: %w", err)
	}
	rp.within(-1, 0) // the connection is watched for its end from here on, and a time limit would end it
	return body, 0, nil
}
