package reward

import (
	"context"
	"fmt"
	"strings"

	"mulligan/data"
)

// Leaks reports whether a text holds a call that is right for each of the expected ones, unless the
// prompt's messages hold such calls already. Where calls are looked for: see FunctionCall.Leaks.
// An expected call without arguments counts only as a call.
func (b *BFCL) Leaks(ctx context.Context, p data.Prompt, text string) (bool, error) {
	if err := context.Cause(ctx); err != nil {
		return false, fmt.Errorf("bfcl: %w", err)
	}
	truth, err := readBFCLTruth(p.Answer)
	if err != nil {
		return false, err
	}
	names := make([]string, len(truth.answers))
	for i, a := range truth.answers {
		names[i] = a.tool.name
		if b.checker.underscoreToDot {
			names[i] = strings.ReplaceAll(names[i], ".", "_")
		}
	}
	leaks, err := tellsAll(ctx, p, text, names, func(i int, c pyCall) bool {
		return b.checker.simple(truth.answers[i], c).kind == ""
	})
	if err != nil {
		return false, fmt.Errorf("bfcl: %w", err)
	}
	return leaks, nil
}
