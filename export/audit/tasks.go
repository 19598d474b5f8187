package audit

import (
	"context"
	"encoding/binary"
	"iter"
	"math"

	"mulligan/reward/rate"
)

// Tasks is what a comparison needs of a data set: what each task came to, and of all of them the rates.
type Tasks struct {
	side  Side
	all   *rate.Clusters // as seriesFirst and those after it
	first rate.Count
	by    map[uint64]outcome
}

// outcome is what one task came to. A count that does not fit stays at its end; both of a rate are then too small.
type outcome struct{ first, firstN, retry, retryN, control, controlN uint16 }

func newTasks() *Tasks { return &Tasks{all: rate.NewClusters(3), by: map[uint64]outcome{}} }

func (t *Tasks) add(x *exam) {
	if len(x.prompt.Groups) == 0 {
		return
	}
	id := x.prompt.Groups[0].Prompt.TaskID()
	key := binary.LittleEndian.Uint64(id[:8])
	p := playedOf(x.prompt.Groups)
	o := t.by[key]
	grow(&o.first, &o.firstN, p.first)
	grow(&o.retry, &o.retryN, p.retry)
	grow(&o.control, &o.controlN, p.control)
	t.by[key] = o
	t.first.K += p.first.K
	t.first.N += p.first.N
}

func (t *Tasks) report(r *Report) {
	s := r.Subject
	t.side = Side{Path: s.Path, Policies: s.Policies, Verifier: s.Verifier, Strategy: s.Strategy, Tasks: len(t.by), weights: s.weights}
	for _, o := range t.by { // sums of whole numbers: the order does not show
		t.all.Add(o.counts()...)
	}
}

func grow(k, n *uint16, c rate.Count) {
	if int(*n)+c.N <= math.MaxUint16 {
		*k, *n = *k+uint16(c.K), *n+uint16(c.N)
	}
}

func (o outcome) counts() []rate.Count {
	return []rate.Count{{K: int(o.first), N: int(o.firstN)}, {K: int(o.retry), N: int(o.retryN)}, {K: int(o.control), N: int(o.controlN)}}
}

// ReadTasks reads what a comparison needs, and judges nothing again.
func ReadTasks(ctx context.Context, subject Subject, prompts iter.Seq2[Prompt, error]) (*Tasks, error) {
	t, w := newTasks(), &who{subject: subject}
	for p, err := range prompts {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
		x := &exam{prompt: &p}
		x.build()
		t.add(x)
		w.add(x)
	}
	var r Report
	w.report(&r)
	t.report(&r)
	return t, nil
}
