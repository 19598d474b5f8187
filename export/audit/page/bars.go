package page

import "mulligan/export/audit"

// bar is a labelled count on a common scale.
type bar struct {
	Label string
	Class string
	Width string // SVG percentage
	N     int
	Share string // of what the bar is of; "" for none
	Lost  string // what became of the others of the bar before
}

// funnelOf returns the way of prompts, of reflections and of their tokens, each on its own scale.
func funnelOf(f audit.Funnel) [][]bar {
	width := func(n, of int) string {
		if of == 0 {
			return at(0)
		}
		return at(float64(n) / float64(of))
	}
	share := func(n, of int) string {
		if of == 0 {
			return ""
		}
		return percent(float64(n) / float64(of))
	}
	lost := func(n int, what string) string {
		if n <= 0 {
			return ""
		}
		return "−" + thousands(n) + " " + what
	}
	failed := f.FirstFailed
	prompts := []bar{
		{Label: "prompts", Class: "context", Width: at(1), N: f.Prompts},
		{Label: "an attempt failed", Class: "attempt", Width: width(failed, f.Prompts), N: failed, Share: share(failed, f.Prompts), Lost: lost(f.Prompts-failed, "without a failure")},
		{Label: "reflected on", Class: "reflection", Width: width(f.Reflected, f.Prompts), N: f.Reflected, Share: share(f.Reflected, f.Prompts), Lost: lost(f.Filtered, "left out by pass rate")},
	}
	reflections := []bar{
		{Label: "reflections", Class: "context", Width: at(1), N: f.Reflections, Share: "on " + plural(f.Failures, "failure", "failures")},
		{Label: "train", Class: "reflection", Width: width(f.Trained, f.Reflections), N: f.Trained, Share: share(f.Trained, f.Reflections), Lost: lost(f.Excluded, "cut, or with a leak")},
		{Label: "rewarded", Class: "rewarded", Width: width(f.Rewarded, f.Reflections), N: f.Rewarded, Share: share(f.Rewarded, f.Reflections), Lost: lost(f.Trained-f.Rewarded, "earned nothing")},
	}
	all := [][]bar{prompts, reflections}
	if f.TrainedTokens != nil && f.RewardedTokens != nil {
		t, r := *f.TrainedTokens, *f.RewardedTokens
		all = append(all, []bar{
			{Label: "tokens sampled by reflections that train", Class: "context", Width: at(1), N: t},
			{Label: "by rewarded reflections", Class: "rewarded", Width: width(r, t), N: r, Share: share(r, t)},
		})
	}
	return all
}

// namedBars draws the most frequent names, and the others together.
func namedBars(all []audit.NameCount, most int) []bar {
	total, top, rest := 0, 0, 0
	for i, c := range all {
		total += c.N
		top = max(top, c.N)
		if i >= most {
			rest += c.N
		}
	}
	var out []bar
	for i, c := range all {
		if i == most {
			break
		}
		out = append(out, bar{Label: c.Name, Class: "name", Width: at(float64(c.N) / float64(max(top, 1))), N: c.N, Share: percent(float64(c.N) / float64(max(total, 1)))})
	}
	if rest > 0 {
		out = append(out, bar{Label: plural(len(all)-most, "other", "others"), Class: "context", Width: at(float64(rest) / float64(max(top, rest))), N: rest, Share: percent(float64(rest) / float64(total))})
	}
	return out
}
