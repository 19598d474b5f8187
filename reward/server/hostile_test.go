package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/reward"
	"mulligan/reward/server"
)

// dial connects to a server and writes a whole request before it reads anything, as many clients do.
func dial(t *testing.T, h *httptest.Server, path, body string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body); err != nil {
		t.Fatalf("write the request: %v", err)
	}
	return c.(*net.TCPConn)
}

func response(t *testing.T, c net.Conn) *http.Response {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// TestRefusedBody: a client that has sent 32 MB for nothing is told why, rather than cut off.
func TestRefusedBody(t *testing.T) {
	big := `{"response":"` + strings.Repeat("x", 32<<20) + `"}`
	for status, s := range map[int]*server.Server{
		413: newServer(t, server.Options{MaxBytes: 1000}),
		503: func() *server.Server { s := newServer(t, server.Options{}); s.Drain(); return s }(),
	} {
		h := httptest.NewServer(s)
		if res := response(t, dial(t, h, "/verify", big)); res.StatusCode != status {
			t.Errorf("%d, want %d", res.StatusCode, status)
		}
		h.Close()
	}
}

// TestHalfClosed: a batch that is given up ends as a broken answer, never as a shorter list.
func TestHalfClosed(t *testing.T) {
	judged := make(chan bool)
	v := verifierFunc(func(ctx context.Context, _ data.Prompt, answer string) (reward.Verdict, error) {
		if answer == "wait" {
			close(judged)
			<-ctx.Done()
			return reward.Verdict{}, ctx.Err()
		}
		return reward.Verdict{Pass: true, Score: 1}, nil
	})
	h := httptest.NewServer(newServer(t, server.Options{Verifiers: map[string]reward.Verifier{"v": v}}))
	defer h.Close()
	c := dial(t, h, "/verify/batch", `{"items":[{"response":"x"},{"response":"wait"},{"response":"x"}]}`)
	<-judged
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil {
		_, err = io.ReadAll(res.Body)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want a broken answer", err)
	}
}

// TestHostileJSON: deep, long and odd input ends in an answer of its own; the questions beside it are
// judged.
func TestHostileJSON(t *testing.T) {
	s := newServer(t, server.Options{})
	const right = `{"id":1,"verifier":"odd","response":"x"}`
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct {
		line   string
		single int
		ruling string // how it begins
	}{
		{`{"id":2,"verifier":"odd","response":"x","answer":` + nest(9_000) + `}`, 200, `{"id":2,"pass":true`},
		{`{"id":` + nest(9_000) + `,"verifier":"odd","response":"x"}`, 200, `{"id":[[[[`},
		{`{"id":2,"verifier":"odd","response":"x","answer":` + nest(100_000) + `}`, 400, `{"id":2,"error":"want {`},
		{nest(100_000), 400, `{"id":null,"error":"want {`},
		{`{"id":2,"verifier":"countdown","answer":{"numbers":[` + strings.Repeat("1,", 100_000) + `1],"target":1},"response":"x"}`, 422, `{"id":2,"error":"countdown: ground truth with 100001 numbers`},
		{`{"id":2,"verifier":"countdown","answer":{"numbers":[1],"target":1` + strings.Repeat("0", 1000) + `},"response":"x"}`, 422, `{"id":2,"error":"countdown: read ground truth`},
		{`{"id":2,"verifier":"countdown","answer":{"numbers":[1],"target":1},"response":"<answer>` + strings.Repeat("(", 1<<20) + `"}`, 200, `{"id":2,"pass":false`},
		{`{"id":1e` + strings.Repeat("9", 1000) + `,"verifier":"odd","response":"x"}`, 200, `{"id":1e9999`},
		{`{"id":2,"verifier":"odd","response":"\u0000\ud800\udc00\udfff"}`, 200, `{"id":2,"pass":true,"score":1,"parsed":"\u0000𐀀` + "\ufffd" + `"`},
		{`{"id":2,"verifier":"odd","response":-Infinity}`, 400, `{"id":2,"error":"want {`},
		{"{\"id\":2,\"verifier\":\"odd\",\"response\":\"\xc3\x28\"}", 400, `{"id":null,"error":"byte 37 is not UTF-8`},
		{`{"` + strings.Repeat("k", 100_000) + `":1,"id":2}`, 400, `{"id":2,"error":"unknown field \"kkkk`},
		{`{` + strings.Repeat(`"id":1,`, 1000) + `"id":1}`, 400, `{"id":1,"error":"field id stands twice"}`},
	} {
		w := ask(s, "POST", "/verify", c.line)
		if w.Code != c.single || !strings.HasPrefix(w.Body.String(), c.ruling) || w.Body.Len() > len(c.line)+300 {
			t.Errorf("single %.60s: %d %.200s; want %d %s", c.line, w.Code, w.Body, c.single, c.ruling)
		}
		w = ask(s, "POST", "/verify/batch", right+"\n"+c.line+"\n"+right, "Content-Type", "application/x-ndjson")
		lines := strings.Split(w.Body.String(), "\n")
		if w.Code != 200 || len(lines) != 4 || !strings.HasPrefix(lines[1], strings.TrimSuffix(c.ruling, "}")) || lines[0] != lines[2] || !strings.HasPrefix(lines[0], `{"id":1,"pass":true`) {
			t.Errorf("lines %.60s: %d %.300s", c.line, w.Code, w.Body)
		}
		w = ask(s, "POST", "/verify/batch", `{"items":[`+right+","+c.line+","+right+`]}`)
		var out struct{ Results []json.RawMessage }
		if err := json.Unmarshal(w.Body.Bytes(), &out); w.Code == 200 && (err != nil || len(out.Results) != 3 || !strings.HasPrefix(string(out.Results[1]), strings.TrimSuffix(c.ruling, "}"))) || w.Code != 200 && w.Code != 400 {
			t.Errorf("batch %.60s: %d %.300s", c.line, w.Code, w.Body)
		}
	}
}

// FuzzServe: every body gets one answer that is JSON, with one ruling for each item.
func FuzzServe(f *testing.F) {
	s := newServer(f, server.Options{})
	for _, body := range []string{`{"items":[{"verifier":"odd","response":"x"},1]}`, `{"items":[[[]]]}`, `{"verifier":"odd","response":"panic"}`, `{"items":[]} `, `{"items":[1,]}`, `{"items":"x"}`} {
		f.Add(body, false)
		f.Add(body, true)
	}
	f.Fuzz(func(t *testing.T, body string, batch bool) {
		path := map[bool]string{true: "/verify/batch", false: "/verify"}[batch]
		w := ask(s, "POST", path, body)
		var in struct{ Items []json.RawMessage }
		var out struct {
			Results []struct{ Error *string }
			Error   *string
			Pass    *bool
		}
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("%q: %d %q: %v", body, w.Code, w.Body, err)
		}
		switch {
		case w.Code == 200 && batch:
			if err := json.Unmarshal([]byte(body), &in); err != nil || len(in.Items) != len(out.Results) {
				t.Errorf("%q: %d results of %d items, %v", body, len(out.Results), len(in.Items), err)
			}
		case w.Code == 200 && out.Pass == nil, w.Code != 200 && out.Error == nil, w.Code != 200 && w.Code != 400 && w.Code != 422:
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
