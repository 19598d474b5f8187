package audit

import (
	"maps"
	"slices"

	"mulligan/data"
	"mulligan/reward/rate"
)

// signal counts leaks in reflections, and groups whose rewards differ.
type signal struct {
	leaks                            Leaks
	checked, trained, rewarded       rate.Count
	fixedLeak, fixedClean            rate.Count
	groups                           rate.Count
	allPass, allFail, none, rejudged int
	methods                          map[string]int
	sizes                            map[int]int
}

func newSignal() *signal { return &signal{methods: map[string]int{}, sizes: map[int]int{}} }

func (s *signal) add(x *exam) {
	s.rejudged += x.checked.Leaks
	for i := range x.prompt.Groups {
		g := &x.prompt.Groups[i]
		if g.Arm != data.ArmReflection {
			continue
		}
		s.group(g)
		for _, r := range g.Rollouts {
			s.reflection(r)
		}
	}
}

func (s *signal) group(g *Group) {
	s.groups.N++
	method := g.Advantage
	if method == "" {
		method = "none"
	}
	s.methods[method]++
	s.sizes[len(g.Rollouts)]++
	passed, failed := 0, 0
	for _, r := range g.Rollouts {
		if r.Excluded != "" || r.Reward == nil {
			continue
		}
		if *r.Reward > 0 {
			passed++
		} else {
			failed++
		}
	}
	switch {
	case !g.NoSignal:
		s.groups.K++
	case passed+failed == 0:
		s.none++
	case failed == 0:
		s.allPass++
	default:
		s.allFail++
	}
}

func (s *signal) reflection(r data.Rollout) {
	f := r.Last(data.StepReflection)
	if f == nil {
		return
	}
	s.leaks.Reflections++
	if f.Leak == nil {
		return
	}
	count := func(c *rate.Count) {
		c.N++
		c.K += one(*f.Leak)
	}
	count(&s.checked)
	if f.Train {
		count(&s.trained)
		if r.Reward != nil && *r.Reward > 0 {
			count(&s.rewarded)
		}
	}
	if retry := r.Last(data.StepRetry); retry != nil && retry.Verdict != nil {
		to := &s.fixedClean
		if *f.Leak {
			to = &s.fixedLeak
		}
		to.N++
		to.K += one(retry.Verdict.Pass)
	}
}

func (s *signal) report(r *Report) {
	wilson := func(c rate.Count) rate.Rate { return rate.Wilson(c.K, c.N) }
	r.Leaks = Leaks{Reflections: s.leaks.Reflections, Checked: wilson(s.checked), Trained: wilson(s.trained), Rewarded: wilson(s.rewarded),
		FixedLeak: wilson(s.fixedLeak), FixedClean: wilson(s.fixedClean), Rejudged: s.rejudged > 0}
	r.Signal = Signal{Groups: wilson(s.groups), AllPass: s.allPass, AllFail: s.allFail, None: s.none, Methods: s.methods, Sizes: []Bin{}}
	for _, n := range slices.Sorted(maps.Keys(s.sizes)) {
		r.Signal.Sizes = append(r.Signal.Sizes, Bin{n, n, s.sizes[n]})
	}
}
