package page

import (
	"math"

	"mulligan/reward/rate"
)

// forest is rates on one axis: a dot, its interval, and how many it is of.
type forest struct {
	Ticks []tick
	Zero  string // where 0 stands on an axis of differences; ""
	Rows  []forestRow
	Rest  []forestRow // shown on demand
}

type tick struct{ At, Label string }

type forestRow struct {
	Label string
	Note  string
	Marks []mark
	High  int // of the row, in pixels
}

// mark is one rate in a row. Its places are SVG percentages.
type mark struct {
	Class            string // of its colour and shape: first, retry, control, plain, side-a, side-b
	Name             string
	Low, Value, High string
	Y                int // pixels
	Text, Range, Of  string
	None             bool // nothing was counted
}

const laneHigh = 18

// series is a rate and how to draw it.
type series struct {
	class, name string
	rate        rate.Rate
}

func newForest(limit float64, labels []string, rows [][]series) forest {
	f := forest{Ticks: ticks(limit)}
	for i, all := range rows {
		row := forestRow{Label: labels[i], High: laneHigh * len(all)}
		for k, s := range all {
			row.Marks = append(row.Marks, markOf(s, limit, k))
		}
		f.Rows = append(f.Rows, row)
	}
	return f
}

func markOf(s series, limit float64, lane int) mark {
	m := mark{Class: s.class, Name: s.name, Y: lane*laneHigh + laneHigh/2, None: s.rate.N == 0}
	if m.None {
		m.Text = "none"
		return m
	}
	m.Low, m.Value, m.High = at(s.rate.Low/limit), at(s.rate.Value/limit), at(s.rate.High/limit)
	m.Text = percent(s.rate.Value)
	m.Range = "[" + number(100*s.rate.Low) + ", " + number(100*s.rate.High) + "]"
	m.Of = thousands(s.rate.K) + " of " + thousands(s.rate.N)
	return m
}

func number(f float64) string { return px(f) }

// limitOf is the end of an axis that all intervals fit on.
func limitOf(rows [][]series) float64 {
	high := 0.0
	for _, all := range rows {
		for _, s := range all {
			if s.rate.N > 0 {
				high = max(high, s.rate.High)
			}
		}
	}
	for _, limit := range []float64{0.04, 0.08, 0.2, 0.4} {
		if high <= limit {
			return limit
		}
	}
	return 1
}

func ticks(limit float64) []tick {
	var all []tick
	for i := range 5 {
		t := tick{At: at(float64(i) / 4)}
		if i%2 == 0 { // five would touch one another
			t.Label = decimals(25*float64(i)*limit) + "%"
		}
		all = append(all, t)
	}
	return all
}

// difference is a forest of differences, around 0.
func difference(labels []string, all []*rate.Difference) forest {
	reach := 0.0
	for _, d := range all {
		if d != nil {
			reach = max(reach, math.Abs(d.Low), math.Abs(d.High))
		}
	}
	limit := 1.0
	for _, l := range []float64{0.05, 0.1, 0.2, 0.4, 0.6} {
		if reach <= l {
			limit = l
			break
		}
	}
	f := forest{Zero: at(0.5)}
	for _, t := range []float64{-1, -0.5, 0, 0.5, 1} {
		f.Ticks = append(f.Ticks, tick{at((t + 1) / 2), signed(100 * t * limit)})
	}
	place := func(v float64) string { return at((v/limit + 1) / 2) }
	for i, d := range all {
		row := forestRow{Label: labels[i], High: laneHigh}
		m := mark{Class: "gain", Y: laneHigh / 2, None: d == nil, Text: "none"}
		if d != nil {
			m.Low, m.Value, m.High = place(d.Low), place(d.Value), place(d.High)
			m.Text, m.Range, m.Of = points(d.Value)+" points", "["+points(d.Low)+", "+points(d.High)+"]", d.Method
		}
		row.Marks = []mark{m}
		f.Rows = append(f.Rows, row)
	}
	return f
}

func signed(f float64) string {
	switch {
	case f > 0:
		return "+" + decimals(f)
	case f < 0:
		return "−" + decimals(-f)
	}
	return "0"
}

// rowIn is a row of a forest, as its template takes it.
type rowIn struct {
	F forest
	R forestRow
}

func pair(f forest, r forestRow) rowIn { return rowIn{f, r} }

// textAnchor keeps the first and the last of five labels within the plot.
func textAnchor(i int) string {
	switch i {
	case 0:
		return "start"
	case 4:
		return "end"
	default:
		return "middle"
	}
}
