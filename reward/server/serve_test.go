package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/reward/server"
)

// pipes is a listener whose connections live in memory, so that their time is that of the test.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, srv := net.Pipe()
	select {
	case p.conns <- srv:
		return client, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
	}
}

// running is a server that serves in a bubble.
type running struct {
	*server.Server
	ln      *pipes
	client  *http.Client
	stop    context.CancelFunc // as the first Ctrl-C
	drop    chan struct{}      // closed: as the second
	stopped chan error         // gets the end of Serve
}

func serve(t *testing.T, s *server.Server) *running {
	ctx, stop := context.WithCancel(context.Background())
	r := &running{Server: s, ln: newPipes(), stop: stop, drop: make(chan struct{}), stopped: make(chan error, 1)}
	r.client = &http.Client{Transport: &http.Transport{DialContext: r.ln.dial}}
	go func() { r.stopped <- s.Serve(ctx, r.ln, r.drop) }()
	return r
}

func (r *running) ask(method, path, body string) string {
	return r.askContext(context.Background(), method, path, body)
}

func (r *running) askContext(ctx context.Context, method, path, body string) string {
	req, err := http.NewRequestWithContext(ctx, method, "http://server"+path, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := r.client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return fmt.Sprintf("%d %s%v", res.StatusCode, b, err)
}

// TestDrain: after the first signal what is in hand is judged and answered, and everything else is
// told that the server is draining.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, slowServer(t, slow(true), server.Options{Workers: 1}))
		started := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			if got, want := r.ask("POST", "/verify", `{"id":1,"response":"6s"}`), `200 {"id":1,"pass":true,"score":1,"parsed":"","reason":"","feedback":""}`+"\n<nil>"; got != want {
				t.Errorf("in hand: %s; want %s", got, want)
			}
		})
		wg.Go(func() {
			if got := r.ask("POST", "/verify/batch", `{"items":[{"id":2,"response":"6s"},{"id":3,"response":"6s"}]}`); strings.Count(got, `"pass":true`) != 2 {
				t.Errorf("batch in hand: %s", got)
			}
		})
		synctest.Wait()
		r.stop()
		synctest.Wait()
		if got, want := r.ask("GET", "/healthz", ""), `503 {"status":"draining","verifiers":["slow"]}`+"\n<nil>"; got != want {
			t.Errorf("%s; want %s", got, want)
		}
		if got, want := r.ask("POST", "/verify", `{"response":"1s"}`), `503 {"error":"the server is draining: ask another, or again later"}`+"\n<nil>"; got != want {
			t.Errorf("%s; want %s", got, want)
		}
		wg.Wait()
		if took := time.Since(started); took != 18*time.Second {
			t.Errorf("what was in hand took %s", took)
		}
		if err := <-r.stopped; err != nil || time.Since(started) > 24*time.Second {
			t.Errorf("stopped after %s: %v", time.Since(started), err)
		}
		if got := r.ask("GET", "/healthz", ""); !strings.Contains(got, "refused") {
			t.Errorf("after the end: %s", got)
		}
	})
}

// TestDrop: at the second signal what is not judged is told so: nothing is lost without a word.
func TestDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, slowServer(t, slow(true), server.Options{Workers: 1, Timeout: time.Hour}))
		var wg sync.WaitGroup
		wg.Go(func() {
			want := `200 {"results":[{"id":1,"pass":true,"score":1,"parsed":"","reason":"","feedback":""}` +
				`,{"id":2,"error":"the server stopped before the verdict: ask again","status":503}` +
				strings.Repeat(`,{"id":3,"error":"the server stopped before the verdict: ask again","status":503}`, 20) + "]}\n<nil>"
			if got := r.ask("POST", "/verify/batch", `{"items":[{"id":1,"response":"1s"},{"id":2,"response":"30m"}`+strings.Repeat(`,{"id":3,"response":"30m"}`, 20)+`]}`); got != want {
				t.Errorf("batch: %s; want %s", got, want)
			}
		})
		time.Sleep(2 * time.Second)
		wg.Go(func() {
			if got, want := r.ask("POST", "/verify", `{"id":4,"response":"30m"}`), `503 {"id":4,"error":"the server stopped before the verdict: ask again"}`+"\n<nil>"; got != want {
				t.Errorf("single: %s; want %s", got, want)
			}
		})
		synctest.Wait()
		r.stop()
		synctest.Wait()
		dropped := time.Now()
		close(r.drop)
		wg.Wait()
		err := <-r.stopped
		if e, ok := errors.AsType[*server.StoppedError](err); !ok || e.Requests != 2 || err.Error() != "stopped before 2 requests were judged" {
			t.Errorf("%v", err)
		}
		if took := time.Since(dropped); took > time.Second {
			t.Errorf("it took %s to stop", took)
		}
	})
}

// TestSlowClients: a client that sends or reads too slowly is left, after 10 s for the head of a
// request, 30 s for its body, 30 s for the answer.
func TestSlowClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, newServer(t, server.Options{}))
		dial := func(text string) net.Conn {
			c, err := r.ln.dial(context.Background(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			return c
		}
		const head = "POST /verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"

		const question = `{"verifier":"odd","response":"x"}`

		started := time.Now()
		c := dial("POST /verify HTTP/1.1\r\nHost: x\r\n")
		go func(c net.Conn) {
			for range 100 { // a byte a second
				time.Sleep(time.Second)
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
			}
		}(c)
		io.ReadAll(c)
		if took := time.Since(started); took != 10*time.Second {
			t.Errorf("a slow head was read for %s", took)
		}

		started = time.Now()
		c = dial(head + `{"verifier":"odd",`)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 408 || string(body) != `{"error":"the body did not come within 30s"}`+"\n" || time.Since(started) != 30*time.Second {
			t.Errorf("a slow body: %d %s after %s", res.StatusCode, body, time.Since(started))
		}
		c.Close()

		c = dial(strings.Replace(head, "1000", fmt.Sprint(len(question)), 1) + question)
		time.Sleep(29 * time.Second)
		if b, err := bufio.NewReader(c).ReadString('\n'); b != "HTTP/1.1 200 OK\r\n" {
			t.Errorf("an answer read after 29 s: %q, %v", b, err)
		}
		c.Close()
		c = dial(strings.Replace(head, "1000", fmt.Sprint(len(question)), 1) + question)
		time.Sleep(31 * time.Second)
		if b, err := io.ReadAll(c); len(b) > 0 {
			t.Errorf("an answer that nobody read for 31 s: %q, %v", b, err)
		}
		c.Close()
		r.stop()
		if err := <-r.stopped; err != nil {
			t.Error(err)
		}
	})
}

// TestSlowVerdict: a connection that waits for a verdict longer than any time limit of the transport
// gets it.
func TestSlowVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, slowServer(t, slow(true), server.Options{Timeout: time.Hour}))
		for range 2 { // on one connection
			if got := r.ask("POST", "/verify", `{"response":"50m"}`); !strings.HasPrefix(got, `200 {"id":null,"pass":true`) {
				t.Error(got)
			}
		}
		got := r.ask("POST", "/verify/batch", `{"items":[`+strings.Repeat(`{"response":"50m"},`, 9)+`{"response":"50m"}]}`)
		if strings.Count(got, `"pass":true`) != 10 {
			t.Error(got)
		}
		r.client.CloseIdleConnections()
		r.stop()
		<-r.stopped
	})
}
