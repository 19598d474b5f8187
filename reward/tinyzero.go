package reward

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// The scores of TinyZero's compute_score.
const (
	tinyZeroNone   = 0.0 // no marker, or no answer tag on the last line
	tinyZeroFormat = 0.1 // an answer tag with anything in it that is not right
	tinyZeroRight  = 1.0
)

// tinyZero scores as compute_score of verl/utils/reward_score/countdown.py in
// github.com/Jiayi-Pan/TinyZero (commit 95df88f) does under CPython 3.11.
type tinyZero struct{ truth countdownTruth }

func (z tinyZero) verdict(ctx context.Context, solution string) (Verdict, error) {
	equation, ok := tinyZeroEquation(solution)
	if !ok {
		return Verdict{Score: tinyZeroNone, Feedback: feedbackNoTag, Reason: "no marker, or no <answer>...</answer> on the last line"}, nil
	}
	v := Verdict{Score: tinyZeroFormat, Parsed: clip(equation, maxParsed)}
	value, err := z.score(ctx, equation)
	switch {
	case err == nil:
		v.Pass, v.Score = true, tinyZeroRight
	case errors.As(err, new(undecided)) || ctx.Err() != nil:
		return Verdict{}, fmt.Errorf("countdown: rules %s: %w", RulesTinyZero, err)
	case errors.Is(err, errNumbers):
		v.Feedback, v.Reason = feedbackNumbers, fmt.Sprintf("%v: given are %v", err, z.truth.numbers)
	case value == nil:
		v.Feedback, v.Reason = feedbackExpression, err.Error()
	default:
		v.Feedback, v.Reason = feedbackValue, err.Error()
	}
	return v, nil
}

// tinyZeroEquation returns what extract_solution does: what stands in the last answer tag of the
// last line behind the first marker.
func tinyZeroEquation(solution string) (string, bool) {
	_, text, ok := strings.Cut(solution, TinyZeroMarker)
	if !ok {
		if _, text, ok = strings.Cut(solution, "<|im_start|>assistant"); !ok {
			return "", false
		}
	}
	text = text[strings.LastIndexByte(text, '\n')+1:]
	equation, found := "", false
	for { // as re.finditer with <answer>(.*?)</answer>: from the left, without overlap
		_, rest, ok := strings.Cut(text, "<answer>")
		if !ok {
			break
		}
		inside, rest, ok := strings.Cut(rest, "</answer>")
		if !ok {
			break
		}
		equation, text, found = inside, rest, true
	}
	return strings.TrimFunc(equation, pythonSpace), found
}

// pythonSpace reports what str.isspace does.
func pythonSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

var errNumbers = errors.New("does not use each number exactly once")

// score returns nil for the score 1, undecided where it cannot tell, and for the score 0.1 why.
// The value is nil where there is none.
//
// What the reference does, and what follows from it:
//
//   - Its numbers are the runs of digits, so that 3.5*2 uses 3, 5 and 2. int() refuses runs of
//     more than 4300 digits.
//   - What it hands to eval may hold digits, + - * / ( ) . and white space: so **, //, floats,
//     calls, () and ... are evaluated as Python does (see parseEquation, tzValue). Its regular
//     expression also lets non-ASCII digits and spaces through, which Python's tokenizer refuses.
//   - Any exception is the score 0.1.
//   - |value - target| < 1e-5 is the score 1; for complex values too.
//
// Where it differs: integers of more than 2^22 bits are undecided (the reference may compute for
// minutes or for ever); so is a right value under more than 2,000 levels of operators, where the
// reference's answer depends on how deep its caller's stack is (never right above 2,990). Powers
// of floats are correctly rounded, those of the C library nearly always: a verdict can differ only
// if floor division or a distance of 1e-5 hangs on the last bit.
func (z tinyZero) score(ctx context.Context, equation string) (tzValue, error) {
	if err := z.checkNumbers(equation); err != nil {
		return nil, err
	}
	expr, err := parseEquation(equation)
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	if expr.depth > tzDepthNever {
		return nil, fmt.Errorf("eval: RecursionError: %d levels of operators", expr.depth)
	}
	value, err := expr.eval(ctx)
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	near, err := tzNear(value, z.truth.target)
	if err != nil {
		return nil, fmt.Errorf("compare with the target: %w", err)
	}
	if !near {
		return value, fmt.Errorf("is %s, the target is %d", clip(value.String(), 100), z.truth.target)
	}
	if expr.depth > tzDepthAlways {
		return value, undecided(fmt.Sprintf("%d levels of operators: Python's answer depends on its caller", expr.depth))
	}
	return value, nil
}

// checkNumbers does what validate_equation does, for equations of ASCII; in others, eval fails.
func (z tinyZero) checkNumbers(equation string) error {
	var used []int64
	for i := 0; i < len(equation); {
		n := digits(equation[i:])
		if n == 0 {
			i++
			continue
		}
		run := strings.TrimLeft(equation[i:i+n], "0")
		if run == "" {
			run = "0"
		}
		value, err := readLiteral(run)
		if err != nil || n > 4300 || len(used) == len(z.truth.numbers) {
			return errNumbers
		}
		used = append(used, value)
		i += n
	}
	slices.Sort(used)
	if !slices.Equal(used, z.truth.numbers) {
		return fmt.Errorf("%w: uses %v", errNumbers, used)
	}
	return nil
}
