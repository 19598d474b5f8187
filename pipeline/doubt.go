package pipeline

import (
	"context"
	"slices"

	"mulligan/data"
	"mulligan/pipeline/journal"
)

// Doubt notes, so that it lasts, that draws may be of another model than the run's: an endpoint changed
// what it serves while they were drawn. They stay recorded, and count as not drawn: plays that used them
// are not finished any more, and the next Execute draws them again. It may be called while Execute runs;
// a draw that is on its way to the journal is noted when it gets there. It returns how many are noted now.
func (r *Run) Doubt(ctx context.Context, draws []data.Digest) (int, error) {
	r.mu.Lock()
	if r.suspects == nil {
		r.suspects = map[journal.Key]bool{}
	}
	wanted := map[journal.Key]bool{}
	for _, d := range draws {
		r.suspects[half(d)], wanted[half(d)] = true, true
	}
	r.mu.Unlock()
	if len(draws) == 0 {
		return 0, nil
	}
	type found struct {
		owner journal.Key
		ref   journal.Ref
	}
	var all []found
	log, _, err := journal.OpenReadOnly(r.fs, r.journalDir(), func(ref journal.Ref, h journal.Header, _ func() ([]byte, error)) error {
		if h.Kind == kindDraw && wanted[h.Key] {
			all = append(all, found{h.Owner, ref})
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := log.Close(); err != nil {
		return 0, err
	}
	n := 0
	for _, f := range all {
		fresh, err := r.distrust(ctx, f.owner, f.ref)
		if err != nil {
			return n, err
		}
		if fresh {
			n++
		}
	}
	return n, nil
}

// Doubtful returns how many recorded draws count as not drawn.
func (r *Run) Doubtful() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.index.doubt)
}

// distrust notes that one draw counts as not drawn. It reports whether that is new.
func (r *Run) distrust(ctx context.Context, owner journal.Key, draw journal.Ref) (bool, error) {
	r.mu.Lock()
	known := r.index.doubt[draw]
	r.index.doubt[draw] = true
	r.mu.Unlock()
	if known {
		return false, nil
	}
	return true, r.renote(ctx, owner, draw)
}

// renote writes the note, be it for the second time.
func (r *Run) renote(ctx context.Context, owner journal.Key, draw journal.Ref) error {
	e := encoder{}
	e.uint(uint64(draw))
	if _, err := r.journal.Append(context.WithoutCancel(ctx), journal.Record{Header: journal.Header{Kind: kindDoubt, Owner: owner}, Body: e.b}); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.index.distrust(owner, draw)
	return nil
}

// recorded is told of every draw that comes into the journal.
func (r *Run) recorded(ctx context.Context, owner, draw journal.Key, ref journal.Ref) error {
	r.mu.Lock()
	suspect := r.suspects[draw]
	r.mu.Unlock()
	if !suspect {
		return nil
	}
	_, err := r.distrust(ctx, owner, ref)
	return err
}

// doubts returns those of the draws that count as not drawn.
func (r *Run) doubts(draws map[data.Digest]journal.Ref) (refs []journal.Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ref := range draws {
		if r.index.doubt[ref] {
			refs = append(refs, ref)
		}
	}
	return refs
}

// distrust takes up that a draw counts as not drawn.
func (x *index) distrust(owner journal.Key, draw journal.Ref) {
	x.doubt[draw] = true
	if u := x.open[owner]; u != nil {
		u.draws = slices.DeleteFunc(u.draws, func(p placed) bool { return p.ref == draw })
	}
	if e := x.prompts[owner]; e.play != 0 { // its other draws are found through it
		x.others[owner] = append(x.others[owner], e.play)
		e.play = 0
		x.prompts[owner] = e
	}
}
