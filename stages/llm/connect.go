package llm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Connect asks every endpoint what it serves, all at once, and returns what those that answer agree
// on; every endpoint is held to it from then on. It is called before the first draw.
//
// One that cannot be reached is set aside (OnAside) and joins when it answers right; if none can,
// the error is that of each, and temporary. Endpoints that differ, and one that says that it will
// not serve the model, are errors. The zero Info is returned if no endpoint can say what it serves.
func (b *Balancer) Connect(ctx context.Context) (Info, error) {
	infos, errs := make([]Info, len(b.ends)), make([]error, len(b.ends))
	now := time.Now()
	var wg sync.WaitGroup
	for i, e := range b.ends {
		if e.Inspect != nil {
			wg.Go(func() { infos[i], errs[i] = b.inspect(ctx, e) })
		}
	}
	wg.Wait()
	if ctx.Err() != nil {
		return Info{}, context.Cause(ctx)
	}
	var tell []func()
	defer func() {
		for _, f := range tell {
			f()
		}
	}()
	b.mu.Lock()
	defer b.mu.Unlock()
	var first *end
	silent, can := true, false
	for i, e := range b.ends {
		switch {
		case e.Inspect == nil:
			silent = false
		case errs[i] == nil && first == nil:
			first, b.want, silent, can = e, &infos[i], false, true
		case errs[i] == nil:
			if ds := differences(*b.want, infos[i]); len(ds) > 0 {
				return Info{}, &Error{Class: Fatal, Endpoint: e.Name, Err: fmt.Errorf("serves %s as another model than %s: %s is %s, there %s",
					infos[i].Policy.Model, first.Name, ds[0].what, ds[0].is, ds[0].was),
					Hint: "let all of engine.endpoints serve the same model"}
			}
		case ClassOf(errs[i]) != Temporary:
			return Info{}, errs[i]
		}
	}
	if silent {
		return Info{}, errors.Join(errs...)
	}
	for i, e := range b.ends {
		if e.Inspect == nil {
			continue
		}
		if errs[i] == nil {
			e.checked, e.known = now, true
			continue
		}
		e.known = false
		tell = append(tell, b.fail(e, e.epoch, errs[i], now)...)
	}
	if !can {
		return Info{}, nil
	}
	return *b.want, nil
}

// Confirm asks every endpoint that served draws since it was last asked what it serves: after it
// returned nil, all accepted draws lie between two right answers of the endpoint that served them.
// It is called after the last draw. An endpoint that changed, now or before, and served draws that
// are in doubt, is a fatal error; one that does not answer a temporary one. errors.Join of both kinds
// has the fatal ones first.
func (b *Balancer) Confirm(ctx context.Context) error {
	errs := make([]error, len(b.ends))
	var wg sync.WaitGroup
	for i, e := range b.ends {
		wg.Go(func() { errs[i] = b.confirm(ctx, e) })
	}
	wg.Wait()
	var fatal, rest []error
	for _, err := range errs {
		if ClassOf(err) == Fatal {
			fatal = append(fatal, err)
		} else {
			rest = append(rest, err)
		}
	}
	return errors.Join(append(fatal, rest...)...)
}

func (b *Balancer) confirm(ctx context.Context, e *end) error {
	for {
		now := time.Now()
		b.mu.Lock()
		if e.state == gone || len(e.doubt) == 0 {
			defer b.mu.Unlock()
			return e.regret()
		}
		p, mine := e.asked, false
		if p == nil {
			p, mine = b.ask(e, now), true
		}
		b.mu.Unlock()
		select {
		case <-p.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !mine {
			continue // it began before the last draw ended
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		switch {
		case e.state == gone:
			return e.regret()
		case p.epoch == e.epoch && e.missed == 0:
			return nil
		}
		return &Error{Class: Temporary, Endpoint: e.Name, Err: fmt.Errorf("%d draws that it served last are in doubt: it does not say whether it still serves the same model", len(e.doubt))}
	}
}

// regret is the error of an endpoint that served draws which may be of another model.
func (e *end) regret() error {
	if e.change == nil || len(e.change.Doubtful) == 0 {
		return nil
	}
	return e.cause
}
