// Package llmtest holds what tests of backends need: a server that speaks Ollama's wire format and
// answers by a function of the request, with faults on demand, and a conformance check.
package llmtest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ollama/ollama/api"
)

// Reply is what the server answers to one request.
type Reply struct {
	Text   string
	Length bool // ended by length, not by an end token
}

// Fault is what the server does in place of a whole reply; "" is none.
type Fault string

// The faults.
const (
	TooMany     Fault = "429"      // with Retry-After: 0
	Internal    Fault = "500"      // with a JSON error
	Unavailable Fault = "503"      // with an empty body
	ResetBefore Fault = "reset"    // the connection is closed before a reply
	ResetInside Fault = "midreset" // the connection is closed within the reply
	CutJSON     Fault = "cut"      // 200, half of the JSON, a good end of the connection
	ErrorField  Fault = "error"    // 200 with an error field
	NotDone     Fault = "notdone"  // 200, text, but done is false
	Empty       Fault = "empty"    // 200 without a body
	HTML        Fault = "html"     // 200 with a proxy's page
	NoReason    Fault = "noreason" // done, but the runner went away
	Hang        Fault = "hang"     // no reply until the client gives up
)

// Faults are all of them.
var Faults = []Fault{TooMany, Internal, Unavailable, ResetBefore, ResetInside, CutJSON, ErrorField, NotDone, Empty, HTML, NoReason, Hang}

// Server is a fake Ollama on a loopback address. Replies are a function of the request, so that a
// run against it is deterministic whatever the order of its requests.
type Server struct {
	*httptest.Server
	Answer func(req api.ChatRequest) Reply        // Answer(req) of the same request is always the same
	Fault  func(n int, req api.ChatRequest) Fault // of the n-th request, from 0; nil: never
	Delay  time.Duration
	Model  string

	mu     sync.Mutex
	count  int
	bodies map[uint64]int // whole replies sent, by request
	digest string         // of the model
}

// NewServer starts a server that knows one model.
func NewServer(model string, answer func(api.ChatRequest) Reply) *Server {
	s := &Server{Answer: answer, Model: model, bodies: map[uint64]int{}}
	s.SetRevision("")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/version", func(w http.ResponseWriter, _ *http.Request) {
		write(w, 200, map[string]string{"version": "0.0.0-test"})
	})
	mux.HandleFunc("GET /api/tags", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		write(w, 200, api.ListResponse{Models: []api.ListModelResponse{{Name: model, Model: model, Digest: s.digest}}})
	})
	mux.HandleFunc("POST /api/show", s.show)
	mux.HandleFunc("POST /api/chat", s.chat)
	s.Server = httptest.NewServer(mux)
	return s
}

// SetRevision puts another model behind the name.
func (s *Server) SetRevision(r string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.digest = r + strings.Repeat("ab", 32)
}

// Requests returns how many draws were asked for.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Paid returns how many different requests were answered whole, and how many answers were repeats.
func (s *Server) Paid() (distinct, repeats int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.bodies {
		distinct++
		repeats += n - 1
	}
	return distinct, repeats
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	var req api.ShowRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || req.Model != s.Model {
		write(w, 404, map[string]string{"error": fmt.Sprintf("model '%s' not found", req.Model)})
		return
	}
	write(w, 200, map[string]any{"template": "{{ .Prompt }}", "details": map[string]string{"quantization_level": "F16"},
		"model_info": map[string]any{"general.architecture": "test", "test.context_length": 8192}, "capabilities": []string{"completion", "tools"}})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// Hash is a number made of what determines a draw: for Answer functions.
func Hash(req api.ChatRequest) uint64 {
	h := fnv.New64a()
	for _, m := range req.Messages {
		fmt.Fprintf(h, "%s\x00%s\x00", m.Role, m.Content)
	}
	fmt.Fprint(h, req.Options["seed"], req.Options["temperature"], req.Options["num_predict"])
	x := h.Sum64() // FNV's low bits are weak: mix
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	var req api.ChatRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		write(w, 400, map[string]string{"error": err.Error()})
		return
	}
	s.mu.Lock()
	n := s.count
	s.count++
	s.mu.Unlock()
	if req.Model != s.Model {
		write(w, 404, map[string]string{"error": fmt.Sprintf("model '%s' not found", req.Model)})
		return
	}
	if s.Delay > 0 {
		select {
		case <-time.After(s.Delay):
		case <-r.Context().Done():
			return
		}
	}
	body := encode(req, s.Answer(req))
	if s.Fault != nil {
		if f := s.Fault(n, req); f != "" {
			s.fail(w, r, f, body)
			return
		}
	}
	s.mu.Lock()
	s.bodies[Hash(req)]++
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Write(body)
}

// encode writes a reply as Ollama does: a piece for each word, the end token counted and not shown.
func encode(req api.ChatRequest, reply Reply) []byte {
	resp := api.ChatResponse{Model: req.Model, Message: api.Message{Role: "assistant", Content: reply.Text}, Done: true, DoneReason: "stop"}
	words := strings.SplitAfter(reply.Text, " ")
	if reply.Text == "" {
		words = nil
	}
	for i, word := range words {
		lp := api.Logprob{TokenLogprob: api.TokenLogprob{Token: word, Logprob: -0.25 * float64(i%8+1)}}
		for _, b := range []byte(word) {
			lp.Bytes = append(lp.Bytes, int(b))
		}
		resp.Logprobs = append(resp.Logprobs, lp)
	}
	resp.EvalCount = len(words) + 1
	if reply.Length {
		resp.DoneReason, resp.EvalCount = "length", len(words)
	}
	for _, m := range req.Messages {
		resp.PromptEvalCount += len(strings.Fields(m.Content)) + 4
	}
	b, err := json.Marshal(resp)
	if err != nil {
		panic(err)
	}
	return b
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, f Fault, body []byte) {
	hijack := func(send []byte) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		buf.Write(send)
		buf.Flush()
		conn.Close()
	}
	switch f {
	case TooMany:
		w.Header().Set("Retry-After", "0")
		write(w, 429, map[string]string{"error": "too many requests"})
	case Internal:
		write(w, 500, map[string]string{"error": "llama runner process has terminated"})
	case Unavailable:
		w.WriteHeader(503)
	case ResetBefore:
		hijack(nil)
	case ResetInside:
		hijack(append([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"), body[:len(body)/2]...))
	case CutJSON:
		w.Write(body[:len(body)/2])
	case ErrorField:
		write(w, 200, map[string]string{"error": "an error was encountered while running the model"})
	case NotDone:
		write(w, 200, map[string]any{"message": map[string]string{"role": "assistant", "content": "half a reply"}, "done": false})
	case Empty:
		w.WriteHeader(200)
	case HTML:
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<html><body>Bad gateway</body></html>"))
	case NoReason:
		write(w, 200, map[string]any{"message": map[string]string{"role": "assistant", "content": "half"}, "done": true, "done_reason": ""})
	case Hang:
		select {
		case <-r.Context().Done():
		case <-time.After(30 * time.Second):
		}
	}
}
