package reward

import (
	"context"
	"fmt"
	"strings"

	"mulligan/data"
)

// The formats in which replies hold calls.
const (
	FormatAuto   = "auto"
	FormatPython = "python"
	FormatJSON   = "json"
)

// BFCLOptions are the options of the verifier "bfcl".
type BFCLOptions struct {
	Format          string `yaml:"format" help:"how replies write calls: python, [f(a=1)]; json, [{\"name\",\"arguments\"}]; auto (the default): python, and where that is no list of calls, json"`
	UnderscoreToDot bool   `yaml:"underscore_to_dot" help:"a dot in a function's name is expected as an underscore, for engines whose tool names hold no dots"`
}

// BFCL verifies calls by the AST check of the Berkeley Function Calling Leaderboard, for Python:
// it agrees with the package bfcl-eval 2026.3.23, verdict and error type. It is a Verifier, a
// TruthChecker and a Leaker.
//
// The ground truth is {"tools":[{"name","parameters":{"properties","required"}}],
// "ground_truth":[{"f":{"arg":[allowed, ...]}}],"category":"...","language":"python"}, as in the
// package's data. The category is simple, multiple, parallel or parallel_multiple; the language may
// be left out. The languages java and javascript are refused by name. Parameters have the
// package's types: string, integer, float, boolean, array, tuple, dict, any. "required" may be
// missing, which the package does not allow.
//
// With the format python, a reply is read as the package does in prompting mode (decodePython).
// With json, as its handlers of function-calling models do, wherever in the reply the calls are
// (parseCalls). With auto, the first of these that finds calls decides: python on the whole reply,
// python on what stands after the last </think>, json. The package's XML formats, its
// formats with "function" and "parameters" keys, and what single model handlers do (tags of their
// own, renamed functions other than underscore_to_dot) are not read.
//
// Verdict.Reason of a refused reply begins with the package's error_type. Where its checker would
// raise (an int too large for a float, a list where the truth has dicts), the reply is refused with
// "exception". Where its decoder would run the model's text with eval, literals are computed within
// bounds and everything else is refused as ast_decoder:decoder_failed, as are f-strings, \N{...},
// lambda, comprehensions, await, yield and :=, expressions of more than 262,144 tokens or 900
// levels (see pyResolver.literal and pyParser). The score is 1 or 0.
type BFCL struct {
	format  string
	checker bfclChecker
}

// NewBFCL returns the verifier, or an error that names what is allowed.
func NewBFCL(opts BFCLOptions) (*BFCL, error) {
	b := &BFCL{format: opts.Format, checker: bfclChecker{opts.UnderscoreToDot}}
	switch opts.Format {
	case "":
		b.format = FormatAuto
	case FormatAuto, FormatPython, FormatJSON:
	default:
		return nil, fmt.Errorf("bfcl: format %q: want %s, %s or %s", opts.Format, FormatAuto, FormatPython, FormatJSON)
	}
	return b, nil
}

// CheckTruth reports whether the ground truth has the shape that BFCL describes. A truth that no
// answer can fulfil (a parameter that the tool does not have: the package's data has a few) is
// not an error.
func (b *BFCL) CheckTruth(p data.Prompt) error {
	_, err := readBFCLTruth(p.Answer)
	return err
}

// Verify judges a reply; see BFCL.
func (b *BFCL) Verify(ctx context.Context, p data.Prompt, answer string) (Verdict, error) {
	if err := context.Cause(ctx); err != nil {
		return Verdict{}, fmt.Errorf("bfcl: %w", err)
	}
	truth, err := readBFCLTruth(p.Answer)
	if err != nil {
		return Verdict{}, err
	}
	calls, err := b.decode(strings.ToValidUTF8(answer, "\uFFFD"))
	if err != nil {
		return Verdict{Feedback: feedbackNoCalls, Reason: "ast_decoder:decoder_failed " + err.Error()}, nil
	}
	v := Verdict{Parsed: showCalls(calls, maxParsed)}
	if f := b.checker.check(truth, calls); f.kind != "" {
		v.Feedback, v.Reason = feedbackOtherCalls, clip(f.kind+" "+f.detail, maxParsed)
		return v, nil
	}
	v.Pass, v.Score = true, 1
	return v, nil
}

// decode takes the calls out of a reply.
func (b *BFCL) decode(reply string) ([]pyCall, error) {
	switch b.format {
	case FormatPython:
		return decodePython(reply)
	case FormatJSON:
		return parseCalls(reply)
	}
	calls, err := decodePython(reply)
	if err == nil {
		return calls, nil
	}
	if i := strings.LastIndex(reply, "</think>"); i >= 0 {
		if calls, err := decodePython(reply[i+len("</think>"):]); err == nil {
			return calls, nil
		}
	}
	if calls, err := parseCalls(reply); err == nil {
		return calls, nil
	}
	return nil, err
}
