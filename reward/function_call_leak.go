package reward

import (
	"context"
	"fmt"
	"strings"

	"mulligan/data"
)

// Leaks reports whether a text holds every expected call, unless the prompt's messages hold them
// all already. A call counts, wherever it stands, as
//
//   - JSON of one of the shapes of parseCalls, or {"f": {arguments}};
//   - a JSON object equal to its arguments, not empty, in a text that has the function's name;
//   - Python, f(a=1, b="x"), with keyword arguments only; true, false and null count as in JSON.
//
// JSON inside of texts of JSON is looked at too. Calls that are told in words are not seen. Under
// both rules the equality is the strict one. A text that would take too long is an error.
func (f *FunctionCall) Leaks(ctx context.Context, p data.Prompt, text string) (bool, error) {
	if err := context.Cause(ctx); err != nil {
		return false, fmt.Errorf("function_call: %w", err)
	}
	truth, err := readCallTruth(p.Answer)
	if err != nil || len(truth.calls) == 0 {
		return false, err
	}
	names := make([]string, len(truth.calls))
	for i, c := range truth.calls {
		names[i] = c.name
	}
	leaks, err := tellsAll(ctx, p, text, names, func(i int, c pyCall) bool {
		return c.name == truth.calls[i].name && strictEqual(c.args, truth.calls[i].args)
	})
	if err != nil {
		return false, fmt.Errorf("function_call: %w", err)
	}
	return leaks, nil
}

// tellsAll reports whether a text holds a right call for each of the expected ones, and the
// prompt's messages do not. names[i] is the function of expected call i; right compares.
func tellsAll(ctx context.Context, p data.Prompt, text string, names []string, right func(i int, c pyCall) bool) (bool, error) {
	all := func(texts ...string) (bool, error) {
		seen, left := make([]bool, len(names)), len(names)
		s := callSearch{names: names, budget: maxSearch, visit: func(c pyCall) {
			for i := range seen {
				if !seen[i] && right(i, c) {
					seen[i] = true
					left--
				}
			}
		}}
		for _, t := range texts {
			if err := context.Cause(ctx); err != nil {
				return false, err
			}
			if err := s.text(strings.ToValidUTF8(t, "\uFFFD"), 0); err != nil {
				return false, err
			}
		}
		return left == 0, nil
	}
	if found, err := all(text); err != nil || !found {
		return false, err
	}
	question := make([]string, len(p.Messages))
	for i, m := range p.Messages {
		question[i] = m.Content
	}
	known, err := all(question...)
	return !known, err
}

// strictEqual is the equality of function_call's strict rules. It takes no more time than the
// smaller value is large.
func strictEqual(a, b pyValue) bool {
	var w canon
	if w.kindOf(a) != w.kindOf(b) {
		return false
	}
	switch w.kindOf(a) {
	case pyStr, pyBytes:
		return a.s == b.s
	case pyList:
		if len(a.items) != len(b.items) {
			return false
		}
		for i := range a.items {
			if !strictEqual(a.items[i], b.items[i]) {
				return false
			}
		}
		return true
	case pyDict:
		if a.dict.len() != b.dict.len() {
			return false
		}
		for i, k := range a.dict.keys {
			x, ok := b.dict.get(k)
			if !ok || !strictEqual(a.dict.vals[i], x) {
				return false
			}
		}
		return true
	}
	x, ok := w.text(a)
	y, _ := w.text(b)
	return ok && x == y
}
