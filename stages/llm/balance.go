package llm

import (
	"context"
	"sync"
	"time"
)

// coolDown is how long an endpoint is left alone after a temporary error, if another one is not.
const coolDown = 5 * time.Second

// Balance spreads requests over endpoints that serve the same model: to the one with the fewest in
// flight, among those that did not just fail.
func Balance(models []Model) Model {
	if len(models) == 1 {
		return models[0]
	}
	b := &balance{}
	for _, m := range models {
		b.ends = append(b.ends, &end{Model: m})
	}
	return b
}

type balance struct {
	mu   sync.Mutex
	ends []*end
	next int
}

type end struct {
	Model
	busy int
	cold time.Time // left alone until then
}

func (b *balance) Generate(ctx context.Context, req Request) (Completion, error) {
	e := b.pick(time.Now())
	c, err := e.Model.Generate(ctx, req)
	b.mu.Lock()
	defer b.mu.Unlock()
	e.busy--
	if err != nil && ctx.Err() == nil && ClassOf(err) == Temporary {
		e.cold = time.Now().Add(coolDown)
	}
	return c, err
}

func (b *balance) pick(now time.Time) *end {
	b.mu.Lock()
	defer b.mu.Unlock()
	var best *end
	for i := range b.ends {
		e := b.ends[(b.next+i)%len(b.ends)]
		if best == nil || less(e, best, now) {
			best = e
		}
	}
	b.next++
	best.busy++
	return best
}

func less(a, b *end, now time.Time) bool {
	if ac, bc := a.cold.After(now), b.cold.After(now); ac != bc {
		return bc
	}
	return a.busy < b.busy
}
