package page

import "mulligan/export/audit"

// histogram is the lengths of the replies of one step, on the axis of all steps.
type histogram struct {
	audit.Lengths
	Class  string
	Bars   []column
	Median string // place on the axis
	Right  int    // end of the axis
}

// column is one bar of a histogram or one bucket. X, Width are SVG percentages; Y, High pixels.
type column struct {
	X, Width string
	Y, High  string
	Title    string
}

const histogramHigh = 64

// histogramsOf returns the lengths in tokens, or in characters for the steps that have none in tokens.
func histogramsOf(all []audit.Lengths) []histogram {
	inTokens, right := map[string]bool{}, map[string]int{}
	for _, l := range all {
		if l.Unit == audit.UnitTokens && l.N > 0 {
			inTokens[l.Step] = true
		}
	}
	var out []histogram
	for _, l := range all {
		if l.N == 0 || (l.Unit == audit.UnitTokens) != inTokens[l.Step] {
			continue
		}
		right[l.Unit] = max(right[l.Unit], l.Max)
		out = append(out, histogram{Lengths: l, Class: l.Step})
	}
	for i := range out {
		out[i].draw(right[out[i].Unit])
	}
	return out
}

func (h *histogram) draw(right int) {
	h.Right = right
	wide, top := float64(right+1), 0
	for _, b := range h.Bins {
		top = max(top, b.N)
	}
	for _, b := range h.Bins {
		if b.N == 0 {
			continue
		}
		high := max(1, histogramHigh*float64(b.N)/float64(top))
		h.Bars = append(h.Bars, column{
			X: at(float64(b.From) / wide), Width: at(float64(b.To+1-b.From) / wide),
			Y: px(histogramHigh - high), High: px(high),
			Title: thousands(b.N) + " of " + thousands(b.From) + " to " + thousands(b.To) + " " + h.Unit,
		})
	}
	h.Median = at((float64(h.P50) + 0.5) / wide)
}

// buckets is the share of rewarded reflections by length.
type buckets struct {
	Columns []bucket
	Ticks   []tick // places from the top, in pixels
}

type bucket struct {
	X, Mid, Width    string
	Low, High, Value string // pixels from the top
	Label            string
	Bar, BarY, Text  string
	Title            string
	None, Even       bool
}

const (
	bucketsHigh = 150 // of the rates
	countsHigh  = 30  // of the counts below them
)

func bucketsOf(r audit.RewardSize) buckets {
	var b buckets
	top := 0
	for _, x := range r.Buckets {
		top = max(top, x.Rewarded.N)
	}
	var rows [][]series
	for _, x := range r.Buckets {
		rows = append(rows, []series{{rate: x.Rewarded}})
	}
	limit := limitOf(rows)
	y := func(f float64) string { return px(6 + (bucketsHigh-12)*(1-f/limit)) }
	for _, f := range []float64{0, 0.25, 0.5, 0.75, 1} {
		b.Ticks = append(b.Ticks, tick{y(f * limit), decimals(100*f*limit) + "%"})
	}
	wide := 1 / float64(max(1, len(r.Buckets)))
	for i, x := range r.Buckets {
		mid, bar := (float64(i)+0.5)*wide, min(0.6*wide, 0.08)
		high := countsHigh * float64(x.Rewarded.N) / float64(max(1, top))
		label := thousands(x.From)
		if x.To != x.From {
			label += "–" + thousands(x.To)
		}
		c := bucket{X: at(mid - bar/2), Mid: at(mid), Width: at(bar), Label: label, None: x.Rewarded.N == 0, Even: i%2 == 0,
			Bar: px(high), BarY: px(bucketsHigh + 10 + countsHigh - high), Text: thousands(x.Rewarded.N)}
		if !c.None {
			c.Low, c.High, c.Value = y(x.Rewarded.Low), y(x.Rewarded.High), y(x.Rewarded.Value)
			c.Title = label + " " + r.Unit + ": " + percent(x.Rewarded.Value) + " of " + thousands(x.Rewarded.N) + " rewarded, mean reward " + decimals(x.Mean)
		}
		b.Columns = append(b.Columns, c)
	}
	return b
}
