package reward

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"mulligan/data"
)

// The rules of the countdown verifier.
const (
	RulesStrict   = "strict"   // exact arithmetic on + - * / and parentheses
	RulesTinyZero = "tinyzero" // the scores of TinyZero's reward function, quirks included
)

// TinyZeroMarker is what TinyZero's reward function wants before the reply of a base model.
const TinyZeroMarker = "Assistant:"

const (
	maxCountdownNumbers = 64   // in one task; bounds the size of exact results
	maxParsed           = 1000 // bytes of a Verdict's Parsed
)

// CountdownOptions are the options of the verifier "countdown".
type CountdownOptions struct {
	Rules  string `yaml:"rules" help:"strict (the default): exact arithmetic, each number once; tinyzero: that code's scores to the bit"`
	Marker string `yaml:"marker" help:"rules tinyzero only: put before the reply, as \"Assistant:\"; empty: the reply brings its own"`
}

// Countdown verifies answers to "reach the target with these numbers". It is a Verifier, a
// TruthChecker and a Leaker.
//
// The ground truth is {"numbers":[3,4,5],"target":17}: 1 to 64 integers from 0 up and one integer,
// all within 64 bits.
//
// With the rules strict, the answer is what stands in the last <answer>...</answer> of the reply:
// an expression of integers, + - * /, unary minus and parentheses that uses each given number
// exactly once and whose exact rational value is the target. The signs × · ⋅ ÷ − count as
// * * * / -. One "= n" may follow the expression, if n is the target. Everything else (decimals,
// powers, unary plus, leading zeros, LaTeX, words) is a failing verdict. The score is 1 or 0.
//
// With the rules tinyzero, see tinyZero.score: the scores are 1, 0.1 and 0, and 1 passes. The
// text that is scored is Marker followed by the reply. Without a marker in it the score is 0, so a
// run, whose replies bring none, sets Marker to TinyZeroMarker.
type Countdown struct {
	rules, marker string
}

// NewCountdown returns the verifier, or an error that names what is allowed.
func NewCountdown(opts CountdownOptions) (*Countdown, error) {
	switch opts.Rules {
	case "", RulesStrict:
		if opts.Marker != "" {
			return nil, fmt.Errorf("countdown: option marker is for rules %s only", RulesTinyZero)
		}
		return &Countdown{rules: RulesStrict}, nil
	case RulesTinyZero:
		return &Countdown{rules: RulesTinyZero, marker: opts.Marker}, nil
	}
	return nil, fmt.Errorf("countdown: rules %q: want %s or %s", opts.Rules, RulesStrict, RulesTinyZero)
}

// countdownTruth is the ground truth of one task.
type countdownTruth struct {
	numbers []int64 // sorted; 1 to maxCountdownNumbers, none negative
	target  int64
}

func readCountdownTruth(raw json.RawMessage) (t countdownTruth, err error) {
	const want = `want {"numbers":[3,4,5],"target":17}`
	if len(raw) == 0 {
		return t, fmt.Errorf("countdown: no ground truth: %s", want)
	}
	var in struct {
		Numbers []*int64 `json:"numbers"`
		Target  *int64   `json:"target"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return t, fmt.Errorf("countdown: read ground truth: %s with integers of 64 bits, not %s", want, clip(string(raw), 60))
	}
	switch n := len(in.Numbers); {
	case n == 0:
		return t, fmt.Errorf("countdown: ground truth without numbers: %s", want)
	case n > maxCountdownNumbers:
		return t, fmt.Errorf("countdown: ground truth with %d numbers: want at most %d", n, maxCountdownNumbers)
	case in.Target == nil:
		return t, fmt.Errorf("countdown: ground truth without target: %s", want)
	}
	t.target = *in.Target
	for i, n := range in.Numbers {
		if n == nil || *n < 0 {
			return t, fmt.Errorf("countdown: ground truth: number %d: want an integer from 0 up", i)
		}
		t.numbers = append(t.numbers, *n)
	}
	slices.Sort(t.numbers)
	return t, nil
}

// CheckTruth reports whether the ground truth has the shape {"numbers":[...],"target":n}.
func (c *Countdown) CheckTruth(p data.Prompt) error {
	_, err := readCountdownTruth(p.Answer)
	return err
}

// Verify judges a reply; see Countdown.
func (c *Countdown) Verify(ctx context.Context, p data.Prompt, answer string) (Verdict, error) {
	if err := context.Cause(ctx); err != nil {
		return Verdict{}, fmt.Errorf("countdown: %w", err)
	}
	truth, err := readCountdownTruth(p.Answer)
	if err != nil {
		return Verdict{}, err
	}
	if c.rules == RulesTinyZero {
		return tinyZero{truth}.verdict(ctx, c.marker+answer)
	}
	return truth.strict(answer), nil
}

// lastTag returns what stands in the last whole <tag>...</tag> of a text, without white space at
// its ends.
func lastTag(text, tag string) (string, bool) {
	opening, closing := "<"+tag+">", "</"+tag+">"
	end := strings.LastIndex(text, closing)
	if end < 0 {
		return "", false
	}
	start := strings.LastIndex(text[:end], opening)
	if start < 0 {
		return "", false
	}
	inside := text[start+len(opening):]
	return strings.TrimSpace(inside[:strings.Index(inside, closing)]), true
}

// clip returns the first bytes of a text, cut between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
