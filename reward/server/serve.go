package server

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	headTimeout = 10 * time.Second // for a request's head to come
	idleTimeout = 2 * time.Minute  // between two requests on a connection
	maxHead     = 64 << 10         // bytes of a request's head
	dropGrace   = 500 * time.Millisecond
)

// StoppedError says that a server stopped before it had judged all that was in hand. Those clients
// were answered with status 503, or with an error for each question of a batch.
type StoppedError struct {
	Requests int // that were in hand
}

func (e *StoppedError) Error() string {
	return fmt.Sprintf("stopped before %d requests were judged", e.Requests)
}

// Serve answers on ln until ctx ends. Then it drains: new questions get status 503 and /healthz says
// so, those in hand are judged and answered. It returns nil after that, or a *StoppedError where
// drop was closed before. The verifiers are not closed.
func (s *Server) Serve(ctx context.Context, ln net.Listener, drop <-chan struct{}) error {
	base, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	hs := &http.Server{Handler: s, BaseContext: func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: headTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHead,
		ErrorLog: log.New(logWriter(s.opts.Logf), "", 0)}
	defer hs.Close()
	served := make(chan error, 1)
	go func() { served <- hs.Serve(ln) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	s.Drain()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.InHand() > 0 {
		select {
		case <-tick.C:
		case <-drop:
			stopped := &StoppedError{s.InHand()}
			cancel(errStopping)
			shutdown(hs, dropGrace, nil)
			return stopped
		}
	}
	shutdown(hs, ioTimeout, drop)
	return nil
}

// shutdown waits until the answers are written, and closes what is open then.
func shutdown(hs *http.Server, within time.Duration, drop <-chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	go func() {
		select {
		case <-drop:
			cancel()
		case <-ctx.Done():
		}
	}()
	_ = hs.Shutdown(ctx)
	_ = hs.Close()
}

// logWriter hands lines of a log.Logger on.
type logWriter func(format string, args ...any)

func (w logWriter) Write(b []byte) (int, error) {
	w("%s", strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}
