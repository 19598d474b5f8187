package server

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mulligan/reward"
)

// The defaults of Options.
const (
	DefaultQueue    = 4096
	DefaultTimeout  = 30 * time.Second
	DefaultMaxBytes = 16 << 20
)

// Options say what a Server serves and what it is bounded by. Only Verifiers must be set.
type Options struct {
	Verifiers map[string]reward.Verifier // by the name that a question gives; at least one
	Workers   int                        // verdicts at a time; 0: one for each core
	Queue     int                        // requests that may wait besides Workers that are judged; 0: DefaultQueue; -1: none
	Timeout   time.Duration              // for one verdict, from when a worker takes it; 0: DefaultTimeout
	MaxBytes  int64                      // of one request's body; 0: DefaultMaxBytes
	Token     string                     // that a request must bring; empty: none is asked for
	Version   string                     // for the metric build_info

	Logf func(format string, args ...any) // told what no client is told: stacks, broken connections; nil: nobody
}

// Server judges over HTTP. It is an http.Handler, safe for concurrent use; Serve runs it with the
// limits that a bare http.Server lacks.
type Server struct {
	opts    Options
	names   []string          // of the verifiers, sorted
	token   [sha256.Size]byte // digest of Options.Token
	workers chan struct{}     // one for each verdict at a time
	metrics *metrics

	inHand   atomic.Int64 // requests accepted and not yet answered
	overdue  atomic.Int64 // verdicts given up at their time limit whose verifier still runs
	draining atomic.Bool
}

// New returns a server, or an error that names what is allowed.
func New(opts Options) (*Server, error) {
	switch {
	case len(opts.Verifiers) == 0:
		return nil, errors.New("serve: no verifier: want at least one")
	case opts.Workers < 0:
		return nil, fmt.Errorf("serve: workers %d: want 1 or more, or 0 for one a core", opts.Workers)
	case opts.Queue < -1:
		return nil, fmt.Errorf("serve: queue %d: want 1 or more, 0 for %d, or -1 for none", opts.Queue, DefaultQueue)
	case opts.Timeout < 0:
		return nil, fmt.Errorf("serve: timeout %s: want more than 0", opts.Timeout)
	case opts.MaxBytes < 0:
		return nil, fmt.Errorf("serve: max bytes %d: want more than 0", opts.MaxBytes)
	case strings.ContainsFunc(opts.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("serve: token: want printable ASCII characters without spaces, as a header can hold")
	}
	if opts.Workers == 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	switch opts.Queue {
	case 0:
		opts.Queue = DefaultQueue
	case -1:
		opts.Queue = 0
	}
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultMaxBytes
	}
	if opts.Logf == nil {
		opts.Logf = func(string, ...any) {}
	}
	opts.Verifiers = maps.Clone(opts.Verifiers)
	s := &Server{opts: opts, names: slices.Sorted(maps.Keys(opts.Verifiers)), token: sha256.Sum256([]byte(opts.Token)),
		workers: make(chan struct{}, opts.Workers)}
	s.metrics = newMetrics(s.names)
	return s, nil
}

// Drain lets the server refuse new questions; those in hand are judged. It cannot be undone.
func (s *Server) Drain() { s.draining.Store(true) }

// InHand is how many requests were accepted and are not yet answered.
func (s *Server) InHand() int { return int(s.inHand.Load()) }

// verifier returns the verifier that a question names.
func (s *Server) verifier(name string) (string, reward.Verifier, error) {
	if name == "" && len(s.names) == 1 {
		name = s.names[0]
	}
	if v, ok := s.opts.Verifiers[name]; ok {
		return name, v, nil
	}
	if name == "" {
		return "", nil, fmt.Errorf("field verifier is missing: want one of: %s", strings.Join(s.names, ", "))
	}
	return "", nil, fmt.Errorf("field verifier: %.60q is not served; served: %s", name, strings.Join(s.names, ", "))
}

// ServeHTTP answers one request; see the package's documentation.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rp := &reply{w: w, rc: http.NewResponseController(w), count: s.metrics.status}
	rp.within(ioTimeout, ioTimeout)
	switch path := r.URL.Path; path {
	case "/verify", "/verify/batch":
		if s.method(rp, r, http.MethodPost) && s.authorized(rp, r) {
			s.judge(rp, r, path == "/verify/batch")
		}
	case "/healthz":
		if s.method(rp, r, http.MethodGet, http.MethodHead) {
			s.health(rp)
		}
	case "/metrics":
		if s.method(rp, r, http.MethodGet, http.MethodHead) && s.authorized(rp, r) {
			rp.send(http.StatusOK, metricsType, s.exposition())
		}
	default:
		rp.fail(http.StatusNotFound, fmt.Errorf("path %.60q is not served; served: POST /verify, POST /verify/batch, GET /healthz, GET /metrics", path))
	}
}
