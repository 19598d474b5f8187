package pipeline

import (
	"cmp"
	"slices"

	"mulligan/data"
	"mulligan/pipeline/journal"
)

// index is what a process keeps of a journal in memory: a fixed few bytes for a finished prompt,
// and the places of the draws of those that are not.
type index struct {
	labels  data.Digest                 // of the plan in force
	prompts map[journal.Key]entry       // by owner
	open    map[journal.Key]*unfinished // by owner
	session []journal.Ref
	other   int // plays under other labels
}

// entry is one prompt.
type entry struct {
	ordinal int
	prompt  journal.Ref // 0: not recorded yet
	play    journal.Ref // 0: not finished under these labels
}

// unfinished is what there is of a prompt that is not finished.
type unfinished struct {
	draws    []placed
	verdicts []placed
	starts   []journal.Key // of draws that were asked for, and neither recorded nor given up
	failed   journal.Ref   // 0: it did not fail
}

type placed struct {
	key journal.Key
	ref journal.Ref
}

func newIndex(labels data.Digest) *index {
	return &index{labels: labels, prompts: map[journal.Key]entry{},
		open: map[journal.Key]*unfinished{}}
}

// visit takes up one record, in log order.
func (x *index) visit(ref journal.Ref, h journal.Header, _ func() ([]byte, error)) error {
	switch h.Kind {
	case kindPrompt:
		e := x.prompts[h.Owner]
		e.ordinal, e.prompt = ordinalOf(h.Key), ref
		x.prompts[h.Owner] = e
	case kindStart:
		u := x.unfinished(h.Owner)
		u.starts = append(u.starts, h.Key)
	case kindDraw:
		u := x.unfinished(h.Owner)
		u.starts = slices.DeleteFunc(u.starts, func(k journal.Key) bool { return k == h.Key })
		u.draws = append(u.draws, placed{h.Key, ref})
	case kindVerdict:
		u := x.unfinished(h.Owner)
		u.verdicts = append(u.verdicts, placed{h.Key, ref})
	case kindFailed:
		u := x.unfinished(h.Owner)
		u.failed, u.starts = ref, nil
	case kindPlay:
		if h.Key != playKey(ordinalOf(h.Key), x.labels) {
			x.other++
			break
		}
		e := x.prompts[h.Owner]
		e.ordinal, e.play = ordinalOf(h.Key), ref
		x.prompts[h.Owner] = e
		delete(x.open, h.Owner)
	case kindSession:
		x.session = append(x.session, ref)
	}
	return nil
}

func (x *index) unfinished(owner journal.Key) *unfinished {
	u := x.open[owner]
	if u == nil {
		u = &unfinished{}
		x.open[owner] = u
	}
	return u
}

// plays returns the finished prompts in prompt order.
func (x *index) plays() []entry {
	var done []entry
	for _, e := range x.prompts {
		if e.play != 0 {
			done = append(done, e)
		}
	}
	slices.SortFunc(done, func(a, b entry) int { return cmp.Compare(a.ordinal, b.ordinal) })
	return done
}

// inFlight counts the requests that were in flight when a process died: their replies, if the
// engine made them, are lost and will be asked for again.
func (x *index) inFlight() (n int) {
	for _, u := range x.open {
		n += len(u.starts)
	}
	return n
}
