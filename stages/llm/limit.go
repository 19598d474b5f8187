package llm

import (
	"context"
	"sync/atomic"
)

// Limiter bounds the requests in flight, whoever makes them.
type Limiter struct {
	slots chan struct{}
	busy  atomic.Int64
}

// NewLimiter allows n requests at a time.
func NewLimiter(n int) *Limiter { return &Limiter{slots: make(chan struct{}, n)} }

// Busy returns how many requests are in flight.
func (l *Limiter) Busy() int { return int(l.busy.Load()) }

// Limit makes a model wait for a slot of l before each request.
func (l *Limiter) Limit(m Model) Model { return limited{m, l} }

type limited struct {
	Model
	l *Limiter
}

func (m limited) Generate(ctx context.Context, req Request) (Completion, error) {
	select {
	case m.l.slots <- struct{}{}:
	case <-ctx.Done():
		return Completion{}, context.Cause(ctx)
	}
	m.l.busy.Add(1)
	defer func() {
		m.l.busy.Add(-1)
		<-m.l.slots
	}()
	return m.Model.Generate(ctx, req)
}
