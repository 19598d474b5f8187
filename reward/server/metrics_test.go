package server_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"mulligan/reward/server"
)

// TestMetrics: after known requests the exposition is this one, to the byte but for times of
// building.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slowServer(t, slow(true), server.Options{Workers: 3, Queue: 7, Version: "1.2\n\"\\"})
		for _, body := range []string{`{"response":"20us"}`, `{"response":"3s"}`, `{"response":"never"}`, `{"respons":""}`, `{"response":"1h"}`} {
			ask(s, "POST", "/verify", body)
		}
		ask(s, "POST", "/verify/batch", `{"items":[{"response":"1s"},{"response":"1s"},{"response":"1s"},{"response":"1s"}]}`)
		ask(s, "POST", "/verify/batch", `[]`)
		ask(s, "GET", "/nowhere", "")
		synctest.Wait()
		w := ask(s, "GET", "/metrics", "")
		if got := w.Header().Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
			t.Errorf("Content-Type %s", got)
		}
		text := regexp.MustCompile(`go_version="[^"]+"`).ReplaceAllString(w.Body.String(), `go_version="go"`)
		histogram := func(name, label, sum string, counts ...int) string {
			var b strings.Builder
			les := strings.Fields("1e-05 0.0001 0.0005 0.001 0.005 0.01 0.05 0.1 0.5 1 5 10 30 +Inf")
			for i, le := range les {
				fmt.Fprintf(&b, "mulligan_serve_%s_bucket{%s,le=%q} %d\n", name, label, le, counts[i])
			}
			return fmt.Sprintf("%smulligan_serve_%s_sum{%s} %s\nmulligan_serve_%s_count{%s} %d\n", b.String(), name, label, sum, name, label, counts[len(les)-1])
		}
		want := `# HELP mulligan_serve_build_info 1; the labels say what runs.
# TYPE mulligan_serve_build_info gauge
mulligan_serve_build_info{version="1.2\n\"\\",go_version="go"} 1
# HELP mulligan_serve_verdicts_total Questions by verifier and outcome; an empty verifier: ended before one was known.
# TYPE mulligan_serve_verdicts_total counter
mulligan_serve_verdicts_total{verifier="",outcome="pass"} 0
mulligan_serve_verdicts_total{verifier="",outcome="fail"} 0
mulligan_serve_verdicts_total{verifier="",outcome="undecided"} 0
mulligan_serve_verdicts_total{verifier="",outcome="refused"} 1
mulligan_serve_verdicts_total{verifier="",outcome="abandoned"} 0
mulligan_serve_verdicts_total{verifier="slow",outcome="pass"} 6
mulligan_serve_verdicts_total{verifier="slow",outcome="fail"} 0
mulligan_serve_verdicts_total{verifier="slow",outcome="undecided"} 2
mulligan_serve_verdicts_total{verifier="slow",outcome="refused"} 1
mulligan_serve_verdicts_total{verifier="slow",outcome="abandoned"} 0
# HELP mulligan_serve_responses_total HTTP answers by status.
# TYPE mulligan_serve_responses_total counter
mulligan_serve_responses_total{code="200"} 3
mulligan_serve_responses_total{code="400"} 2
mulligan_serve_responses_total{code="401"} 0
mulligan_serve_responses_total{code="404"} 1
mulligan_serve_responses_total{code="405"} 0
mulligan_serve_responses_total{code="408"} 0
mulligan_serve_responses_total{code="413"} 0
mulligan_serve_responses_total{code="415"} 0
mulligan_serve_responses_total{code="422"} 2
mulligan_serve_responses_total{code="503"} 0
# HELP mulligan_serve_verdict_seconds Time of judging one question, without waiting.
# TYPE mulligan_serve_verdict_seconds histogram
` + histogram("verdict_seconds", `verifier="slow"`, "37.00002", 1, 2, 2, 2, 2, 2, 2, 2, 2, 6, 7, 7, 8, 8) +
			`# HELP mulligan_serve_request_seconds Time from a request's head to the end of its answer, with waiting.
# TYPE mulligan_serve_request_seconds histogram
` + histogram("request_seconds", `path="/verify"`, "33.00002", 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 5, 5) +
			histogram("request_seconds", `path="/verify/batch"`, "2", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1) +
			`# HELP mulligan_serve_requests_in_hand Requests accepted and not yet answered.
# TYPE mulligan_serve_requests_in_hand gauge
mulligan_serve_requests_in_hand 0
# HELP mulligan_serve_queue_depth Questions that wait for a worker.
# TYPE mulligan_serve_queue_depth gauge
mulligan_serve_queue_depth 0
# HELP mulligan_serve_in_flight Questions that are judged now.
# TYPE mulligan_serve_in_flight gauge
mulligan_serve_in_flight 0
# HELP mulligan_serve_overdue Verdicts given up at their time limit whose verifier still runs.
# TYPE mulligan_serve_overdue gauge
mulligan_serve_overdue 0
# HELP mulligan_serve_workers Questions judged at a time, at most.
# TYPE mulligan_serve_workers gauge
mulligan_serve_workers 3
# HELP mulligan_serve_queue_limit Requests that may wait, at most.
# TYPE mulligan_serve_queue_limit gauge
mulligan_serve_queue_limit 7
`
		if text != want {
			got, wanted := strings.Split(text, "\n"), strings.Split(want, "\n")
			for i := range max(len(got), len(wanted)) {
				if i >= len(got) || i >= len(wanted) || got[i] != wanted[i] {
					t.Fatalf("line %d: %s; want %s", i+1, got[min(i, len(got)-1)], wanted[min(i, len(wanted)-1)])
				}
			}
		}
	})
}
