package export

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"mulligan/data"
	"mulligan/data/similar"
)

// Split is one split of an export.
type Split struct {
	Name    string  `json:"name"`
	Share   float64 `json:"share"`   // of the tasks, as asked for
	Prompts int64   `json:"prompts"` // that came to be in it
}

// splits are in the order of their names.
type splits []Split

var splitName = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`) // as the library datasets has it

// resolveSplits returns the one split, or the several, that the options name.
func (o Options) resolveSplits() (splits, error) {
	if len(o.Splits) == 0 {
		if o.Split == "" {
			o.Split = "train"
		}
		if !splitName.MatchString(o.Split) {
			return nil, fmt.Errorf("option split is %q: want letters, digits, _ and single dots between them", o.Split)
		}
		one := splits{{Name: o.Split, Share: 1}}
		if err := one.check(); err != nil {
			return nil, fmt.Errorf("option split: %w", err)
		}
		return one, nil
	}
	if o.Split != "" {
		return nil, fmt.Errorf("option split is %q, but splits names some: give one of the two", o.Split)
	}
	var all splits
	for _, name := range slices.Sorted(maps.Keys(o.Splits)) {
		all = append(all, Split{Name: name, Share: o.Splits[name]})
	}
	if err := all.check(); err != nil {
		return nil, fmt.Errorf("option splits: %w", err)
	}
	return all, nil
}

func (s splits) check() error {
	if len(s) == 0 {
		return errors.New("there is none")
	}
	sum := 0.0
	for i, split := range s {
		switch {
		case !splitName.MatchString(split.Name):
			return fmt.Errorf("name %q: want letters, digits, _ and single dots between them", split.Name)
		case split.Name == "all":
			return errors.New("name all: the library datasets means all splits by it")
		case i > 0 && s[i-1].Name >= split.Name:
			return errors.New("not in the order of their names")
		case slices.ContainsFunc(s[:i], func(o Split) bool { return strings.EqualFold(o.Name, split.Name) }):
			return fmt.Errorf("name %s stands twice but for case: some file systems take them for one", split.Name)
		case !(split.Share > 0 && split.Share <= 1): // NaN, too
			return fmt.Errorf("share of %s is %g, want more than 0 and at most 1", split.Name, split.Share)
		}
		sum += split.Share
	}
	if math.Abs(sum-1) > 1e-9 {
		return fmt.Errorf("shares add up to %g, want 1", sum)
	}
	return nil
}

// of returns the split of what a task asks, by its questionID. It depends on that and on the shares alone: tasks that ask the same (but for case and white
// space) are in one split, whatever else differs between them, system prompts and examples included, and in the same one in every run.
func (s splits) of(question data.Digest) string {
	if len(s) == 1 {
		return s[0].Name
	}
	h := data.NewHasher("split")
	h.Bytes(question[:])
	d := h.Sum()
	at := float64(binary.BigEndian.Uint64(d[:8])>>11) / (1 << 53) // in [0, 1)
	for _, split := range s[:len(s)-1] {
		if at < split.Share {
			return split.Name
		}
		at -= split.Share
	}
	return s[len(s)-1].Name
}

// questionID identifies a question, but for case and white space.
func questionID(question string) data.Digest { return similar.Digest(question) }

// questionOf returns what a task asks: what its users and tools say, behind the examples that stand before every task.
func questionOf(messages []Message, examples int) string {
	return strings.Join(asksOf(messages, examples), "\n")
}

func asksOf(messages []Message, examples int) (said []string) {
	if len(messages) > 0 && messages[0].Role == data.RoleSystem {
		messages = messages[1:]
	}
	for _, m := range messages[min(examples, len(messages)):] {
		if m.Role == data.RoleUser || m.Role == data.RoleTool {
			said = append(said, m.Content)
		}
	}
	return said
}

func (s splits) names() []string {
	names := make([]string, len(s))
	for i := range s {
		names[i] = s[i].Name
	}
	return names
}

// ofFile returns the split that a file of a format is of, by its name.
func (s splits) ofFile(base string) (string, error) {
	for _, split := range s {
		if rest, ok := strings.CutPrefix(base, split.Name); ok && shardName.MatchString(base) && strings.HasPrefix(rest, "-") {
			return split.Name, nil
		}
	}
	return "", fmt.Errorf("its name is of no split; the manifest has %s", strings.Join(s.names(), ", "))
}
