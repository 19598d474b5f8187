package source

import (
	"context"
	"iter"

	"mulligan/data"
)

// JSONLOptions are the options of the source jsonl.
type JSONLOptions struct {
	Path string `yaml:"path" help:"the file, from the plan's folder; may be a pattern (data/*.jsonl) and compressed (gzip, zstd)"`
	// Mapping says which fields make a task; without it rows are as "mulligan tasks" prints them.
	Mapping `yaml:",inline"`
}

// NewJSONL reads tasks from JSON lines: one object a line, or one JSON array of objects. Relative
// paths start at base.
func NewJSONL(base string, opts JSONLOptions) (Source, error) {
	return newReader("jsonl", base, opts.Path, opts.Mapping, readJSON)
}

// newReader makes a reader of one format with a mapping.
func newReader(kind, base, path string, m Mapping, read rows) (Source, error) {
	files, err := findFiles(base, path)
	if err != nil {
		return nil, err
	}
	r := &reader{kind: kind, files: files, read: read, prompt: ownPrompt, hash: m.hash}
	if m.isZero() {
		if m.Source != "" {
			r.prompt = func(row row) (data.Prompt, error) {
				p, err := ownPrompt(row)
				if p.Source == "" {
					p.Source = m.Source
				}
				return p, err
			}
		}
		return r, nil
	}
	c, err := m.compile(label(path))
	if err != nil {
		return nil, err
	}
	r.prompt, r.hash = c.prompt, c.Mapping.hash
	return r, nil
}

// readAny reads a file by what it starts with: Parquet, Arrow IPC, else JSON.
func readAny(ctx context.Context, file string) iter.Seq2[row, error] {
	for _, f := range []struct {
		magic []byte
		read  rows
	}{{magicParquet, readParquet}, {magicArrow, readArrow}, {magicStream, readArrow}} {
		if is, err := startsWith(file, f.magic); err == nil && is {
			return f.read(ctx, file)
		}
	}
	return readJSON(ctx, file)
}
