package page

import "mulligan/export/audit"

// stack is a whole cut in parts that add up to it.
type stack struct {
	Label string
	N     int
	Unit  string
	Parts []part
}

type part struct {
	Class    string
	Name     string
	X, Width string // SVG percentages
	N        int
	Share    string
	Exact    bool
}

func (s *stack) add(class, name string, n int, exact bool) {
	if n > 0 {
		s.Parts = append(s.Parts, part{Class: class, Name: name, N: n, Exact: exact})
		s.N += n
	}
}

func (s *stack) place() {
	done := 0
	for i := range s.Parts {
		p := &s.Parts[i]
		p.X, p.Width = at(float64(done)/float64(s.N)), at(float64(p.N)/float64(s.N))
		p.Share = percent(float64(p.N) / float64(s.N))
		done += p.N
	}
}

// sourcesOf returns, for each step, where the ids of its draws come from.
func sourcesOf(all []audit.TokenCount) []stack {
	var out []stack
	for _, c := range all {
		if len(out) == 0 || out[len(out)-1].Label != c.Step {
			out = append(out, stack{Label: c.Step, Unit: "draws"})
		}
		name := "ids " + c.Source
		if c.Source == "none" {
			name = "no ids"
		}
		if c.Source != "none" && !c.Exact {
			name += ", context " + c.ContextSource
		}
		out[len(out)-1].add("src-"+c.Source, name, c.Draws, c.Exact)
	}
	for i := range out {
		out[i].place()
	}
	return out
}

// signalOf cuts the groups of reflections by what their rewards tell.
func signalOf(s audit.Signal) stack {
	out := stack{Label: "groups", Unit: "groups"}
	out.add("sig-signal", "with signal", s.Groups.K, true)
	out.add("sig-pass", "all rewarded", s.AllPass, true)
	out.add("sig-fail", "none rewarded", s.AllFail, true)
	out.add("sig-none", "nothing trains", s.None, true)
	if rest := s.Groups.N - out.N; rest > 0 {
		out.add("sig-none", "equal for another reason", rest, true)
	}
	out.place()
	return out
}
