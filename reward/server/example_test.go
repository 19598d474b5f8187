package server_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"mulligan/reward"
	"mulligan/reward/server"
)

// A trainer asks for the verdicts on a batch of replies.
func Example() {
	countdown, err := reward.NewCountdown(reward.CountdownOptions{})
	if err != nil {
		log.Fatal(err)
	}
	s, err := server.New(server.Options{Verifiers: map[string]reward.Verifier{"countdown": countdown}})
	if err != nil {
		log.Fatal(err)
	}
	h := httptest.NewServer(s) // a program calls s.Serve, which has time limits
	defer h.Close()
	res, err := http.Post(h.URL+"/verify/batch", "application/x-ndjson", strings.NewReader(`
{"id":"a","answer":{"numbers":[3,5,2],"target":17},"response":"<answer>3*5+2</answer>"}
{"id":"b","answer":{"numbers":[3,5,2],"target":17},"response":"It is 17."}
{"id":"c","answer":{"numbers":[]},"response":"<answer>3*5+2</answer>"}`))
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(body))
	// Output:
	// {"id":"a","pass":true,"score":1,"parsed":"3*5+2","reason":"","feedback":""}
	// {"id":"b","pass":false,"score":0,"parsed":"","reason":"no <answer>...</answer>","feedback":"No answer was found: it must stand between <answer> and </answer>."}
	// {"id":"c","error":"countdown: ground truth without numbers: want {\"numbers\":[3,4,5],\"target\":17}"}
}
