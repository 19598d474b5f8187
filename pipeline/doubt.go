package pipeline

import (
	"context"
	"slices"

	"mulligan/data"
	"mulligan/pipeline/journal"
)

// Doubt notes draws that may be of another model than the run's: an endpoint changed what it serves
// while they were drawn. They stay recorded, and no play uses them: the prompts that did are not
// finished any more, and the next Execute draws them again. It returns how many draws it found.
func (r *Run) Doubt(ctx context.Context, draws []data.Digest) (int, error) {
	keys := map[journal.Key]bool{}
	for _, d := range draws {
		keys[half(d)] = true
	}
	var notes []journal.Record
	log, _, err := journal.OpenReadOnly(r.fs, r.journalDir(), func(_ journal.Ref, h journal.Header, _ func() ([]byte, error)) error {
		if h.Kind == kindDraw && keys[h.Key] {
			delete(keys, h.Key)
			notes = append(notes, journal.Record{Header: journal.Header{Kind: kindDoubt, Key: h.Key, Owner: h.Owner}})
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := log.Close(); err != nil || len(notes) == 0 {
		return 0, err
	}
	if _, err := r.journal.Append(context.WithoutCancel(ctx), notes...); err != nil {
		return 0, err
	}
	for _, n := range notes {
		r.index.distrust(n.Header)
	}
	return len(notes), nil
}

// distrust takes up that a draw is in doubt.
func (x *index) distrust(h journal.Header) {
	x.doubt[h.Key] = true
	if u := x.open[h.Owner]; u != nil {
		u.draws = slices.DeleteFunc(u.draws, func(p placed) bool { return p.key == h.Key })
	}
	if e := x.prompts[h.Owner]; e.play != 0 { // its other draws are found through it
		x.others[h.Owner] = append(x.others[h.Owner], e.play)
		e.play = 0
		x.prompts[h.Owner] = e
	}
}
