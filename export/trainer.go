package export

import (
	"fmt"
	"slices"
	"strings"
)

// Trainer is a program that reads formats of this package.
type Trainer struct {
	Name    string // as users give it
	Title   string
	Version string // that its loader was run in, or read at
	Loads   bool   // its own loader reads the formats in our tests; false: its code was read, and columns, types and masks are tested
	Reads   []Reads
}

// Reads says how a trainer reads a format.
type Reads struct {
	Format Format
	As     string // what the format stands for: a name that users know, such as kto
	How    string // the setting, in one line; "": as it is
}

// ForTrainer returns what a trainer reads, or, where wanted is not empty, its twins of these formats. What auditors read, and
// failures for a later run, may be wanted beside them.
func ForTrainer(name string, wanted []string, opts Options) ([]Format, error) {
	i := slices.IndexFunc(trainers, func(t Trainer) bool { return t.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("trainer %q is not known; known: %s", name, strings.Join(TrainerNames(), ", "))
	}
	t := trainers[i]
	var found []Format
	if len(wanted) == 0 {
		for _, r := range t.Reads {
			if r.Format.Table != ktoTextName || opts.ChatTemplate != "" { // a twin that asks for more than the others
				found = append(found, r.Format)
			}
		}
		return found, nil
	}
	for _, w := range wanted {
		if f, ok := formatNamed(w); ok && slices.Contains([]string{Episodes.Table, Failures.Table, DroppedRows.Table}, f.Table) {
			found = append(found, f)
			continue
		}
		table, lines := strings.CutSuffix(w, "_jsonl")
		k := slices.IndexFunc(t.Reads, func(r Reads) bool { return r.As == table || r.Format.Name == table })
		if k < 0 {
			return nil, fmt.Errorf("%s reads no %s; it reads: %s", t.Title, w, strings.Join(t.names(), ", "))
		}
		f := t.Reads[k].Format
		if lines {
			f, _ = formatNamed(f.Name + "_jsonl")
		}
		found = append(found, f)
	}
	return found, nil
}

// Trainers returns all trainers that a format was made for.
func Trainers() []Trainer { return slices.Clone(trainers) }

// TrainerNames returns their names as users give them.
func TrainerNames() []string {
	var names []string
	for _, t := range trainers {
		names = append(names, t.Name)
	}
	return names
}

func (t Trainer) names() []string {
	var names []string
	for _, r := range t.Reads {
		names = append(names, r.As)
	}
	return names
}

// as is short for a format under its own name.
func as(f Format, how string) Reads { return Reads{f, f.Name, how} }
