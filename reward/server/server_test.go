package server_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/reward"
	"mulligan/reward/server"
)

// verifierFunc is a verifier of one function.
type verifierFunc func(ctx context.Context, p data.Prompt, answer string) (reward.Verdict, error)

func (f verifierFunc) Verify(ctx context.Context, p data.Prompt, answer string) (reward.Verdict, error) {
	return f(ctx, p, answer)
}

// odd does what its answer says.
var odd = verifierFunc(func(ctx context.Context, p data.Prompt, answer string) (reward.Verdict, error) {
	switch answer {
	case "panic":
		panic("at the verifier")
	case "nan":
		return reward.Verdict{Pass: true, Score: math.NaN()}, nil
	case "error":
		return reward.Verdict{Pass: true, Score: 1}, errors.New("odd: cannot decide")
	case "asked":
		return reward.Verdict{Score: 0.25, Parsed: p.Messages[0].Content, Reason: "<&>\xff", Feedback: "\u2028\n"}, nil
	}
	return reward.Verdict{Pass: true, Score: 1, Parsed: answer}, nil
})

func countdown(t testing.TB) reward.Verifier {
	t.Helper()
	v, err := reward.NewCountdown(reward.CountdownOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newServer(t testing.TB, opts server.Options) *server.Server {
	t.Helper()
	if opts.Verifiers == nil {
		opts.Verifiers = map[string]reward.Verifier{"countdown": countdown(t), "odd": odd}
	}
	s, err := server.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends one request to a server and returns its answer.
func ask(s http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestWire(t *testing.T) {
	var logged strings.Builder
	s := newServer(t, server.Options{MaxBytes: 2000, Logf: func(format string, args ...any) { logged.WriteString(format) }})
	const right = `{"id":7,"verifier":"countdown","answer":{"numbers":[3,5,2],"target":17},"response":"<answer>3*5+2</answer>"}`
	const fields = `want {\"id\",\"answer\",\"response\",\"messages\",\"verifier\"}`
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/verify", right, 200, `{"id":7,"pass":true,"score":1,"parsed":"3*5+2","reason":"","feedback":""}`},
		{"POST", "/verify", strings.Replace(right, "3*5+2", "3*5-2", 1), 200,
			`{"id":7,"pass":false,"score":0,"parsed":"3*5-2","reason":"is 13, the target is 17","feedback":"The value of the expression is not the target."}`},
		{"POST", "/verify", `{"id":"a","verifier":"odd","response":"asked","messages":[{"role":"user","content":"q"}]}`, 200,
			`{"id":"a","pass":false,"score":0.25,"parsed":"q","reason":"<&>\ufffd","feedback":"\u2028\n"}`},
		{"POST", "/verify", `{"verifier":"odd","response":"x"}`, 200, `{"id":null,"pass":true,"score":1,"parsed":"x","reason":"","feedback":""}`},
		{"POST", "/verify", `{"id":[1e99999,-0],"verifier":"odd","response":"x"}`, 200, `{"id":[1e99999,-0],"pass":true,"score":1,"parsed":"x","reason":"","feedback":""}`},

		{"POST", "/verify", `{"id":8,"verifier":"odd","response":"error"}`, 422, `{"id":8,"error":"odd: cannot decide"}`},
		{"POST", "/verify", `{"id":8,"verifier":"odd","response":"nan"}`, 422, `{"id":8,"error":"the verifier's score is NaN: want a finite number"}`},
		{"POST", "/verify", `{"id":8,"verifier":"odd","response":"panic"}`, 422, `{"id":8,"error":"the verifier panicked: at the verifier"}`},
		{"POST", "/verify", `{"id":8,"verifier":"countdown","response":"x"}`, 422, `{"id":8,"error":"countdown: no ground truth: want {\"numbers\":[3,4,5],\"target\":17}"}`},
		{"POST", "/verify", `{"id":8,"verifier":"countdown","answer":{"numbers":[1e400],"target":1},"response":"x"}`, 422,
			`{"id":8,"error":"countdown: read ground truth: want {\"numbers\":[3,4,5],\"target\":17} with integers of 64 bits, not {\"numbers\":[1e400],\"target\":1}"}`},

		{"POST", "/verify", `{"id":9,"response":"x"}`, 400, `{"id":9,"error":"field verifier is missing: want one of: countdown, odd"}`},
		{"POST", "/verify", `{"id":9,"response":"x","verifier":"exact"}`, 400, `{"id":9,"error":"field verifier: \"exact\" is not served; served: countdown, odd"}`},
		{"POST", "/verify", `{"id":9,"respons":"x"}`, 400, `{"id":9,"error":"unknown field \"respons\"; known: id, answer, response, messages, verifier"}`},
		{"POST", "/verify", `{"id":9,"response":NaN}`, 400, `{"id":9,"error":"` + fields + `: at byte 19: invalid character 'N' looking for beginning of value"}`},
		{"POST", "/verify", ``, 400, `{"id":null,"error":"` + fields + `: at byte 0: EOF"}`},
		{"POST", "/verify", `{"response":"` + strings.Repeat("x", 2000) + `"}`, 413, `{"error":"a body of more than 2000 bytes: send less at once"}`},
		{"GET", "/verify", ``, 405, `{"error":"method GET: want POST"}`},
		{"DELETE", "/healthz", ``, 405, `{"error":"method DELETE: want GET or HEAD"}`},
		{"GET", "/", ``, 404, `{"error":"path \"/\" is not served; served: POST /verify, POST /verify/batch, GET /healthz, GET /metrics"}`},
		{"GET", "/healthz", ``, 200, `{"status":"ready","verifiers":["countdown","odd"]}`},

		{"POST", "/verify/batch", `{"items":[` + right + `,{"id":1,"verifier":"odd","response":"panic"},{"id":2},3,{"id":4,"verifier":"odd","response":"x"}]}`, 200,
			`{"results":[{"id":7,"pass":true,"score":1,"parsed":"3*5+2","reason":"","feedback":""},{"id":1,"error":"the verifier panicked: at the verifier"},` +
				`{"id":2,"error":"field response is missing: want a text","status":400},{"id":null,"error":"` + fields + `, not a number","status":400},` +
				`{"id":4,"pass":true,"score":1,"parsed":"x","reason":"","feedback":""}]}`},
		{"POST", "/verify/batch", `{"items":[]}`, 200, `{"results":[]}`},
		{"POST", "/verify/batch", `{}`, 400, `{"error":"field items is missing: want a list of questions"}`},
		{"POST", "/verify/batch", `{"items":{}}`, 400, `{"error":"field items: want a list of questions, not an object"}`},
		{"POST", "/verify/batch", `{"items":null}`, 400, `{"error":"field items: want a list of questions, not null"}`},
		{"POST", "/verify/batch", `{"item":[]}`, 400, `{"error":"unknown field \"item\"; known: items"}`},
		{"POST", "/verify/batch", `[]`, 400, `{"error":"want {\"items\"}, not a list"}`},
		{"POST", "/verify/batch", `{"items":[{"response":1e}]}`, 400, `{"error":"want {\"items\"}: at byte 9: invalid character '}' in exponent of numeric literal"}`},
	} {
		w := ask(s, c.method, c.path, c.body)
		if w.Code != c.status || w.Body.String() != c.want+"\n" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %.100s: %d %s %s; want %d %s", c.method, c.path, c.body, w.Code, w.Header().Get("Content-Type"), w.Body, c.status, c.want)
		}
	}
	if logged.Len() == 0 {
		t.Error("the stack of a panic is not logged")
	}
}

func TestLines(t *testing.T) {
	s := newServer(t, server.Options{})
	w := ask(s, "POST", "/verify/batch", "\n"+`{"id":1,"verifier":"odd","response":"x"}`+"\r\n\n"+`{"id":2,`+"\n"+`{"id":3,"verifier":"odd","response":"error"}`,
		"Content-Type", "application/x-ndjson; charset=utf-8")
	const want = `{"id":1,"pass":true,"score":1,"parsed":"x","reason":"","feedback":""}
{"id":2,"error":"want {\"id\",\"answer\",\"response\",\"messages\",\"verifier\"}: at byte 8: EOF","status":400}
{"id":3,"error":"odd: cannot decide"}
`
	if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%d %s %s", w.Code, w.Header(), w.Body)
	}
	if w := ask(s, "POST", "/verify/batch", " \n", "Content-Type", "application/x-ndjson"); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("no lines: %d %s", w.Code, w.Body)
	}
}

func TestContentType(t *testing.T) {
	s := newServer(t, server.Options{})
	for _, c := range [][3]string{
		{"/verify", "text/plain", `{"error":"Content-Type \"text/plain\": want application/json"}`},
		{"/verify", "", `{"error":"Content-Type \"\": want application/json"}`},
		{"/verify", "application/x-ndjson", `{"error":"Content-Type \"application/x-ndjson\": want application/json"}`},
		{"/verify/batch", "application/x-www-form-urlencoded", `{"error":"Content-Type \"application/x-www-form-urlencoded\": want application/json or application/x-ndjson"}`},
	} {
		if w := ask(s, "POST", c[0], `{}`, "Content-Type", c[1]); w.Code != 415 || w.Body.String() != c[2]+"\n" {
			t.Errorf("%v: %d %s", c, w.Code, w.Body)
		}
	}
	if w := ask(s, "POST", "/verify", `{}`, "Content-Encoding", "gzip"); w.Code != 415 {
		t.Errorf("gzip: %d", w.Code)
	}
}

func TestToken(t *testing.T) {
	s := newServer(t, server.Options{Token: "s3cret"})
	for _, c := range []struct {
		method, path, token string
		status              int
	}{
		{"POST", "/verify", "", 401}, {"POST", "/verify", "s3cret", 401}, {"POST", "/verify", "Bearer s3cre", 401},
		{"POST", "/verify", "Bearer s3cret ", 401}, {"POST", "/verify", "Basic s3cret", 401}, {"POST", "/verify/batch", "Bearer", 401},
		{"GET", "/metrics", "Bearer", 401}, {"GET", "/metrics", "Bearer s3cret", 200}, {"GET", "/healthz", "", 200},
		{"POST", "/verify", "Bearer s3cret", 200}, {"POST", "/verify", "bearer s3cret", 200},
	} {
		w := ask(s, c.method, c.path, `{"verifier":"odd","response":"x"}`, "Authorization", c.token)
		if w.Code != c.status || (w.Header().Get("WWW-Authenticate") == "Bearer") != (c.status == 401) || strings.Contains(w.Body.String(), "s3cret") {
			t.Errorf("%s %s %q: %d %s", c.method, c.path, c.token, w.Code, w.Body)
		}
	}
}

func TestOnlyVerifier(t *testing.T) {
	s := newServer(t, server.Options{Verifiers: map[string]reward.Verifier{"odd": odd}})
	for name, status := range map[string]int{`{"response":"x"}`: 200, `{"response":"x","verifier":"odd"}`: 200, `{"response":"x","verifier":"countdown"}`: 400} {
		if w := ask(s, "POST", "/verify", name); w.Code != status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestNewErrors(t *testing.T) {
	vs := map[string]reward.Verifier{"odd": odd}
	for want, opts := range map[string]server.Options{
		"serve: no verifier: want at least one":                                              {},
		"serve: workers -1: want 1 or more, or 0 for one a core":                             {Verifiers: vs, Workers: -1},
		"serve: queue -2: want 1 or more, 0 for 4096, or -1 for none":                        {Verifiers: vs, Queue: -2},
		"serve: timeout -1ns: want more than 0":                                              {Verifiers: vs, Timeout: -1},
		"serve: max bytes -1: want more than 0":                                              {Verifiers: vs, MaxBytes: -1},
		"serve: token: want printable ASCII characters without spaces, as a header can hold": {Verifiers: vs, Token: "a b"},
	} {
		if _, err := server.New(opts); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// errAfter is a body that ends early.
type errAfter struct{ io.Reader }

func (errAfter) Close() error { return nil }

func (e errAfter) Read(b []byte) (int, error) {
	n, err := e.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestBrokenBody(t *testing.T) {
	s := newServer(t, server.Options{})
	r := httptest.NewRequest("POST", "/verify", errAfter{strings.NewReader(`{"verifier":"odd","response":"x"}`)})
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 400 || w.Body.String() != `{"error":"read body: unexpected EOF"}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
