package reward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"mulligan/data"
)

// NumberOptions are the options of the verifier "number".
type NumberOptions struct {
	Tolerance float64 `yaml:"tolerance" help:"largest absolute difference that passes; 0: equal as rational numbers"`
}

// Number verifies that the last number of a reply is the right one. It is a Verifier, a
// TruthChecker and a Leaker.
//
// The ground truth is {"value":"42"} (or a JSON number), written as numbers are in replies:
//
//   - digits with commas as thousands separators in groups of three (1,234.5; else the comma ends
//     the number), a decimal part (0.5, .5), an exponent (1e5, ±1000 at most);
//   - a sign - + or − right before it, if no digit, letter or closing bracket stands before the sign;
//   - a fraction of two integers (3/4 or \frac{3}{4}), which is the rational number;
//   - a currency sign before it and a per cent sign behind it are passed over: 50% is 50.
//
// Numbers are compared as exact rationals, so that 0.50, 1/2 and 5e-1 are equal; a tolerance is
// absolute. A number of more than 1,000 digits or with a larger exponent never passes. Words,
// mixed fractions and formulas are not understood (the verifier "command" with math-verify is for
// these). The score is 1 or 0.
type Number struct {
	tolerance *big.Rat
}

// NewNumber returns the verifier.
func NewNumber(opts NumberOptions) (*Number, error) {
	t := opts.Tolerance
	if math.IsNaN(t) || t < 0 || t > 1e300 || t != 0 && t < 1e-300 {
		return nil, fmt.Errorf("number: tolerance %g: want 0, or 1e-300 to 1e300", t)
	}
	r, _ := new(big.Rat).SetString(strconv.FormatFloat(t, 'g', -1, 64)) // 0.01 as 1/100
	return &Number{tolerance: r}, nil
}

func readNumberTruth(raw json.RawMessage) (*big.Rat, error) {
	const want = `want {"value":"42"}`
	if len(raw) == 0 {
		return nil, fmt.Errorf("number: no ground truth: %s", want)
	}
	var in struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("number: read ground truth: %s, not %s", want, clip(string(raw), 60))
	}
	text := string(in.Value)
	if len(in.Value) == 0 || text == "null" {
		return nil, fmt.Errorf("number: ground truth without value: %s", want)
	}
	if text[0] == '"' {
		if err := json.Unmarshal(in.Value, &text); err != nil {
			return nil, fmt.Errorf("number: read ground truth: %s: %w", want, err)
		}
	}
	text = strings.TrimSpace(text)
	start, end := lastNumber(text)
	value, err := parseNumber(text[start:end])
	rest := strings.Trim(text[:start]+text[end:], " $€£%\\")
	if start == end || rest != "" || err != nil {
		return nil, fmt.Errorf("number: ground truth value %q is not a number of at most %d digits and an exponent of at most %d: %s",
			clip(text, 40), maxNumberDigits, maxNumberExponent, want)
	}
	return value, nil
}

// CheckTruth reports whether the ground truth has the shape {"value":"42"}.
func (n *Number) CheckTruth(p data.Prompt) error {
	_, err := readNumberTruth(p.Answer)
	return err
}

// Verify judges a reply; see Number.
func (n *Number) Verify(ctx context.Context, p data.Prompt, answer string) (Verdict, error) {
	if err := context.Cause(ctx); err != nil {
		return Verdict{}, fmt.Errorf("number: %w", err)
	}
	truth, err := readNumberTruth(p.Answer)
	if err != nil {
		return Verdict{}, err
	}
	answer = plainFractions(answer)
	start, end := lastNumber(answer)
	if start == end {
		return Verdict{Feedback: "The reply contains no number.", Reason: "no number"}, nil
	}
	v := Verdict{Parsed: clip(answer[start:end], maxParsed)}
	value, err := parseNumber(answer[start:end])
	switch {
	case err != nil:
		v.Feedback, v.Reason = "The last number of the reply cannot be read.", err.Error()
	case !n.equal(value, truth):
		v.Feedback = "The last number of the reply is not the right answer."
		v.Reason = fmt.Sprintf("is %s, right is %s", clip(v.Parsed, 100), clip(truth.RatString(), 100))
	default:
		v.Pass, v.Score = true, 1
	}
	return v, nil
}

func (n *Number) equal(a, b *big.Rat) bool {
	if n.tolerance.Sign() == 0 {
		return a.Cmp(b) == 0
	}
	d := new(big.Rat).Sub(a, b)
	return d.Abs(d).Cmp(n.tolerance) <= 0
}

// errStop ends a search early.
var errStop = errors.New("stop")

// Leaks reports whether a text holds the right number (within the tolerance) and the prompt's
// messages do not. Small numbers appear in texts by chance: a numbered list leaks the answer 2.
func (n *Number) Leaks(ctx context.Context, p data.Prompt, text string) (bool, error) {
	truth, err := readNumberTruth(p.Answer)
	if err != nil {
		return false, err
	}
	holds := func(text string) (bool, error) {
		err := eachNumber(ctx, plainFractions(text), func(value *big.Rat) error {
			if n.equal(value, truth) {
				return errStop
			}
			return nil
		})
		if errors.Is(err, errStop) {
			return true, nil
		}
		return false, err
	}
	if found, err := holds(text); err != nil || !found {
		return false, err
	}
	for _, m := range p.Messages {
		if found, err := holds(m.Content); err != nil || found {
			return false, err
		}
	}
	return true, nil
}
