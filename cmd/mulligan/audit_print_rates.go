package main

import (
	"fmt"
	"text/tabwriter"

	"mulligan/export/audit"
)

// rates prints how often what passed, of all and by slices.
func (p *reportPrinter) rates() {
	f, r := p.r.Funnel, p.r.Rates
	p.row("prompts", "%s%s", count(f.Prompts), suffixes(plural(f.FirstFailed, " with a failed attempt"), plural(f.Given, " came with their failure"),
		plural(f.Filtered, " left out by their pass rate"), plural(f.Reflected, " reflected on")))
	if r.First.N > 0 {
		p.row("first try", "%s   pass@1", interval(r.First))
	}
	p.row("retry", "%s   with a reflection", interval(r.Retry))
	if r.Control.N > 0 {
		p.row("", "%s   without (control)", interval(r.Control))
	}
	if r.Gain != nil {
		p.row("", "%s   what the reflection brings (95%%, %s)", points(r.Gain), r.Gain.Method)
	}
	p.row("reflections", "%s on %s failures, %s train, %s rewarded%s", count(f.Reflections), count(f.Failures), count(f.Trained), count(f.Rewarded), suffixes(plural(f.Excluded, " excluded")))
	if f.TrainedTokens != nil && f.RewardedTokens != nil {
		p.row("tokens", "%s sampled by reflections that train, %s by those that are rewarded (as the engine counts)", count(*f.TrainedTokens), count(*f.RewardedTokens))
	}
	s := p.r.Signal
	if s.Groups.N > 0 {
		p.row("groups", "%s   with signal%s", interval(s.Groups), suffixes(plural(s.AllFail, " none rewarded"), plural(s.AllPass, " all rewarded"), plural(s.None, " where nothing trains")))
	}
	if len(p.r.BySource) > 1 {
		p.slices("source", p.r.BySource)
	}
	if m := p.r.ByMeta; m != nil && len(m.Slices) > 1 {
		p.slices(m.Column, m.Slices)
	}
	if len(p.r.ByFirst) > 1 {
		p.slices("first tries", p.r.ByFirst)
	}
}

// shownSlices is how many a table has: --json has all.
const shownSlices = 20

func (p *reportPrinter) slices(by string, all []audit.Slice) {
	fmt.Fprintln(p.w)
	table := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "by %s\tprompts\tfirst try\tretry\tcontrol\tretry minus control\n", by)
	for _, s := range all[:min(len(all), shownSlices)] {
		name, gain := s.Name, "-"
		if name == "" {
			name = "(none)"
		}
		if s.Gain != nil {
			gain = points(s.Gain)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", firstLine(name), count(s.Prompts), interval(s.First), interval(s.Retry), interval(s.Control), gain)
	}
	table.Flush()
	if more := len(all) - shownSlices; more > 0 {
		fmt.Fprintf(p.w, "and %s more\n", count(more))
	}
	p.table = true
}
