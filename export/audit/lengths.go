package audit

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// lengths counts replies by step and length.
type lengths struct {
	tokens, characters map[string]*histogram
	cut                map[string]*cuts
}

type cuts struct {
	*tally
	unknown int
}

// histogram counts by length: quantiles of it are exact.
type histogram struct {
	counts  map[int]int
	unknown int
}

func newLengths() *lengths {
	return &lengths{map[string]*histogram{}, map[string]*histogram{}, map[string]*cuts{}}
}

func (l *lengths) add(x *exam) {
	for o := range x.own() {
		if l.cut[o.step] == nil {
			l.tokens[o.step], l.characters[o.step], l.cut[o.step] = &histogram{counts: map[int]int{}}, &histogram{counts: map[int]int{}}, &cuts{tally: newTally()}
		}
		if n, known := tokensIn(o.turn); known {
			l.tokens[o.step].counts[n]++
		} else {
			l.tokens[o.step].unknown++
		}
		l.characters[o.step].counts[charactersIn(o.turn)]++
		c := l.cut[o.step]
		if o.turn.Draw == nil || o.turn.Draw.Stop == "" {
			c.unknown++
		} else {
			c.count(o.turn.Draw.Truncated())
		}
	}
	for _, c := range l.cut {
		c.end()
	}
}

func (l *lengths) report(r *Report) {
	r.Lengths, r.Truncated = []Lengths{}, []StepRate{}
	for _, step := range inOrder(l.cut) {
		if h := l.tokens[step]; len(h.counts) > 0 {
			r.Lengths = append(r.Lengths, h.lengths(step, UnitTokens))
		}
		r.Lengths = append(r.Lengths, l.characters[step].lengths(step, UnitCharacters))
		c := l.cut[step]
		r.Truncated = append(r.Truncated, StepRate{Step: step, Rate: c.rate(), Unknown: c.unknown})
	}
}

// inOrder returns the steps of a map, those of reflect_retry first.
func inOrder[V any](m map[string]V) []string {
	place := func(s string) int {
		if i := slices.Index(steps, s); i >= 0 {
			return i
		}
		return len(steps)
	}
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
	})
}

func (h *histogram) lengths(step, unit string) Lengths {
	l := Lengths{Step: step, Unit: unit, Unknown: h.unknown}
	keys := slices.Sorted(maps.Keys(h.counts))
	sum := 0.0
	for _, k := range keys {
		l.N += h.counts[k]
		sum += float64(k) * float64(h.counts[k])
	}
	l.Min, l.Max, l.Mean = keys[0], keys[len(keys)-1], sum/float64(l.N)
	for _, q := range []struct {
		to    *int
		share float64
	}{{&l.P5, 0.05}, {&l.P25, 0.25}, {&l.P50, 0.5}, {&l.P75, 0.75}, {&l.P95, 0.95}, {&l.P99, 0.99}} {
		*q.to = h.quantile(keys, l.N, q.share)
	}
	l.Bins = h.bins(keys)
	return l
}

// quantile returns the smallest length that at least this share of n does not exceed.
func (h *histogram) quantile(keys []int, n int, share float64) int {
	rank, seen := int(math.Ceil(share*float64(n)-1e-9)), 0
	for _, k := range keys {
		if seen += h.counts[k]; seen >= rank {
			return k
		}
	}
	return keys[len(keys)-1]
}

const maxBins = 40

func (h *histogram) bins(keys []int) []Bin {
	low, high := keys[0], keys[len(keys)-1]
	width := (high-low)/maxBins + 1
	bins := make([]Bin, (high-low)/width+1)
	for i := range bins {
		bins[i].From, bins[i].To = low+i*width, low+(i+1)*width-1
	}
	for _, k := range keys {
		bins[(k-low)/width].N += h.counts[k]
	}
	return bins
}
