package audit

import (
	"cmp"
	"slices"
	"strings"

	"mulligan/data/language"
)

// languages counts what reflections are written in.
type languages struct {
	n, empty                    int
	gibberish, mixed            *tally
	languages, scripts, reasons map[string]int
	examples                    []string
}

func newLanguages() *languages {
	return &languages{gibberish: newTally(), mixed: newTally(), languages: map[string]int{}, scripts: map[string]int{}, reasons: map[string]int{}, examples: []string{}}
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
		if l.gibberish.count(len(s.reasons) > 0); len(s.reasons) > 0 {
			for _, r := range s.reasons {
				l.reasons[r.Rule]++
			}
			if len(l.examples) < maxTop {
				l.examples = append(l.examples, beginning(s.text, 120)+" ("+beginning(s.reasons[0].String(), 120)+")")
			}
		}
		if s.language.Language != language.Unknown && s.asked.Language != language.Unknown {
			l.mixed.count(s.language.Language != s.asked.Language)
		}
	}
	l.gibberish.end()
	l.mixed.end()
}

func (l *languages) report(r *Report) {
	r.Languages = Languages{Reflections: l.n, Empty: l.empty, Languages: frequent(l.languages), Scripts: frequent(l.scripts), Reasons: frequent(l.reasons),
		Gibberish: l.gibberish.rate(), Mixed: l.mixed.rate(), Examples: l.examples}
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
