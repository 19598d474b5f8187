package llm

import "time"

const (
	// sameSpeed is the ratio of times a token below which two endpoints count as equally fast: what
	// the mix of draws makes of one and the same server.
	sameSpeed = 1.5
	// slowest bounds that ratio from above, so that one bad measurement (a server that was starting)
	// does not keep an endpoint empty while others queue.
	slowest = 16
	// An endpoint with nothing in flight is measured again after remeasure, or after as many of its
	// own mean draws as slowest says if that is longer: at most a sixteenth of one draw's place goes
	// to finding out whether a slow endpoint is still slow.
	remeasure = 30 * time.Second
)

// take finds a place for a draw. A probe instead of a lease: wait for it, and ask again. Neither: err.
func (b *Balancer) take(req Request, now time.Time) (lease, *probe, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.pick(req, now)
	if e == nil {
		var p *probe
		var err error
		if e, p, err = b.force(now); p != nil || err != nil {
			return lease{}, p, err
		}
	}
	l := lease{end: e, epoch: e.epoch, trial: e.state == trial && !e.trying, taken: now}
	e.trying = e.trying || l.trial
	e.busy++
	e.picked = now
	b.homes.stay(req, e.index)
	if e.state == live && e.due(now, b.opts) {
		b.ask(e, now)
	}
	return l, nil, nil
}

// pick returns the open endpoint with the least load, or the one that the conversation is at home
// at if that is not much busier, or one that was not measured for long. nil: none is open.
func (b *Balancer) pick(req Request, now time.Time) *end {
	var best, idle, homeEnd *end
	var least, homeLoad float64
	home, avoid := b.homes.find(req)
	fastest := b.fastest()
	n := len(b.ends)
	for i := range n {
		e := b.ends[(b.next+i)%n]
		if !b.open(e, now) || e.index == avoid && n > 1 {
			continue
		}
		load := float64(e.busy+1) * e.slowness(fastest)
		if best == nil || load < least {
			best, least = e, load
		}
		if e.index == home {
			homeEnd, homeLoad = e, load
		}
		if idle == nil && e.busy == 0 && !e.picked.IsZero() && now.Sub(e.picked) >= max(remeasure, slowest*e.mean()) {
			idle = e
		}
	}
	switch {
	case best == nil:
		if avoid >= 0 && b.open(b.ends[avoid], now) {
			return b.ends[avoid]
		}
		return nil
	case idle != nil:
		return idle
	// Reading a prefix again costs a fraction of a draw, and so does each draw more that shares a
	// batch: staying pays for a few. Servers with slots (Ollama, llama-server) have four of them by
	// default, beyond which draws queue: two are half of that. An eighth of what is in flight anyway
	// is noise for servers that batch hundreds.
	case homeEnd != nil && b.opts.Stay >= 0 && homeLoad <= least+least/8+float64(b.opts.Stay):
		return homeEnd
	}
	b.next = (best.index + 1) % n
	return best
}

// open reports whether an endpoint takes a draw now. One whose time aside is over is asked what it
// serves; one that cannot say is put on trial.
func (b *Balancer) open(e *end, now time.Time) bool {
	if e.state == aside && !now.Before(e.until) && e.asked == nil {
		if e.Inspect == nil {
			e.state = trial
		} else {
			b.ask(e, now)
		}
	}
	return e.state == live || e.state == trial && !e.trying
}

// force returns the endpoint to ask although none is open: one on trial, else the one that was set
// aside the longest ago, those that asked for time (Retry-After) last. What cannot say what it
// serves is sent the draw; from the others the probe is returned.
func (b *Balancer) force(now time.Time) (*end, *probe, error) {
	var best *end
	for _, e := range b.ends {
		if e.usable() && (best == nil || e.before(best, now)) {
			best = e
		}
	}
	switch {
	case best == nil:
		return nil, nil, b.none()
	case best.state == trial:
		return best, nil, nil
	case best.Inspect == nil:
		best.state, best.trying = trial, false
		return best, nil, nil
	case best.asked == nil:
		return nil, b.ask(best, now), nil
	}
	return nil, best.asked, nil
}

// before orders endpoints of which none is open by which one is asked first.
func (e *end) before(o *end, now time.Time) bool {
	if (e.state == trial) != (o.state == trial) {
		return e.state == trial
	}
	if ep, op := now.Before(e.asks), now.Before(o.asks); ep != op {
		return op
	}
	return e.since.Before(o.since)
}
