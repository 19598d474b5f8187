package tokenizer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mulligan/data/tokenizer"
)

// TestAlignCount is the table of align_count.go: two pieces that are all of the text, or that a stop string
// cut, and more tokens than pieces.
func TestAlignCount(t *testing.T) {
	const (
		inferred = "aligned, inferred"
		missing  = "aligned, missing"
		none     = "aligned, none"
		unsure   = "retokenized, missing"
		refused  = "error"
	)
	odd := func(v *tokenizer.Vocabulary) {
		for _, token := range []string{"\x80END", "xEND", "y\xE4EN", "y\xE4"} {
			v.Tokens, v.Types = append(v.Tokens, standIn([]byte(token))), append(v.Types, tokNormal)
		}
	}
	whole := tokenizer.Reply{Pieces: wirePieces("he", "y"), Text: "hey"}
	cut := tokenizer.Reply{Pieces: wirePieces("y", "he"), Text: "yh", Ended: true}
	ended, parsed := whole, whole
	ended.Ended, parsed.Ended, parsed.Parsed = true, true, true
	dirty := tokenizer.Reply{Pieces: wirePieces("he", "y"+bad+"EN"), Text: "hey", Ended: true}
	clean := tokenizer.Reply{Pieces: wirePieces("he", "y"+bad), Text: "hey", Ended: true}
	for _, c := range []struct {
		name   string
		change func(*tokenizer.Vocabulary)
		r      tokenizer.Reply
		parsed bool
		stops  []string
		extra  []string // by tokens more than pieces: 0, 1, 2, 3, 38
	}{
		{"cut by length", nil, whole, false, nil, []string{none, refused, refused, refused, refused}},
		{"cut by length, parsed", nil, whole, true, nil, []string{none, refused, refused, refused, refused}},
		{"cut by length, stop strings", nil, whole, false, []string{"\n\n", "END"}, []string{none, refused, refused, refused, refused}},

		{"ended", nil, ended, false, nil, []string{none, inferred, refused, refused, refused}},
		{"the end token is a stop string", nil, ended, false, []string{"<|e|>"}, []string{none, inferred, refused, refused, refused}},
		{"a special token is", nil, ended, false, []string{"<|s|>", "<|e|>"}, []string{none, missing, refused, refused, refused}},
		{"one ordinary token is", nil, ended, false, []string{"\n\n"}, []string{none, missing, unsure, refused, refused}},
		{"three ordinary tokens are", nil, ended, false, []string{"END"}, []string{none, inferred, refused, unsure, refused}},
		{"a special token and ordinary ones are", nil, ended, false, []string{"<|e|>", "END"}, []string{none, inferred, refused, unsure, refused}},
		{"a lost token may hold the stop string", odd, ended, false, []string{"END"}, []string{none, missing, refused, unsure, refused}},
		{"nothing is a stop string", nil, ended, false, []string{""}, []string{none, missing, refused, refused, refused}},

		{"all of it in the last piece", nil, cut, false, []string{"e"}, []string{none, refused, refused, refused, refused}},
		{"cut, the rest is one token", nil, cut, false, []string{"ey"}, []string{refused, none, refused, refused, refused}},
		{"cut, the rest is two tokens", nil, cut, false, []string{"eyy"}, []string{refused, refused, none, refused, refused}},
		{"cut, the rest is one token or two", nil, cut, false, []string{"e\n\n"}, []string{refused, none, "retokenized, none", refused, refused}},

		{"perhaps inside the last piece", odd, dirty, false, []string{"EN"}, []string{none, unsure, unsure, refused, refused}},
		{"perhaps it begins there", odd, dirty, false, []string{"ENy"}, []string{none, unsure, refused, unsure, refused}},
		{"not inside the last piece", odd, clean, false, []string{"<|e|>"}, []string{none, inferred, refused, refused, refused}},

		{"parsed", nil, parsed, true, nil, []string{none, inferred, refused, refused, refused}},
		{"parsed, special stop strings", nil, parsed, true, []string{"<|e|>", "<|s|>"}, []string{none, missing, refused, refused, refused}},
		{"parsed, an ordinary one", nil, parsed, true, []string{"\n\n"}, []string{none, missing, refused, refused, refused}},
		{"parsed, a dropped token may hold it", odd, parsed, true, []string{"END"}, []string{none, missing, refused, refused, refused}},
		{"parsed, the last piece holds it", nil, parsed, true, []string{"y"}, []string{none, unsure, refused, refused, refused}},
		{"parsed, it may begin there", nil, parsed, true, []string{"y\n\n"}, []string{none, unsure, refused, refused, refused}},
		{"parsed, it needs more tokens", nil, parsed, true, []string{"yEND"}, []string{none, inferred, refused, refused, refused}},
	} {
		a := aligner(t, c.change, -1)
		for i, want := range c.extra {
			r := c.r
			extra := []int{0, 1, 2, 3, 38}[i]
			r.Parsed, r.Stops, r.Count = c.parsed, c.stops, len(r.Pieces)+extra
			got, err := a.Align(r)
			said := fmt.Sprintf("%s, %s", got.Source, got.End)
			if _, ok := errors.AsType[*tokenizer.AlignError](err); ok {
				said = refused
			}
			if said != want {
				t.Errorf("%s, %d more: %s (%v), want %s", c.name, extra, said, err, want)
			}
			if err == nil && slices.Contains(got.IDs, idEnd) != strings.HasSuffix(want, "inferred") {
				t.Errorf("%s, %d more: %v", c.name, extra, got.IDs)
			}
		}
	}
}
