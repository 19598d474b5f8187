package pipeline

import (
	"fmt"
	"math"

	"mulligan/data"
	"mulligan/pipeline/journal"
)

// sequence is the ids of a recorded draw, context and completion, and where the draw lies.
type sequence struct {
	ref journal.Ref
	ids []int32
}

func newSequence(ref journal.Ref, t *data.Tokens) sequence {
	return sequence{ref, append(t.Prompt[:len(t.Prompt):len(t.Prompt)], t.IDs...)}
}

// common returns how many ids from the first two lists share.
func common(a, b []int32) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// How the log-probabilities of ids are told.
const (
	logprobsNone   = iota
	logprobsGiven  // one by one
	logprobsPieces // those of the pieces; ids after the last piece have none
)

// tokens writes the ids of a draw. A context is not written a second time: what it shares with from
// is told by from's place and a number.
//
//	0 | 1 source promptSource end vocabulary  base shared tail...  ids...  logprobs
func (e *encoder) tokens(w data.Draw, from *sequence) {
	t := w.Tokens
	e.bool(t != nil)
	if t == nil {
		return
	}
	e.text(string(t.Source))
	e.text(string(t.PromptSource))
	e.text(string(t.End))
	e.text(t.Vocabulary)
	e.bool(t.Prompt != nil)
	var base journal.Ref
	shared := 0
	if from != nil {
		if shared = common(from.ids, t.Prompt); shared > 0 {
			base = from.ref
		}
	}
	e.uint(uint64(base))
	e.uint(uint64(shared))
	e.ids(t.Prompt[shared:])
	e.ids(t.IDs)
	switch {
	case t.Logprobs == nil:
		e.raw([]byte{logprobsNone})
	case ofPieces(t, w.Pieces):
		e.raw([]byte{logprobsPieces})
	default:
		e.raw([]byte{logprobsGiven})
		e.uint(uint64(len(t.Logprobs)))
		for _, f := range t.Logprobs {
			e.float32(f)
		}
	}
}

func ofPieces(t *data.Tokens, pieces []data.Piece) bool {
	if len(pieces) > len(t.Logprobs) || len(t.Logprobs) != len(t.IDs) {
		return false
	}
	for i, f := range t.Logprobs {
		if i < len(pieces) && f != pieces[i].Logprob || i >= len(pieces) && !math.IsNaN(float64(f)) {
			return false
		}
	}
	return true
}

func (e *encoder) ids(ids []int32) {
	e.uint(uint64(len(ids)))
	for _, id := range ids {
		e.int(int64(id))
	}
}

func (d *decoder) ids(before []int32) []int32 {
	n := d.count()
	ids := make([]int32, len(before), len(before)+n)
	copy(ids, before)
	for range n {
		id := d.int()
		if id != int64(int32(id)) {
			d.fail(fmt.Errorf("token id %d: want 32 bits", id))
		}
		ids = append(ids, int32(id))
	}
	return ids
}

func (d *decoder) tokens(pieces []data.Piece, earlier func(journal.Ref) ([]int32, error)) *data.Tokens {
	if !d.bool() {
		return nil
	}
	t := &data.Tokens{Source: data.TokenSource(d.text()), PromptSource: data.TokenSource(d.text()),
		End: data.EndToken(d.text()), Vocabulary: d.text()}
	known := d.bool()
	var before []int32
	base, shared := journal.Ref(d.uint()), d.uint()
	if (base == 0) != (shared == 0) {
		d.fail(fmt.Errorf("shares %d ids with the draw at %v", shared, base))
	}
	if base != 0 && d.err == nil {
		ids, err := earlier(base)
		if err == nil && shared > uint64(len(ids)) {
			err = fmt.Errorf("shares %d ids with the draw at %v, which has %d", shared, base, len(ids))
		}
		if err != nil {
			d.fail(err)
			return t
		}
		before = ids[:shared]
	}
	if t.Prompt = d.ids(before); !known {
		t.Prompt = nil
	}
	t.IDs = d.ids(nil)
	switch kind := d.byte(); kind {
	case logprobsNone:
	case logprobsPieces:
		if len(pieces) > len(t.IDs) {
			d.fail(fmt.Errorf("%d pieces for %d ids", len(pieces), len(t.IDs)))
			return t
		}
		t.Logprobs = make([]float32, len(t.IDs))
		for i := range t.Logprobs {
			t.Logprobs[i] = data.Unknown()
			if i < len(pieces) {
				t.Logprobs[i] = pieces[i].Logprob
			}
		}
	case logprobsGiven:
		t.Logprobs = make([]float32, d.count())
		for i := range t.Logprobs {
			t.Logprobs[i] = d.float32()
		}
	default:
		d.fail(fmt.Errorf("log-probabilities of kind %d", kind))
	}
	return t
}
