package llm

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What is promised about a model that changes during a run.
//
// An endpoint is asked what it serves at the start (Connect), after each failure before it gets
// another draw, by the first draw that begins or ends CheckEvery after, or CheckDraws draws after,
// the last time that it answered right was begun, and at the end (Confirm). The question runs beside
// the draws. From the moment that its answer is here and wrong, no draw of the endpoint is accepted,
// whenever it was sent. So the draws that were accepted from another model are at most CheckDraws,
// those that ended while the last right and the first wrong question were under way (milliseconds;
// InspectWithin each at most), and, where questions were not answered (the endpoint is set aside at
// the third), those that ended until then or were in flight. They are known by their keys:
// Change.Doubtful holds each draw accepted since the last question that was answered right was begun.
//
// A model that is replaced and put back between two questions is not seen, nor is a change that the
// engine does not tell (an engine without digests: llm.Info.Policy.Revision is empty).

// probe is a question of what an endpoint serves, under way.
type probe struct {
	done  chan struct{} // closed once it is answered
	err   error         // what it means for a draw that waits for it
	began time.Time
	mark  int // len of end.doubt when it was asked
	epoch int
}

// tolerated is how many checks in a row a live endpoint may leave unanswered: a server that works
// hard may be late.
const tolerated = 2

// due reports whether it is time to ask an endpoint again what it serves.
func (e *end) due(now time.Time, opts BalanceOptions) bool {
	if e.Inspect == nil || e.asked != nil {
		return false
	}
	if e.missed > 0 {
		return !now.Before(e.until)
	}
	return len(e.doubt) >= opts.CheckDraws || now.Sub(e.checked) >= opts.CheckEvery
}

// ask starts a question. It belongs to no draw; it ends by its time limit, or by Close.
func (b *Balancer) ask(e *end, now time.Time) *probe {
	p := &probe{done: make(chan struct{}), began: now, mark: len(e.doubt), epoch: e.epoch}
	if b.done {
		p.err = &Error{Class: Temporary, Endpoint: e.Name, Err: errors.New("not asked what it serves: the run is over")}
		close(p.done)
		return p
	}
	e.asked = p
	ctx, cancel := context.WithCancel(context.Background())
	b.questions.Go(func() {
		defer cancel()
		info, err := b.inspect(ctx, e)
		tell := b.answered(e, p, info, err)
		close(p.done)
		for _, f := range tell {
			f()
		}
	})
	go func() {
		select {
		case <-b.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	return p
}

// inspect asks within the time limit. Its errors are temporary unless the endpoint says otherwise.
func (b *Balancer) inspect(ctx context.Context, e *end) (info Info, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(e.Name, v)
		}
		if le, ok := errors.AsType[*Error](err); err != nil && (!ok || le.Class == Refused) {
			err = &Error{Class: Temporary, Endpoint: e.Name, Err: fmt.Errorf("ask what it serves: %w", err)}
		}
	}()
	silent := fmt.Errorf("no answer within %s", b.opts.InspectWithin)
	ctx, cancel := context.WithTimeoutCause(ctx, b.opts.InspectWithin, silent)
	defer cancel()
	info, err = e.Inspect(ctx)
	if err != nil && context.Cause(ctx) == silent {
		err = &Error{Class: Temporary, Endpoint: e.Name, Err: silent, Hint: "is this the address of the engine?"}
	}
	return info, err
}

// answered judges an endpoint by what it said.
func (b *Balancer) answered(e *end, p *probe, info Info, err error) (tell []func()) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	e.asked = nil
	if b.done && err != nil { // Close cut it off: that says nothing
		p.err = err
		return nil
	}
	if e.state == gone {
		p.err = b.refuse(e)
		return nil
	}
	if err == nil && b.want == nil {
		b.want = &info
	}
	switch {
	case err == nil && len(differences(*b.want, info)) > 0:
		tell = b.lose(e, info)
		p.err = b.refuse(e)
	case err == nil:
		e.checked, e.missed, e.known, e.fatal = p.began, 0, true, nil
		e.doubt = append(e.doubt[:0], e.doubt[p.mark:]...)
		if e.state == aside && p.epoch == e.epoch {
			e.state, e.trying = trial, false
			if e.seen {
				e.state, e.fails, e.seen = live, 0, false
				tell = append(tell, b.back(e))
			}
		}
	default:
		tell = b.unanswered(e, p, err, now)
	}
	return tell
}

func (b *Balancer) unanswered(e *end, p *probe, err error, now time.Time) (tell []func()) {
	e.missed++
	if ClassOf(err) == Fatal {
		e.fatal = err
	} else if e.state != aside && e.missed <= tolerated {
		e.until = now.Add(b.wait(e.Name, e.missed))
		return nil
	}
	tell = b.fail(e, p.epoch, err, now)
	le, _ := errors.AsType[*Error](err)
	p.err = b.elsewhere(e, le, err, now)
	return tell
}
