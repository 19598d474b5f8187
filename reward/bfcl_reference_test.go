package reward

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"mulligan/data"
)

// reference is testdata/bfcl_reference.py, running.
type reference struct {
	t   *testing.T
	in  *bufio.Writer
	out *bufio.Reader
}

// startReference runs the reference with the Python named in MULLIGAN_PYTHON, or skips the test.
func startReference(t *testing.T) *reference {
	t.Helper()
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		t.Skip("set MULLIGAN_PYTHON to a Python that has bfcl-eval==2026.3.23 (see testdata/bfcl_reference.py)")
	}
	cmd := exec.Command(python, "testdata/bfcl_reference.py")
	cmd.Env = append(os.Environ(), "PYTHONWARNINGS=ignore", "PYTHONIOENCODING=utf-8", "BFCL_PROJECT_ROOT="+t.TempDir())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the reference ended with %v", err)
		}
	})
	return &reference{t, bufio.NewWriterSize(in, 1<<20), bufio.NewReaderSize(out, 1<<20)}
}

// ask sends all requests and returns the answers, in order.
func ask[Answer any](r *reference, requests []map[string]any) []Answer {
	r.t.Helper()
	go func() {
		for _, req := range requests {
			line, err := json.Marshal(req)
			if err == nil {
				_, err = r.in.Write(append(line, '\n'))
			}
			if err != nil {
				r.t.Errorf("write to the reference: %v", err)
			}
		}
		r.in.Flush()
	}()
	answers := make([]Answer, len(requests))
	for i := range answers {
		line, err := r.out.ReadBytes('\n')
		if err != nil {
			r.t.Fatalf("answer %d of the reference: %v", i, err)
		}
		if err := json.Unmarshal(line, &answers[i]); err != nil {
			r.t.Fatalf("answer %d of the reference: %v: %.200s", i, err, line)
		}
	}
	return answers
}

// TestBFCLReference compares verdicts and error types with the package's checker, on its own rows:
// answers made from the ground truth, and answers changed in one or two places.
func TestBFCLReference(t *testing.T) {
	ref := startReference(t)
	rows := ask[struct{ Rows []bfclRow }](ref, []map[string]any{{"op": "rows"}})[0].Rows
	type oneCase struct {
		row           bfclRow
		reply         string
		json, convert bool
	}
	var cases []oneCase
	var requests []map[string]any
	add := func(c oneCase) {
		cases = append(cases, c)
		requests = append(requests, map[string]any{"op": "bfcl", "tools": c.row.Tools, "ground_truth": c.row.GroundTruth,
			"category": c.row.Category, "reply": c.reply, "json": c.json, "underscore_to_dot": c.convert})
	}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 1000 {
		rows = append(rows, syntheticRow(r, i))
	}
	for _, row := range rows {
		truth, err := readBFCLTruth(row.answer())
		if err != nil {
			t.Fatalf("%s: %v", row.ID, err)
		}
		add(oneCase{row: row, reply: callSource(gold(r, truth))})
		variants := 5
		if truth.nests() {
			variants = 15
		}
		for range variants {
			calls := mutateCalls(r, gold(r, truth), truth)
			if len(calls) > 0 && r.IntN(4) == 0 {
				calls = mutateCalls(r, calls, truth)
			}
			c := oneCase{row: row, json: r.IntN(4) == 0, convert: r.IntN(8) == 0}
			if c.json {
				c.reply = showCalls(calls, 1<<20)
			} else {
				c.reply = dress(r, calls)
			}
			add(c)
		}
	}
	type answer struct {
		Pass bool
		Type string `json:"error_type"`
	}
	passed, kinds := 0, map[string]int{}
	for i, want := range ask[answer](ref, requests) {
		c := cases[i]
		opts := BFCLOptions{Format: FormatPython, UnderscoreToDot: c.convert}
		if c.json {
			opts.Format = FormatJSON
		}
		got, err := newBFCL(t, opts).Verify(t.Context(), data.Prompt{Answer: c.row.answer()}, c.reply)
		if err != nil {
			t.Errorf("%s: %v", c.row.ID, err)
			continue
		}
		kind, _, _ := strings.Cut(got.Reason, " ")
		if got.Pass != want.Pass || kind != want.Type {
			t.Errorf("%s: %s\n got %t %s\nwant %t %s", c.row.ID, c.reply, got.Pass, got.Reason, want.Pass, want.Type)
		}
		kinds[want.Type]++
		if want.Pass {
			passed++
		}
	}
	t.Logf("%d cases on %d rows: %d pass; error types: %v", len(cases), len(rows), passed, kinds)
	if len(cases) < 3000 || passed < 1000 || len(cases)-passed < 1000 || len(kinds) < 15 {
		t.Errorf("%d cases, %d pass, %d error types: too few to tell", len(cases), passed, len(kinds))
	}
}

func newBFCL(t testing.TB, opts BFCLOptions) *BFCL {
	t.Helper()
	b, err := NewBFCL(opts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
