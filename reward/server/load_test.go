package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mulligan/reward"
	"mulligan/reward/server"
)

// TestLoad: 32 clients at once, single and in batches, over real connections, with right, wrong,
// undecided and bad questions: every one has its own ruling, and the metrics count each once.
func TestLoad(t *testing.T) {
	s := newServer(t, server.Options{Workers: 4})
	h := httptest.NewServer(s)
	defer h.Close()
	const clients, rounds, size = 32, 10, 16
	kinds := [...][2]string{
		{`"verifier":"countdown","answer":{"numbers":[3,5,2],"target":17},"response":"<answer>3*5+2</answer>"`, `"pass":true,"score":1,"parsed":"3*5+2","reason":"","feedback":""`},
		{`"verifier":"countdown","answer":{"numbers":[3,5,2],"target":17},"response":"17"`, `"pass":false,"score":0,"parsed":"","reason":"no <answer>...</answer>"`},
		{`"verifier":"odd","response":"error"`, `"error":"odd: cannot decide"}`},
		{`"verifier":"odd","respons":""`, `"error":"unknown field`},
	}
	question := func(id int) string { return fmt.Sprintf(`{"id":%d,%s}`, id, kinds[id%len(kinds)][0]) }
	check := func(id int, ruling string) {
		if want := fmt.Sprintf(`{"id":%d,%s`, id, kinds[id%len(kinds)][1]); !strings.HasPrefix(ruling, want) {
			t.Errorf("%d: %s; want %s", id, ruling, want)
		}
	}
	post := func(path, body string) string {
		res, err := h.Client().Post(h.URL+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return ""
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range rounds {
				id := int(next.Add(1))
				check(id, post("/verify", question(id)))
				var items []string
				first := int(next.Add(size)) - size + 1
				for i := range size {
					items = append(items, question(first+i))
				}
				var out struct{ Results []json.RawMessage }
				if err := json.Unmarshal([]byte(post("/verify/batch", `{"items":[`+strings.Join(items, ",")+`]}`)), &out); err != nil || len(out.Results) != size {
					t.Errorf("%d results: %v", len(out.Results), err)
					return
				}
				for i, r := range out.Results {
					check(first+i, string(r))
				}
			}
		})
	}
	wg.Wait()
	const each = clients * rounds * (1 + size) / 4
	for _, line := range []string{
		fmt.Sprintf(`verdicts_total{verifier="countdown",outcome="pass"} %d`, each), fmt.Sprintf(`verdicts_total{verifier="countdown",outcome="fail"} %d`, each),
		fmt.Sprintf(`verdicts_total{verifier="odd",outcome="undecided"} %d`, each), fmt.Sprintf(`verdicts_total{verifier="odd",outcome="refused"} %d`, each),
		"in_flight 0", "queue_depth 0", "overdue 0", "requests_in_hand 0", fmt.Sprintf(`request_seconds_count{path="/verify"} %d`, clients*rounds),
	} {
		if !metric(s, line) {
			t.Errorf("no metric %s in\n%s", line, ask(s, "GET", "/metrics", "").Body)
		}
	}
}

// TestPython runs the functions of the package's documentation, as a trainer would.
func TestPython(t *testing.T) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		var err error
		if python, err = exec.LookPath("python3"); err != nil {
			if os.Getenv("MULLIGAN_FULL") == "1" {
				t.Fatal("no python3")
			}
			t.Skip("no python3")
		}
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var program strings.Builder
	for line := range strings.Lines(string(doc)) {
		if code, ok := strings.CutPrefix(line, "//\t"); ok && program.Len() > 0 || strings.HasPrefix(code, "import json") {
			program.WriteString(code)
		}
	}
	s := newServer(t, server.Options{Verifiers: map[string]reward.Verifier{"countdown": countdown(t)}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Serve(ctx, ln, nil) }()
	program.WriteString(`
truth = json.dumps({"numbers": [3, 5, 2], "target": 17})
replies = ["<answer>3*5+2</answer>", "<answer>3*5-2</answer>", "\u00e9 \ud83d\ude00 <answer>5*3+2</answer>", "\ud800"]
print(trl_reward(replies, [truth] * 4))
print(trl_reward([[{"role": "assistant", "content": r}] for r in replies], [truth, truth, "{}", truth]))
print(compute_score("countdown", replies[0], truth, extra_info={"index": 0}))
try:
    print(compute_score("countdown", replies[0], "{}"))
except KeyError as e:
    print("KeyError", e)
`)
	text := strings.Replace(program.String(), "http://127.0.0.1:8730", "http://"+ln.Addr().String(), 1)
	cmd := exec.Command(python, "-c", text)
	cmd.Env = append(os.Environ(), "no_proxy=*")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	const want = "[1, 0, 1, 0]\n[1, 0, None, 0]\n1\nKeyError 'score'\n"
	if err != nil || string(out) != want {
		t.Errorf("%s%s%v; want %s\n%s", out, stderr.Bytes(), err, want, text)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// BenchmarkServe counts verdicts over loopback HTTP, client included; with -cpu 1 on one core.
func BenchmarkServe(b *testing.B) {
	const question = `{"id":1,"answer":{"numbers":[8,24,3,6,10],"target":18},"response":"<think>44 and 54, so 98.</think>\n<answer>(8 * (24 - 3)) / 6 - 10</answer>"}`
	const ruling = `{"id":1,"pass":true,"score":1,"parsed":"(8 * (24 - 3)) / 6 - 10","reason":"","feedback":""}`
	batch, results := `{"items":[`+strings.Repeat(question+",", 63)+question+"]}", `{"results":[`+strings.Repeat(ruling+",", 63)+ruling+"]}\n"
	s := newServer(b, server.Options{Verifiers: map[string]reward.Verifier{"countdown": countdown(b)}})
	h := httptest.NewServer(s)
	defer h.Close()
	h.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 64
	for _, c := range []struct {
		name, path, body, want string
		verdicts, clients      int
	}{
		{"single", "/verify", question, ruling + "\n", 1, 1},
		{"single-16-clients", "/verify", question, ruling + "\n", 1, 16},
		{"batch-64", "/verify/batch", batch, results, 64, 1},
		{"batch-64-16-clients", "/verify/batch", batch, results, 64, 16},
	} {
		b.Run(c.name, func(b *testing.B) {
			var wg sync.WaitGroup
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ReportAllocs()
			b.ResetTimer()
			for range c.clients {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						res, err := h.Client().Post(h.URL+c.path, "application/json", strings.NewReader(c.body))
						if err != nil {
							b.Error(err)
							return
						}
						got, err := io.ReadAll(res.Body)
						res.Body.Close()
						if err != nil || string(got) != c.want {
							b.Errorf("%s, %v", got, err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N*c.verdicts)/b.Elapsed().Seconds(), "verdicts/s")
		})
	}
}
