package server

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// outcomeNames are the values of the label outcome.
var outcomeNames = [outcomes]string{"pass", "fail", "undecided", "refused", "abandoned"}

// statuses are those that a Server answers with.
var statuses = []int{
	http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed,
	http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
	http.StatusServiceUnavailable,
}

// metrics are the counts of a server. Its maps are not written to after newMetrics.
type metrics struct {
	verdicts map[string]*[outcomes]atomic.Int64 // by verifier; "": none was known yet
	seconds  map[string]*histogram              // of judging, by verifier
	single   histogram                          // from a request's head to its answer
	batch    histogram
	answers  map[int]*atomic.Int64 // by status
	waiting  atomic.Int64          // questions that wait for a worker
}

func newMetrics(verifiers []string) *metrics {
	m := &metrics{verdicts: map[string]*[outcomes]atomic.Int64{"": {}}, seconds: map[string]*histogram{}, answers: map[int]*atomic.Int64{}}
	for _, name := range verifiers {
		m.verdicts[name], m.seconds[name] = new([outcomes]atomic.Int64), new(histogram)
	}
	for _, code := range statuses {
		m.answers[code] = new(atomic.Int64)
	}
	return m
}

// ruled counts what a question came to.
func (m *metrics) ruled(verifier string, o outcome) { m.verdicts[verifier][o].Add(1) }

// judged counts what a verifier came to, and its time.
func (m *metrics) judged(verifier string, o outcome, took time.Duration) {
	m.ruled(verifier, o)
	m.seconds[verifier].observe(took)
}

func (m *metrics) status(code int) {
	if n := m.answers[code]; n != nil {
		n.Add(1)
	}
}

// bounds are the upper bounds of a histogram's buckets: a verdict of Countdown takes microseconds,
// one of an external program up to the time limit.
var bounds = [...]time.Duration{
	10 * time.Microsecond, 100 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond, time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
}

// histogram counts durations.
type histogram struct {
	counts [len(bounds) + 1]atomic.Int64 // the last: above all bounds
	sum    atomic.Int64                  // nanoseconds
}

func (h *histogram) observe(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}

// write prints a histogram with a label, such as `verifier="number"`.
func (h *histogram) write(b *bytes.Buffer, name, label string) {
	var n int64
	for i := range h.counts {
		n += h.counts[i].Load()
		le := "+Inf"
		if i < len(bounds) {
			le = strconv.FormatFloat(bounds[i].Seconds(), 'g', -1, 64)
		}
		fmt.Fprintf(b, "%s_bucket{%s,le=%q} %d\n", name, label, le, n)
	}
	fmt.Fprintf(b, "%s_sum{%s} %g\n%s_count{%s} %d\n", name, label, time.Duration(h.sum.Load()).Seconds(), name, label, n)
}

// exposition is the answer to GET /metrics: the text format 0.0.4 of Prometheus.
func (s *Server) exposition() []byte {
	var b bytes.Buffer
	m := s.metrics
	family := func(name, kind, help string) string {
		name = "mulligan_serve_" + name
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
		return name
	}
	gauge := func(name, help string, value int64) {
		fmt.Fprintf(&b, "%s %d\n", family(name, "gauge", help), value)
	}
	name := family("build_info", "gauge", "1; the labels say what runs.")
	fmt.Fprintf(&b, "%s{version=%s,go_version=%s} 1\n", name, labelValue(s.opts.Version), labelValue(runtime.Version()))

	name = family("verdicts_total", "counter", "Questions by verifier and outcome; an empty verifier: ended before one was known.")
	for _, v := range append([]string{""}, s.names...) {
		for o, label := range outcomeNames {
			fmt.Fprintf(&b, "%s{verifier=%s,outcome=%q} %d\n", name, labelValue(v), label, m.verdicts[v][o].Load())
		}
	}
	name = family("responses_total", "counter", "HTTP answers by status.")
	for _, code := range statuses {
		fmt.Fprintf(&b, "%s{code=\"%d\"} %d\n", name, code, m.answers[code].Load())
	}
	name = family("verdict_seconds", "histogram", "Time of judging one question, without waiting.")
	for _, v := range s.names {
		m.seconds[v].write(&b, name, "verifier="+labelValue(v))
	}
	name = family("request_seconds", "histogram", "Time from a request's head to the end of its answer, with waiting.")
	m.single.write(&b, name, `path="/verify"`)
	m.batch.write(&b, name, `path="/verify/batch"`)

	gauge("requests_in_hand", "Requests accepted and not yet answered.", s.inHand.Load())
	gauge("queue_depth", "Questions that wait for a worker.", m.waiting.Load())
	gauge("in_flight", "Questions that are judged now.", int64(len(s.workers)))
	gauge("overdue", "Verdicts given up at their time limit whose verifier still runs.", s.overdue.Load())
	gauge("workers", "Questions judged at a time, at most.", int64(s.opts.Workers))
	gauge("queue_limit", "Requests that may wait, at most.", int64(s.opts.Queue))
	return b.Bytes()
}

// labelValue quotes as the text format wants it: backslash, quote and newline are escaped.
func labelValue(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
