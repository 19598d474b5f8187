package source

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"mulligan/data"
)

// row is one record of a file: its columns as JSON values.
type row struct {
	unit   string // "line" or "row", counted from 1
	number int
	fields map[string]json.RawMessage
	typed  bool // the format has types of its own (Parquet, Arrow): JSON values come as text
}

// rows reads the records of one file from its beginning.
type rows func(ctx context.Context, file string) iter.Seq2[row, error]

// errMissing says that a row lacks a column.
type errMissing struct {
	column  string
	columns []string
}

func (e *errMissing) Error() string {
	const most = 40
	have := strings.Join(e.columns[:min(most, len(e.columns))], ", ")
	if len(e.columns) > most {
		have += ", ..."
	}
	return fmt.Sprintf("no column %q: there are %s", e.column, have)
}

// column returns the value of a column. A name that is no column is taken as a path into nested
// ones: reward_model.ground_truth.
func (r row) column(name string) (json.RawMessage, error) {
	if v, ok := r.fields[name]; ok {
		return v, nil
	}
	missing := &errMissing{name, slices.Sorted(maps.Keys(r.fields))}
	outer, rest, nested := strings.Cut(name, ".")
	v, ok := r.fields[outer]
	if !nested || !ok {
		return nil, missing
	}
	var inner row
	if err := json.Unmarshal(v, &inner.fields); err != nil {
		return nil, fmt.Errorf("column %q: want an object that holds %q, got %s", outer, rest, kindOf(v))
	}
	v, err := inner.column(rest)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", outer, err)
	}
	return v, nil
}

// isNull reports whether a value is missing or null.
func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// kindOf names the kind of a JSON value, for messages: values themselves may be long or secret.
func kindOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// fieldError names the field at fault.
func fieldError(field string, err error) error { return fmt.Errorf("field %q: %w", field, err) }

// reader is a Source over the rows of files.
type reader struct {
	kind   string // of source, for the digest
	files  []string
	read   rows
	prompt func(row) (data.Prompt, error)
	hash   func(*data.Hasher) // adds what else determines the prompts
}

// Prompts reads the files one after the other.
func (r *reader) Prompts(ctx context.Context) iter.Seq2[data.Prompt, error] {
	return func(yield func(data.Prompt, error) bool) {
		for _, file := range r.files {
			n := 0
			for row, err := range r.read(ctx, file) {
				if err != nil {
					yield(data.Prompt{}, fmt.Errorf("read %s: %w", file, err))
					return
				}
				if ctx.Err() != nil {
					yield(data.Prompt{}, context.Cause(ctx))
					return
				}
				n++
				p, err := r.prompt(row)
				if err != nil {
					yield(data.Prompt{}, fmt.Errorf("read %s: %s %d: %w", file, row.unit, row.number, err))
					return
				}
				if !yield(p, nil) {
					return
				}
			}
			if n == 0 {
				yield(data.Prompt{}, fmt.Errorf("read %s: no rows: want at least one task", file))
				return
			}
		}
	}
}

// Digest covers the content of the files and the mapping.
func (r *reader) Digest(ctx context.Context) (data.Digest, error) {
	h := data.NewHasher("source")
	h.String(r.kind)
	r.hash(h)
	if err := hashFiles(ctx, h, r.files); err != nil {
		return data.Digest{}, err
	}
	return h.Sum(), nil
}
