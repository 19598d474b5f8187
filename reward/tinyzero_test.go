package reward

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mulligan/data"
)

const (
	tinyZeroCount  = 16_000
	tinyZeroScores = "testdata/tinyzero_scores.txt"
)

// tinyZeroReference runs the user's own TinyZero over the cases: one character a case, 0, f (0.1)
// or 1, and ? where it did not end within a second.
const tinyZeroReference = `
import importlib.util, json, resource, signal, sys, warnings, io, contextlib
warnings.simplefilter("ignore")
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
spec = importlib.util.spec_from_file_location("countdown", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.random.randint = lambda a, b: 0  # never print
late = False
class Late(BaseException): pass
def alarm(*_):
    global late
    late = True
    raise Late()
signal.signal(signal.SIGALRM, alarm)
names = {0: "0", 0.1: "f", 1.0: "1"}
for line in open(sys.argv[2], encoding="utf-8"):
    case, late = json.loads(line), False
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        score = module.compute_score(case["solution"], case)
    except Late:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    print("?" if late else names[score], end="")
`

// TestTinyZeroReference compares with the scores that TinyZero gave, which are in testdata behind a
// digest of the cases. With MULLIGAN_TINYZERO=path of a checkout of TinyZero, it asks that code
// again; MULLIGAN_UPDATE=1 then writes the file:
//
//	MULLIGAN_TINYZERO=~/TinyZero MULLIGAN_UPDATE=1 go test -run TestTinyZeroReference ./reward
func TestTinyZeroReference(t *testing.T) {
	cases := tinyZeroCases(tinyZeroCount)
	var want []byte
	if repo := os.Getenv("MULLIGAN_TINYZERO"); repo != "" {
		want = runTinyZero(t, repo, cases)
		if os.Getenv("MULLIGAN_UPDATE") != "" {
			writeScores(t, casesDigest(cases), want)
		}
	} else {
		raw, err := os.ReadFile(tinyZeroScores)
		if err != nil {
			t.Fatal(err)
		}
		digest, scores, _ := bytes.Cut(raw, []byte("\n"))
		if got := casesDigest(cases); got != string(digest) {
			t.Fatalf("the cases have the digest %s, those of %s %s: their targets are what the evaluator computes, so it or the generator has changed", got, tinyZeroScores, digest)
		}
		want = bytes.Join(bytes.Fields(scores), nil)
	}
	if len(want) != len(cases) {
		t.Fatalf("%d reference scores, want %d", len(want), len(cases))
	}
	v, err := NewCountdown(CountdownOptions{Rules: RulesTinyZero})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[byte]int{}
	for i, c := range cases {
		got := byte('?')
		if v, err := v.Verify(context.Background(), data.Prompt{Answer: c.truth()}, c.Solution); err == nil {
			got = map[float64]byte{0: '0', 0.1: 'f', 1: '1'}[v.Score]
			if v.Pass != (v.Score == 1) {
				t.Errorf("case %d: pass %t with score %g", i, v.Pass, v.Score)
			}
		}
		if counts[want[i]]++; got != want[i] {
			t.Errorf("case %d: score %c, TinyZero's %c: %.300q for %s", i, got, want[i], c.Solution, c.truth())
		}
	}
	t.Logf("%d scores agree: %d are 1, %d are 0.1, %d are 0, %d undecided", len(cases), counts['1'], counts['f'], counts['0'], counts['?'])
	if counts['1'] < 3000 || counts['f'] < 4000 || counts['0'] < 500 {
		t.Errorf("the cases are one-sided: %d are 1, %d are 0.1, %d are 0", counts['1'], counts['f'], counts['0'])
	}
}

func runTinyZero(t *testing.T, repo string, cases []tinyZeroCase) []byte {
	file := filepath.Join(t.TempDir(), "cases.jsonl")
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	for _, c := range cases {
		if err := json.NewEncoder(w).Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" {
		python = "python3"
	}
	cmd := exec.Command(python, "-c", tinyZeroReference, filepath.Join(repo, "verl/utils/reward_score/countdown.py"), file)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run TinyZero: %v", err)
	}
	return out
}

func casesDigest(cases []tinyZeroCase) string {
	h := data.NewHasher("tinyzero cases")
	for _, c := range cases {
		h.String(c.Solution)
		h.Bytes(c.truth())
	}
	return h.Sum().String()
}

func writeScores(t *testing.T, digest string, scores []byte) {
	var b strings.Builder
	b.WriteString(digest + "\n")
	for i := 0; i < len(scores); i += 100 {
		b.Write(scores[i:min(i+100, len(scores))])
		b.WriteByte('\n')
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tinyZeroScores, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
