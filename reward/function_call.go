package reward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"mulligan/data"
)

// RulesVerifiers are the rules of the verifiers library's xLAM environment.
const RulesVerifiers = "verifiers"

// FunctionCallOptions are the options of the verifier "function_call".
type FunctionCallOptions struct {
	Rules string `yaml:"rules" help:"strict (the default): exact arguments, each call as often as expected; verifiers: that library's xLAM reward to the verdict"`
}

// FunctionCall verifies that a reply makes the expected calls, in any order (the check of
// Salesforce/xlam-function-calling-60k). It is a Verifier, a TruthChecker and a Leaker.
//
// The ground truth is {"tools":[...],"calls":[{"name":"f","arguments":{...}}]}. The tools may be
// left out; they are not looked at. No calls at all, "calls":[], says that none is wanted.
//
// With the rules strict, parseCalls says where in a reply the calls are. Calls are equal when name
// and arguments are:
//
//   - numbers by their exact value: 1, 1.0 and 1e0 are equal, and so are 0 and -0; 9007199254740993
//     is not 9007199254740992; NaN equals nothing;
//   - a boolean is no number, and no text is one: true is not 1, "1" is not 1;
//   - text by its characters: no case folding, no trimming, no Unicode normalisation;
//   - arrays in order; objects whatever the order of their keys, of equal keys the last counts;
//   - nothing is filled in: an argument left out is not one given its default, nor one that is null.
//
// Calls are a multiset: each must be made as often as it is expected. A pass scores 1; otherwise
// the score is the number of expected calls that were made, divided by the number expected or made,
// whichever is more, so that right calls among wrong ones earn part of a shaped reward.
// Where no call is wanted, a reply passes that makes none and has no broken call element.
//
// With the rules verifiers, the verdict is that of check_tools_reward_func in
// environments/xlam_function_calling of github.com/willccbb/verifiers (commit be62e85): the JSON in
// the first <tool>...</tool>, none being [], contains every expected call and no other. A call is
// its whole object, other keys too; duplicates are ignored; equality is Python's, so that 1, 1.0
// and true are equal; what cannot be read scores 0. The score is 1 or 0. Calls that an engine
// parsed are not in a <tool> element, and so score 0.
//
// Under both rules, a JSON text that is nested deeper than 500 levels, holds more than 262,144
// values or an integer of more than 4,300 digits is not read: it holds no calls.
type FunctionCall struct {
	python bool // the rules are verifiers
}

// NewFunctionCall returns the verifier, or an error that names what is allowed.
func NewFunctionCall(opts FunctionCallOptions) (*FunctionCall, error) {
	switch opts.Rules {
	case "", RulesStrict:
		return &FunctionCall{}, nil
	case RulesVerifiers:
		return &FunctionCall{python: true}, nil
	}
	return nil, fmt.Errorf("function_call: rules %q: want %s or %s", opts.Rules, RulesStrict, RulesVerifiers)
}

// Feedback of the verifiers of calls. It tells nothing of the ground truth.
const (
	feedbackNoCalls    = "The reply holds no tool calls that can be read."
	feedbackOtherCalls = "The tool calls are not the right ones."
)

// callTruth is the ground truth of one task.
type callTruth struct {
	calls []pyCall
	whole []pyValue // the calls as they stand in the ground truth, other keys too
}

func readCallTruth(raw json.RawMessage) (t callTruth, err error) {
	const want = `want {"tools":[...],"calls":[{"name":"f","arguments":{...}}]}`
	fail := func(format string, args ...any) (callTruth, error) {
		return callTruth{}, fmt.Errorf("function_call: ground truth: "+format+": "+want, args...)
	}
	if len(raw) == 0 {
		return fail("there is none")
	}
	v, err := parseJSON(strings.ToValidUTF8(string(raw), "\uFFFD"))
	if err != nil {
		return fail("%w", err)
	}
	calls, ok := v.get("calls")
	switch {
	case v.kind != pyDict:
		return fail("it is %s", v.jsonKind())
	case !ok:
		return fail("no field calls")
	case calls.kind != pyList:
		return fail("calls is %s", calls.jsonKind())
	}
	if tools, ok := v.get("tools"); ok && tools.kind != pyList {
		return fail("tools is %s", tools.jsonKind())
	}
	t.whole = calls.items
	for i, c := range calls.items {
		name, _ := c.get("name")
		args, _ := c.get("arguments")
		switch {
		case c.kind != pyDict:
			return fail("calls[%d] is %s", i, c.jsonKind())
		case name.kind != pyStr || name.s == "":
			return fail("calls[%d].name is %s, or empty", i, name.jsonKind())
		case args.kind != pyDict:
			return fail("calls[%d].arguments is %s", i, args.jsonKind())
		}
		if _, ok := new(canon).text(c); !ok {
			return fail("calls[%d] holds a number that equals nothing", i)
		}
		t.calls = append(t.calls, pyCall{name.s, args})
	}
	return t, nil
}

// CheckTruth reports whether the ground truth has the shape that FunctionCall describes.
func (f *FunctionCall) CheckTruth(p data.Prompt) error {
	_, err := readCallTruth(p.Answer)
	return err
}

// Verify judges a reply; see FunctionCall.
func (f *FunctionCall) Verify(ctx context.Context, p data.Prompt, answer string) (Verdict, error) {
	if err := context.Cause(ctx); err != nil {
		return Verdict{}, fmt.Errorf("function_call: %w", err)
	}
	truth, err := readCallTruth(p.Answer)
	if err != nil {
		return Verdict{}, err
	}
	answer = strings.ToValidUTF8(answer, "\uFFFD")
	if f.python {
		return truth.xlam(answer), nil
	}
	return truth.strict(answer), nil
}

func (t callTruth) strict(answer string) Verdict {
	calls, err := parseCalls(answer)
	if err != nil {
		if len(t.calls) == 0 && errors.Is(err, errNoCalls) && !errors.Is(err, errElement) {
			return Verdict{Pass: true, Score: 1, Reason: "no call is wanted, and none was made"}
		}
		return Verdict{Feedback: feedbackNoCalls, Reason: err.Error()}
	}
	v := Verdict{Parsed: showCalls(calls, maxParsed)}
	expected := make(map[string]int, len(t.calls))
	for _, c := range t.calls {
		key, _ := callKey(c)
		expected[key]++
	}
	matched := 0
	var others []pyCall
	for _, c := range calls {
		if key, ok := callKey(c); ok && expected[key] > 0 {
			expected[key]--
			matched++
		} else {
			others = append(others, c)
		}
	}
	if matched == len(t.calls) && others == nil {
		v.Pass, v.Score = true, 1
		return v
	}
	v.Score = float64(matched) / float64(max(len(t.calls), len(calls)))
	v.Feedback = feedbackOtherCalls
	v.Reason = fmt.Sprintf("%d of %d expected calls made; not expected: %s; expected: %s",
		matched, len(t.calls), showCalls(others, maxParsed), showCalls(t.calls, maxParsed))
	return v
}

// callKey returns the same text for equal calls; ok is false for one that equals nothing.
func callKey(c pyCall) (key string, ok bool) {
	w := new(canon)
	args, ok := w.text(c.args)
	return fmt.Sprintf("%d:%s%s", len(c.name), c.name, args), ok
}
