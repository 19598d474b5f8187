package page

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/export/audit"
	"mulligan/export/exporttest"
)

// written writes a page to a file of the test and returns its path.
func written(t testing.TB, r audit.Report, groups iter.Seq2[data.Group, error], o Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(f, r, groups, o); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

var words = strings.Fields(`the call was wrong because I left out an argument that is asked for and the date has to be written in full
	so next time read the request again check every name before answering compare each number with the question then write only JSON`)

// sampled is a turn of n tokens whose ids, pieces and log-probabilities an engine would return.
func sampled(r *rand.Rand, step string, n int, context []int32) data.Turn {
	t := exporttest.Attempt("", []int{r.IntN(4)}, nil)
	t.Step = step
	t.Draw.LogprobsMode = data.LogprobsRaw
	tokens := &data.Tokens{Prompt: context, PromptSource: data.TokensRendered, Source: data.TokensAligned, End: data.EndScored}
	for i := range n {
		w := words[r.IntN(len(words))]
		if i > 0 {
			w = " " + w
		}
		l := -float32(math.Pow(r.ExpFloat64(), 2)) / 3
		t.Content += w
		t.Draw.Pieces = append(t.Draw.Pieces, data.Piece{Bytes: []byte(w), Logprob: l})
		tokens.IDs, tokens.Logprobs = append(tokens.IDs, int32(r.IntN(49152))), append(tokens.Logprobs, l)
	}
	tokens.IDs, tokens.Logprobs = append(tokens.IDs, 2), append(tokens.Logprobs, data.Unknown())
	count := n + 1
	t.Draw.CompletionTokens, t.Draw.Tokens = &count, tokens
	return t
}

// many yields n groups as a run with a real engine would: attempts, six reflections with retries, a control.
func many(n int) iter.Seq2[data.Group, error] {
	return func(yield func(data.Group, error) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for i := 0; i < n; i++ {
			p := data.Prompt{Source: "sample/train", Answer: []byte(`"42"`), Messages: []data.Message{{Role: "user", Content: fmt.Sprintf("Task %d: %s?", i, words[i%len(words)])}}}
			context := make([]int32, 60)
			for k := range context {
				context[k] = int32(r.IntN(49152))
			}
			failed := sampled(r, data.StepAttempt, 30, context)
			failed.Verdict = exporttest.Judged(false, 0, "41")
			var g data.Group
			switch i % 3 {
			case 0:
				g = exporttest.Attempts(p, failed)
			case 1:
				var all []data.Rollout
				for k := range 6 {
					x := exporttest.Retried(p, failed, "", k, r.IntN(3) == 0)
					x.Turns[3] = sampled(r, data.StepReflection, 30+r.IntN(60), joined32(context, failed.Draw.Tokens.IDs, 9))
					x.Turns[3].Train = true
					retry := sampled(r, data.StepRetry, 20+r.IntN(20), joined32(x.Turns[3].Draw.Tokens.Prompt, x.Turns[3].Draw.Tokens.IDs, 8))
					retry.Verdict = x.Turns[5].Verdict
					x.Turns[5] = retry
					advantage := *x.Reward - 0.5
					x.Advantage = &advantage
					all = append(all, x)
				}
				g = exporttest.Reflection(p, 0, all...)
				g.Advantage = "mean_only"
			case 2:
				g = exporttest.Control(p, 0, exporttest.Again(p, failed, 0, r.IntN(4) == 0), exporttest.Again(p, failed, 1, false))
			}
			if !yield(g, nil) {
				return
			}
		}
	}
}

func joined32(a, b []int32, more int32) []int32 {
	out := append(append([]int32{}, a...), b...)
	return append(out, more)
}
