package llm

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// RetryOptions bound how often and how long a draw is asked for again.
type RetryOptions struct {
	Tries   int           // requests in all; at least 1
	Wait    time.Duration // before the second request; doubled for each further one
	MaxWait time.Duration // bound of one wait, Retry-After included
	OnRetry func(err error, wait time.Duration)
}

// Retry asks again after temporary errors. It wraps Limit, and is not wrapped by it: who waits
// holds no slot. Waits differ between draws (the seed spreads them) and not between runs.
func Retry(m Model, opts RetryOptions) Model { return retry{m, opts} }

type retry struct {
	Model
	opts RetryOptions
}

func (r retry) Generate(ctx context.Context, req Request) (Completion, error) {
	wait := r.opts.Wait
	for try := 1; ; try++ {
		c, err := r.Model.Generate(ctx, req)
		if err == nil {
			c.Draw.Tries = try
			return c, nil
		}
		if errors.Is(err, ErrKilled) || ctx.Err() != nil {
			return Completion{}, err
		}
		if ClassOf(err) != Temporary {
			return Completion{}, err
		}
		if try >= r.opts.Tries {
			return Completion{}, fmt.Errorf("gave up after %d tries: %w", try, err)
		}
		w := spread(wait, req.Key()[try%16])
		if e, ok := errors.AsType[*Error](err); ok && e.RetryAfter > w {
			w = e.RetryAfter
		}
		w = min(w, r.opts.MaxWait)
		if r.opts.OnRetry != nil {
			r.opts.OnRetry(err, w)
		}
		timer := time.NewTimer(w)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return Completion{}, context.Cause(ctx)
		}
		wait = min(2*wait, r.opts.MaxWait)
	}
}

// spread returns 50% to 150% of d, by one byte of chance.
func spread(d time.Duration, b byte) time.Duration {
	return d/2 + d*time.Duration(b)/255
}
