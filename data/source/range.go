package source

import (
	"fmt"
	"strconv"
	"strings"

	"mulligan/data"
)

// Range is a whole number or a range of them: 3 or 3-4 in a plan. The zero Range is none.
type Range struct{ Min, Max int }

// UnmarshalYAML reads 3 or 3-4.
func (r *Range) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return fmt.Errorf("want a number or a range such as 3-4: %w", err)
	}
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	}
	var err error
	if r.Min, err = strconv.Atoi(strings.TrimSpace(low)); err == nil {
		r.Max, err = strconv.Atoi(strings.TrimSpace(high))
	}
	if err != nil {
		return fmt.Errorf("%q: want a number or a range such as 3-4", text)
	}
	return nil
}

// MarshalYAML writes what UnmarshalYAML reads.
func (r Range) MarshalYAML() (any, error) {
	if r.Min == r.Max {
		return r.Min, nil
	}
	return r.String(), nil
}

// String returns 3 or 3-4.
func (r Range) String() string {
	if r.Min == r.Max {
		return strconv.Itoa(r.Min)
	}
	return fmt.Sprintf("%d-%d", r.Min, r.Max)
}

// IsZero reports whether no number is set; encoders leave it out then.
func (r Range) IsZero() bool { return r == Range{} }

// within returns an error that names the option if r is empty or leaves low to high.
func (r Range) within(name string, low, high int) error {
	if r.Min > r.Max || r.Min < low || r.Max > high {
		return fmt.Errorf("%s %s: want a number or a range within %d-%d", name, r, low, high)
	}
	return nil
}

func (r Range) hash(h *data.Hasher) {
	h.Int(r.Min)
	h.Int(r.Max)
}
