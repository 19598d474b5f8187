package source

import (
	"context"
	"fmt"
	"iter"

	"mulligan/data"
)

// generator is a Source of made tasks. Task i depends on the options and on i alone, so that a
// larger count only adds tasks at the end.
type generator struct {
	count int
	make  func(i int) (data.Prompt, error)
	hash  func(*data.Hasher) // kind, version and every option
}

// Prompts makes the tasks in order.
func (g *generator) Prompts(ctx context.Context) iter.Seq2[data.Prompt, error] {
	return func(yield func(data.Prompt, error) bool) {
		for i := range g.count {
			if ctx.Err() != nil {
				yield(data.Prompt{}, context.Cause(ctx))
				return
			}
			p, err := g.make(i)
			if err != nil {
				yield(data.Prompt{}, fmt.Errorf("make task %d: %w", i, err))
				return
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

// Digest covers every option and the version of the generator.
func (g *generator) Digest(ctx context.Context) (data.Digest, error) {
	if ctx.Err() != nil {
		return data.Digest{}, context.Cause(ctx)
	}
	h := data.NewHasher("source")
	g.hash(h)
	h.Int(g.count)
	return h.Sum(), nil
}

// checkCount refuses a count that makes no tasks.
func checkCount(count int) error {
	if count < 1 {
		return fmt.Errorf("count %d: want 1 or more", count)
	}
	return nil
}
