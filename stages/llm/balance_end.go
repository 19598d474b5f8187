package llm

import (
	"context"
	"errors"
	"hash/fnv"
	"net/http"
	"time"

	"mulligan/data"
)

type state int

const (
	live  state = iota
	trial       // it says that it is well; draws go there one at a time until one shows it
	aside       // it failed, or was never reached
	gone        // it serves another model: for good
)

var stateNames = [...]string{live: "live", trial: "trial", aside: "aside", gone: "gone"}

// end is an endpoint and what is known of it. The balancer's lock guards it.
type end struct {
	Endpoint
	index   int
	guarded Model

	state  state
	epoch  int       // grows each time that it is set aside
	busy   int       // draws in flight
	picked time.Time // when the last one was sent
	trying bool      // one of them is the trial

	since time.Time // it was set aside, or failed again
	until time.Time // it is asked again after
	asks  time.Time // it asked for quiet until then (Retry-After)
	fails int       // in a row
	full  bool      // the last failure was 429 or 503: being alive is no news
	seen  bool      // a draw ended well after it was set aside
	cause error     // of the last failure
	fatal error     // it will not answer any draw, as far as known
	known bool      // it said that it serves what the run wants, or cannot say

	asked   *probe // in flight; nil: none
	checked time.Time
	missed  int // checks in a row that were not answered
	doubt   []data.Digest
	change  *Change

	served, failed, tokens int64
	sums                   [3]float64 // decayed: seconds, tokens, draws
}

// usable reports whether a draw may ever go there, as far as known.
func (e *end) usable() bool { return e.state != gone && e.known && e.fatal == nil }

// forget is how much of what was measured is kept at each draw: the last sixteen or so count.
const forget = 15.0 / 16

func (e *end) measure(d time.Duration, tokens int64) {
	for i, v := range [3]float64{d.Seconds(), float64(max(tokens, 1)), 1} {
		e.sums[i] = e.sums[i]*forget + v
	}
}

// mean returns how long its last draws took; 0: not known.
func (e *end) mean() time.Duration {
	if e.sums[2] == 0 {
		return 0
	}
	return time.Duration(e.sums[0] / e.sums[2] * float64(time.Second))
}

// pace returns the seconds that it needs for a token; 0: not known.
func (e *end) pace() float64 {
	if e.sums[1] == 0 {
		return 0
	}
	return e.sums[0] / e.sums[1]
}

// slowness returns how many times as long as the fastest it needs, from 1 to slowest. One that was
// never measured counts as the fastest.
func (e *end) slowness(fastest float64) float64 {
	p := e.pace()
	if p == 0 || fastest == 0 || p < sameSpeed*fastest {
		return 1
	}
	return min(p/fastest, slowest)
}

func (b *Balancer) fastest() float64 {
	best := 0.0
	for _, e := range b.ends {
		if p := e.pace(); e.state == live && p > 0 && (best == 0 || p < best) {
			best = p
		}
	}
	return best
}

// finish gives the place back and judges the endpoint by how the draw ended. A reply of an endpoint
// that was found to serve another model is not accepted.
func (b *Balancer) finish(ctx context.Context, req Request, l lease, c Completion, err error) (Completion, error) {
	now := time.Now()
	e := l.end
	var tell []func()
	b.mu.Lock()
	defer func() {
		b.mu.Unlock()
		for _, f := range tell {
			f()
		}
	}()
	e.busy--
	if l.trial && l.epoch == e.epoch {
		e.trying = false
	}
	le, known := errors.AsType[*Error](err)
	switch {
	case err == nil && e.state == gone:
		e.failed++
		return Completion{}, b.refuse(e)
	case err == nil:
		n := tokensOf(c)
		e.served++
		e.tokens += n
		e.measure(now.Sub(l.taken)-c.Draw.Load, n)
		if e.Inspect != nil {
			e.doubt = append(e.doubt, c.Draw.Key)
		}
		tell = b.alive(e, now)
		if e.state == live && e.due(now, b.opts) {
			b.ask(e, now)
		}
		return c, nil
	case ctx.Err() != nil || !known || errors.Is(err, ErrKilled):
		return Completion{}, err // says nothing of the endpoint
	}
	e.failed++
	if ch, changed := errors.AsType[*Change](err); changed {
		tell = b.lose(e, b.echoed(ch.Is))
		return Completion{}, b.refuse(e)
	}
	switch le.Class {
	case Refused:
		if le.Status != 0 {
			tell = b.alive(e, now)
		}
		return Completion{}, err
	case Fatal:
		e.fatal = err
	}
	b.homes.avoid(req, e.index)
	tell = b.fail(e, l.epoch, err, now)
	return Completion{}, b.elsewhere(e, le, err, now)
}

// tokensOf returns how many tokens a draw took, or an estimate from its length.
func tokensOf(c Completion) int64 {
	switch d := &c.Draw; {
	case d.CompletionTokens != nil:
		return int64(*d.CompletionTokens)
	case d.Tokens != nil:
		return int64(len(d.Tokens.IDs))
	case d.Pieces != nil:
		return int64(len(d.Pieces))
	}
	return int64(len(c.Message.Content)+len(c.Message.Thinking)) / 4
}

// alive notes that a draw ended well. What was set aside for a failure is asked at once what it
// serves: its other draws go on, so the failure was that draw's.
func (b *Balancer) alive(e *end, now time.Time) (tell []func()) {
	e.fatal = nil
	switch {
	case e.state == trial, e.state == aside && e.Inspect == nil && !e.full && !now.Before(e.asks):
		e.state, e.fails, e.seen = live, 0, false
		tell = append(tell, b.back(e))
	case e.state == aside && !e.full && !now.Before(e.asks):
		e.seen = true
		if e.asked == nil && e.missed == 0 {
			b.ask(e, now)
		}
	}
	return tell
}

func (b *Balancer) back(e *end) func() {
	if b.opts.OnBack == nil {
		return func() {}
	}
	return func() { b.opts.OnBack(e.Name) }
}

// fail sets an endpoint aside. Draws that were sent before it was set aside last say nothing new.
func (b *Balancer) fail(e *end, epoch int, err error, now time.Time) (tell []func()) {
	le, _ := errors.AsType[*Error](err)
	if le != nil && le.RetryAfter > 0 {
		if t := now.Add(le.RetryAfter); t.After(e.asks) {
			e.asks = t
		}
	}
	if e.state != gone && epoch == e.epoch {
		e.cause = err
		e.fails++
		e.epoch++
		e.seen = false
		e.full = le != nil && (le.Status == http.StatusTooManyRequests || le.Status == http.StatusServiceUnavailable)
		e.since = now
		e.until = now.Add(b.wait(e.Name, e.fails))
		if e.fails == 1 {
			tell = append(tell, b.tellAside(e, err))
		}
		e.state, e.trying = aside, false
	}
	if e.state == aside && e.asks.After(e.until) {
		e.until = e.asks
	}
	return tell
}

func (b *Balancer) tellAside(e *end, err error) func() {
	if b.opts.OnAside == nil {
		return func() {}
	}
	return func() { b.opts.OnAside(e.Name, err) }
}

// wait returns how long the n-th failure in a row sets an endpoint aside. Its name spreads it: no
// clock, and not the same for endpoints that failed together.
func (b *Balancer) wait(name string, n int) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(name))
	h.Write([]byte{byte(n)})
	d := b.opts.AsideMax
	if n <= 20 {
		d = min(d, b.opts.AsideMin<<(n-1))
	}
	return spread(d, byte(h.Sum32()>>24))
}

// elsewhere makes an error of one endpoint what it is for the draw: temporary as long as another
// endpoint can serve it, and without the Retry-After of one that need not be waited for.
func (b *Balancer) elsewhere(e *end, le *Error, err error, now time.Time) error {
	after, others := le.RetryAfter, false
	for _, o := range b.ends {
		if o == e || !o.usable() {
			continue
		}
		others = true
		if o.state != aside {
			after = 0
		}
		after = min(after, max(0, o.until.Sub(now)))
	}
	if !others || after == le.RetryAfter && le.Class == Temporary {
		return err
	}
	c := *le
	c.Class, c.RetryAfter = Temporary, after
	if err != error(le) {
		c.Err = err
	}
	return &c
}
