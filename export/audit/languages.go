package audit

import (
	"cmp"
	"slices"
	"strings"

	"mulligan/data/language"
	"mulligan/reward/rate"
)

// languages counts what reflections are written in.
type languages struct {
	n, empty                    int
	gibberish, mixed            rate.Count
	languages, scripts, reasons map[string]int
	examples                    []string
}

func newLanguages() *languages {
	return &languages{languages: map[string]int{}, scripts: map[string]int{}, reasons: map[string]int{}, examples: []string{}}
}

func (l *languages) add(x *exam) {
	for _, s := range x.texts {
		l.n++
		if strings.TrimSpace(s.text) == "" {
			l.empty++
			continue
		}
		l.languages[s.language.Language]++
		l.scripts[s.language.Script]++
		l.gibberish.N++
		if len(s.reasons) > 0 {
			l.gibberish.K++
			for _, r := range s.reasons {
				l.reasons[r.Rule]++
			}
			if len(l.examples) < maxTop {
				l.examples = append(l.examples, beginning(s.text, 120)+" ("+beginning(s.reasons[0].String(), 120)+")")
			}
		}
		if s.language.Language != language.Unknown && s.asked.Language != language.Unknown {
			l.mixed.N++
			l.mixed.K += one(s.language.Language != s.asked.Language)
		}
	}
}

func (l *languages) report(r *Report) {
	r.Languages = Languages{Reflections: l.n, Empty: l.empty, Languages: frequent(l.languages), Scripts: frequent(l.scripts), Reasons: frequent(l.reasons),
		Gibberish: rate.Wilson(l.gibberish.K, l.gibberish.N), Mixed: rate.Wilson(l.mixed.K, l.mixed.N), Examples: l.examples}
}

// frequent returns counts, the most frequent first.
func frequent(m map[string]int) []NameCount {
	all := []NameCount{}
	for name, n := range m {
		all = append(all, NameCount{name, n})
	}
	slices.SortFunc(all, func(a, b NameCount) int { return cmp.Or(-cmp.Compare(a.N, b.N), cmp.Compare(a.Name, b.Name)) })
	return all
}
