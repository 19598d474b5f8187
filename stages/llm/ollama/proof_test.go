package ollama_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mulligan/data/tokenizer"
)

// What these tests hold, on real engines that serve one model file:
//
//  1. The ids of a greedy reply of Ollama, aligned, are those that llama-server returns for the
//     same context ids, each one, the end token included; where they are not, both tokens are as likely as the other.
//  2. The log-probability that Ollama returns with a piece, greedy or sampled at temperature 1, is the one that
//     llama-server gives the aligned id at this place. Another id would have another.
//  3. The ids that the tokenizer makes of the rendered context are as many as Ollama counts.
//
// MULLIGAN_PROOF is the number of replies, or which of them (500:1000); without it the proof is a short one.

const (
	proofLength = 16   // tokens of a reply
	proofTie    = 0.01 // so near, two log-probabilities may change places between the engines' kernels: see the spread that the test prints
	proofSame   = 1e-3 // so near are two log-probabilities of one token, behind one context (measured: 0.0004 at most)
	proofWrong  = 0.05 // so far apart, they are of two tokens

	// Of one token, and further apart than proofSame: an engine read the context in other batches, for
	// which other kernels have other rounding (llama-server is started with small ones for that).
	proofBatched = 0.001 // at most, of all that are compared
	proofTies    = 0.001 // at most, of all ids
)

// proof counts what was seen.
type proof struct {
	mu                            sync.Mutex
	replies, multibyte            int
	aligned, retokenized, refused int
	split                         int // of aligned: with characters of several tokens
	refusedWhole                  int // of refused: not cut by length
	inferred, assumed, missing    int
	endsChecked                   int
	compared, ties, different     int
	scored                        int // of compared: sampled, and scored by llama-server
	batched                       int // log-probabilities further apart than proofSame
	untold                        int // of compared: without a log-probability of llama-server
	identical                     int // greedy replies without a tie
	lines                         []string
	deltas                        []float64 // |log-probability of Ollama - of llama-server|, every token compared
	tails                         []float64 // the same, of tokens less likely than 1e-3
	endShare                      float64   // least share of the assumed end token among all that could have ended a turn
	contexts, tokensIn            int
}

func TestProof(t *testing.T) {
	e := realEngines(t)
	from, to := 0, 160
	if s := os.Getenv("MULLIGAN_PROOF"); s != "" {
		first, last, part := strings.Cut(s, ":")
		if !part {
			first, last = "0", s
		}
		var err, err2 error
		from, err = strconv.Atoi(first)
		to, err2 = strconv.Atoi(last)
		if err != nil || err2 != nil || from < 0 || to < from+8 {
			t.Fatalf("MULLIGAN_PROOF is %q, want a number of replies, 8 or more, or from:to", s)
		}
	}
	p := &proof{endShare: 1}
	numbers := make(chan int)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range numbers {
				if err := p.reply(t.Context(), e, i); err != nil {
					t.Errorf("reply %d: %v", i, err)
				}
			}
		})
	}
	for i := from; i < to; i++ {
		numbers <- i
		if i%100 == 99 {
			t.Logf("%d of %d drawn", i+1-from, to-from)
		}
	}
	close(numbers)
	wg.Wait()
	p.report(t)
	switch {
	case p.different > 0:
		t.Errorf("%d ids differ", p.different)
	case float64(p.batched) > proofBatched*float64(len(p.deltas)):
		t.Errorf("%d of %d log-probabilities are more than %g apart, at most %g of them may be", p.batched, len(p.deltas), proofSame, proofBatched)
	case float64(p.ties) > max(1, proofTies*float64(p.compared)):
		t.Errorf("%d of %d ids are ties, at most %g of them may be", p.ties, p.compared, proofTies)
	case p.contexts != p.replies:
		t.Errorf("%d of %d contexts have as many ids as Ollama counts", p.contexts, p.replies)
	case p.retokenized > 0 || p.refusedWhole > 0:
		t.Errorf("%d replies retokenized, and %d refused that were not cut inside a character", p.retokenized, p.refusedWhole)
	case p.aligned < p.replies*2/3: // the rest was cut inside a character, of which such replies are full
		t.Errorf("%d of %d replies aligned", p.aligned, p.replies)
	case p.multibyte < p.replies/2 || p.split < p.replies/4:
		t.Errorf("%d of %d replies have characters of several bytes, %d aligned ones characters of several tokens: too few to prove anything", p.multibyte, p.replies, p.split)
	}
}

// greedy ones are compared with llama-server's own, sampled ones are scored.
func sampled(i int) bool { return i%8 == 7 }

func proofOptions(i int) map[string]any {
	temperature := 0.0
	if sampled(i) {
		temperature = 1
	}
	return map[string]any{"num_predict": proofLength, "num_ctx": 2048, "temperature": temperature, "seed": i,
		"top_k": 0, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.0,
		"num_thread": proofThreads()}
}

// proofThreads is half of the machine: the other is llama-server's. Their threads spin, and with more
// of them than cores both crawl.
func proofThreads() int { return max(1, runtime.NumCPU()/2) }

// reply draws a reply, aligns it and compares it.
func (p *proof) reply(ctx context.Context, e *engines, i int) error {
	d, err := e.draw(ctx, proofMessages(i), proofOptions(i))
	if err != nil {
		return err
	}
	a, err := e.align.Align(d.reply)
	switch {
	case !p.count(i, d, a, err):
		return nil
	case sampled(i):
		return p.score(ctx, e, i, d, a)
	}
	return p.compare(ctx, e, i, d, a)
}

// count notes what alignment made of a reply, and reports whether there are ids.
func (p *proof) count(i int, d drawn, a tokenizer.Alignment, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.replies++
	p.tokensIn += len(d.context)
	if len(d.context) == d.counted {
		p.contexts++
	}
	if strings.ContainsFunc(d.reply.Text, func(r rune) bool { return r > 127 }) {
		p.multibyte++
	}
	if err != nil {
		p.refused++
		if d.reply.Ended {
			p.refusedWhole++
		}
		p.lines = append(p.lines, fmt.Sprintf("reply %d refused: %v; text %q", i, err, d.reply.Text))
		return false
	}
	if a.Source == tokenizer.Aligned && slices.ContainsFunc(d.reply.Pieces, func(b []byte) bool { return bytes.Contains(b, []byte("\uFFFD")) }) {
		p.split++
	}
	for source, n := range map[tokenizer.Certainty]*int{tokenizer.Aligned: &p.aligned, tokenizer.Retokenized: &p.retokenized} {
		if a.Source == source {
			*n++
		}
	}
	for end, n := range map[tokenizer.TurnEnd]*int{tokenizer.EndInferred: &p.inferred, tokenizer.EndAssumed: &p.assumed, tokenizer.EndMissing: &p.missing} {
		if a.End == end {
			*n++
		}
	}
	return true
}

// compare asks llama-server for its own greedy reply. Behind a tie it goes on from Ollama's id.
func (p *proof) compare(ctx context.Context, e *engines, i int, d drawn, a tokenizer.Alignment) error {
	ids, tied := slices.Concat(d.context, a.IDs), false
	for at := len(d.context); at < len(ids); {
		theirs, err := e.greedy(ctx, ids[:at], len(ids)-at)
		if err != nil {
			return err
		}
		k := 0
		for ; k < len(theirs) && at+k < len(ids) && theirs[k].ID == ids[at+k]; k++ {
			p.same(i, d, at+k-len(d.context), theirs[k])
		}
		if at+k < len(ids) && k < len(theirs) {
			tied = true
			if err := p.differs(ctx, e, i, ids[:at+k+1], theirs[k].ID, at+k-len(d.context)); err != nil {
				return err
			}
			k++
		}
		at += k
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !tied {
		p.identical++
	}
	return nil
}

// same notes an id that both engines chose.
func (p *proof) same(i int, d drawn, at int, theirs predicted) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.compared++
	switch {
	case at >= len(d.logprobs):
		p.endsChecked++
	case math.IsNaN(theirs.Logprob):
		p.untold++
	default:
		p.delta(i, at, theirs.ID, d.logprobs[at], theirs.Logprob)
	}
}

// differs notes another greedy choice behind ids, whose last is Ollama's: a tie or not.
func (p *proof) differs(ctx context.Context, e *engines, i int, ids []int32, theirs int32, at int) error {
	context, ours := ids[:len(ids)-1], ids[len(ids)-1]
	l, err := e.score(ctx, context, ours)
	if err != nil {
		return err
	}
	best, err := e.score(ctx, context, theirs)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.compared++
	kind := "DIFFERENT"
	if best-l <= proofTie {
		p.ties++
		kind = "tie"
	} else {
		p.different++
	}
	p.lines = append(p.lines, fmt.Sprintf("reply %d token %d: %s: ollama %d, llama-server %d, %.4f apart", i, at, kind, ours, theirs, best-l))
	return nil
}

// score asks llama-server for the log-probability of every id of a sampled reply.
func (p *proof) score(ctx context.Context, e *engines, i int, d drawn, a tokenizer.Alignment) error {
	ids := slices.Concat(d.context, a.IDs)
	for k, ours := range d.logprobs {
		theirs, err := e.score(ctx, ids[:len(d.context)+k], a.IDs[k])
		if err != nil {
			return err
		}
		p.sampled(i, k, a.IDs[k], ours, theirs)
	}
	if !d.reply.Ended || len(a.IDs) == len(d.logprobs) {
		return nil
	}
	// How sure is the end token that was assumed? Its share among all that could have ended the turn.
	own, all := 0.0, 0.0
	for _, end := range e.align.PossibleEnds() {
		theirs, err := e.score(ctx, ids[:len(ids)-1], end)
		if err != nil {
			return err
		}
		all += math.Exp(theirs)
		if end == ids[len(ids)-1] {
			own = math.Exp(theirs)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endShare = min(p.endShare, own/all)
	return nil
}

// sampled notes the two log-probabilities of an id.
func (p *proof) sampled(i, at int, id int32, ollama, llama float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.compared++
	p.scored++
	p.delta(i, at, id, ollama, llama)
}

// delta compares two log-probabilities of an id.
func (p *proof) delta(i, at int, id int32, ollama, llama float64) {
	d := math.Abs(ollama - llama)
	kind := ""
	switch {
	case !(d <= proofWrong): // not a number, too
		p.different++
		kind = "DIFFERENT"
	case d > proofSame:
		p.batched++
		kind = "batched"
	}
	if kind != "" {
		p.lines = append(p.lines, fmt.Sprintf("reply %d token %d: %s: id %d has %.5f from Ollama and %.5f from llama-server", i, at, kind, id, ollama, llama))
	}
	p.deltas = append(p.deltas, d)
	if ollama < math.Log(1e-3) {
		p.tails = append(p.tails, d)
	}
}

func (p *proof) report(t *testing.T) {
	slices.Sort(p.lines)
	for _, line := range p.lines {
		t.Log(line)
	}
	t.Logf("replies %d, with characters of several bytes %d; aligned %d (%d with characters of several tokens), retokenized %d, refused %d", p.replies, p.multibyte, p.aligned, p.split, p.retokenized, p.refused)
	t.Logf("end tokens: inferred %d, assumed %d, missing %d; compared %d, least share of an assumed one %.6f", p.inferred, p.assumed, p.missing, p.endsChecked, p.endShare)
	t.Logf("contexts with as many ids as Ollama counts: %d of %d (%d ids)", p.contexts, p.replies, p.tokensIn)
	t.Logf("ids compared %d (%d of them sampled and scored): ties %d, different %d; greedy replies the same from end to end %d", p.compared, p.scored, p.ties, p.different, p.identical)
	t.Logf("|log-probability of Ollama - of llama-server|: %s; of tokens below 1e-3: %s", spread(p.deltas), spread(p.tails))
	worst := 0.0
	if len(p.deltas) > 0 {
		worst = slices.Max(p.deltas)
	}
	t.Logf("totals: %d replies, %d aligned, %d retokenized, %d refused; %d ids compared, %d different, %d ties; %d log-probabilities compared, %d not within %g, worst %.5f apart, %d ids without one; %d of %d contexts counted alike",
		p.replies, p.aligned, p.retokenized, p.refused, p.compared, p.different, p.ties, len(p.deltas), p.batched, proofSame, worst, p.untold, p.contexts, p.replies)
}

// spread says how differences are distributed.
func spread(d []float64) string {
	if len(d) == 0 {
		return "none"
	}
	slices.Sort(d)
	sum, close := 0.0, 0
	for _, x := range d {
		sum += x
		if x <= 1e-3 {
			close++
		}
	}
	return fmt.Sprintf("%d, mean %.5f, median %.5f, 99%% %.5f, max %.5f, within 0.001 %.1f%%", len(d), sum/float64(len(d)),
		d[len(d)/2], d[len(d)*99/100], d[len(d)-1], 100*float64(close)/float64(len(d)))
}
