package audit

import (
	"fmt"
	"slices"
	"strings"

	"mulligan/reward/rate"
)

// The series of the rates of two data sets: A's, then B's.
const (
	seriesFirst = iota // in Tasks: first, retry, control
	seriesRetries
	seriesControls
	seriesOfB
)

// Compare holds a data set against another one. Tasks that both have are compared one by one, others not at all; without enough of them, all
// are, as independent.
func Compare(a, b *Tasks) *Comparison {
	c := &Comparison{A: a.side, B: b.side, Notes: []string{}}
	both := rate.NewClusters(2 * seriesOfB)
	var table [2][2]int
	var shared [3]int // tasks that both have draws of
	gains := 0
	for key, x := range a.by {
		y, ok := b.by[key]
		if !ok {
			continue
		}
		c.Shared++
		p, q := x.counts(), y.counts()
		for i := range p {
			if p[i].N == 0 || q[i].N == 0 {
				p[i], q[i] = rate.Count{}, rate.Count{}
				continue
			}
			shared[i]++
		}
		if p[seriesRetries].N > 0 && p[seriesControls].N > 0 {
			gains++
		}
		if p[seriesFirst].N == 1 && q[seriesFirst].N == 1 {
			table[1-p[seriesFirst].K][1-q[seriesFirst].K]++
		}
		both.Add(append(p, q...)...)
	}
	if c.Paired = c.Shared >= MinShared; c.Paired {
		c.First, c.Retry, c.Control = paired(both, seriesFirst, shared[0]), paired(both, seriesRetries, shared[1]), paired(both, seriesControls, shared[2])
		c.Gain = gain(both.Difference(seriesRetries, seriesControls), both.Difference(seriesOfB+seriesRetries, seriesOfB+seriesControls),
			both.Gain(seriesRetries, seriesControls, seriesOfB+seriesRetries, seriesOfB+seriesControls), gains)
		c.McNemar = &McNemar{BothPass: table[0][0], OnlyA: table[0][1], OnlyB: table[1][0], BothFail: table[1][1], P: rate.SignTest(table[0][1], table[1][0])}
	} else {
		c.First, c.Retry, c.Control = apart(a, b, seriesFirst), apart(a, b, seriesRetries), apart(a, b, seriesControls)
		ga, gb := a.all.Difference(seriesRetries, seriesControls), b.all.Difference(seriesRetries, seriesControls)
		c.Gain = gain(ga, gb, rate.Unpaired(ga, gb), 0)
	}
	c.notes()
	return c
}

// paired compares series i of A and B, over the tasks that both have draws of.
func paired(both *rate.Clusters, i, tasks int) Compared {
	return compared(both.Rate(i), both.Rate(seriesOfB+i), both.Difference(i, seriesOfB+i), tasks)
}

// apart compares series i of two data sets that have nothing in common.
func apart(a, b *Tasks, i int) Compared {
	p, q := a.all.Rate(i), b.all.Rate(i)
	return compared(p, q, rate.Newcombe(p, q), 0)
}

func compared(a, b rate.Rate, d *rate.Difference, tasks int) Compared {
	return Compared{A: &a, B: &b, Tasks: tasks, Difference: d, Verdict: verdictOf(d)}
}

func gain(a, b, d *rate.Difference, tasks int) Compared {
	return Compared{GainA: a, GainB: b, Tasks: tasks, Difference: d, Verdict: verdictOf(d)}
}

func verdictOf(d *rate.Difference) string {
	switch {
	case d == nil:
		return NotThere
	case d.Low > 0:
		return Better
	case d.High < 0:
		return Worse
	default:
		return CannotTell
	}
}

// notes says what makes the two hard to compare.
func (c *Comparison) notes() {
	note := func(format string, args ...any) { c.Notes = append(c.Notes, fmt.Sprintf(format, args...)) }
	switch {
	case c.Shared == 0:
		note("They share no task: a difference may be one of the tasks, not of the policies.")
	case !c.Paired:
		note("They share %d task: too few to compare by. A difference may be one of the tasks, not of the policies.", c.Shared)
	case c.Shared < c.A.Tasks || c.Shared < c.B.Tasks:
		note("Compared over the %d tasks that both have; A has %d, B has %d.", c.Shared, c.A.Tasks, c.B.Tasks)
	}
	if c.A.Verifier != c.B.Verifier {
		note("They were judged by different verifiers, %s and %s: rates of different rules.", orNone(c.A.Verifier), orNone(c.B.Verifier))
	}
	if c.A.Strategy != c.B.Strategy {
		note("They were played by different strategies, %s and %s.", orNone(c.A.Strategy), orNone(c.B.Strategy))
	}
	switch same := slices.Equal(c.A.Policies, c.B.Policies) && len(c.A.Policies) > 0; {
	case len(c.A.weights) > 0 && slices.Equal(c.A.weights, c.B.weights):
		note("Both were drawn from the same policy (%s): a difference is one of plans, or of chance.", strings.Join(c.A.Policies, "; "))
	case same && len(c.A.weights) == 0:
		note("Both name the same policy (%s), but not the digest of its weights: whether these are the same cannot be said.", strings.Join(c.A.Policies, "; "))
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
