package source

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Text is one text of a row of a file.
type Text struct {
	File   string
	Place  string // "line 17" or "row 17", from 1
	Column string // as a path; "" for a row that is a text
	Text   string
}

// Texts yields the texts of files of JSON lines, Parquet or Arrow IPC: those in the named columns (paths such as
// reward_model.ground_truth), or, with none named, every text of a row, in lists and objects too. path may be a pattern, and starts at
// base. It ends with an error where a file has no text, or lacks a column that is named.
func Texts(ctx context.Context, base, path string, columns []string) iter.Seq2[Text, error] {
	return func(yield func(Text, error) bool) {
		files, err := findFiles(base, path)
		if err != nil {
			yield(Text{}, err)
			return
		}
		for _, file := range files {
			if !textsOf(ctx, file, columns, yield) {
				return
			}
		}
	}
}

// textsOf yields the texts of one file. False: stop.
func textsOf(ctx context.Context, file string, columns []string, yield func(Text, error) bool) bool {
	n := 0
	for r, err := range readAny(ctx, file) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			yield(Text{}, fmt.Errorf("read %s: %w", file, err))
			return false
		}
		names := columns
		if len(names) == 0 {
			for name := range r.fields {
				names = append(names, name)
			}
			slices.Sort(names)
		}
		for _, name := range names {
			v, err := r.column(name)
			if err != nil {
				yield(Text{}, fmt.Errorf("read %s: %s %d: %w", file, r.unit, r.number, err))
				return false
			}
			var value any
			if err := json.Unmarshal(v, &value); err != nil {
				yield(Text{}, fmt.Errorf("read %s: %s %d: column %q: %w", file, r.unit, r.number, name, err))
				return false
			}
			for _, s := range textsIn(value, nil) {
				n++
				if !yield(Text{file, fmt.Sprintf("%s %d", r.unit, r.number), name, s}, nil) {
					return false
				}
			}
		}
	}
	if n == 0 {
		yield(Text{}, fmt.Errorf("read %s: it holds no text", file))
		return false
	}
	return true
}

// textsIn appends the texts in a JSON value, those of an object in the order of its keys. A role is none.
func textsIn(v any, to []string) []string {
	switch v := v.(type) {
	case string:
		if strings.TrimSpace(v) != "" {
			to = append(to, v)
		}
	case []any:
		for _, e := range v {
			to = textsIn(e, to)
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if name != "role" {
				to = textsIn(v[name], to)
			}
		}
	}
	return to
}
