package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/parquet-go/parquet-go"
)

// ParquetOptions are the options of the source parquet.
type ParquetOptions struct {
	Path string `yaml:"path" help:"the file, from the plan's folder; may be a pattern (data/*.parquet)"`
	// Mapping says which columns make a task; without it columns are named as "mulligan tasks" names them.
	Mapping `yaml:",inline"`
}

// NewParquet reads tasks from Parquet files of any schema, nested columns included. Relative paths
// start at base.
func NewParquet(base string, opts ParquetOptions) (Source, error) {
	return newReader("parquet", base, opts.Path, opts.Mapping, readParquet)
}

// readParquet reads a file row group by row group; it holds the pages that it is at.
func readParquet(ctx context.Context, file string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		if is, err := startsWith(file, magicParquet); err == nil && !is {
			yield(row{}, errors.New("not a Parquet file: it does not start with PAR1"))
			return
		}
		f, err := os.Open(file)
		if err != nil {
			yield(row{}, err)
			return
		}
		defer f.Close()
		p, err := openParquet(f)
		if err != nil {
			yield(row{}, err)
			return
		}
		columns := newParquetColumns(p)
		n := 0
		for _, group := range p.RowGroups() {
			if !readRowGroup(ctx, group, columns, &n, yield) {
				return
			}
		}
	}
}

func openParquet(f *os.File) (p *parquet.File, err error) {
	defer recoverParquet(&err)
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if p, err = parquet.OpenFile(f, info.Size(), parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true)); err != nil {
		return nil, fmt.Errorf("open Parquet: %w", err)
	}
	return p, nil
}

// recoverParquet makes an error of a panic of parquet-go, which does not check everything in a
// damaged file before it relies on it.
func recoverParquet(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("damaged Parquet: %v", v)
	}
}

// readRowGroup yields the rows of one group; n counts the rows of the file. False: stop.
func readRowGroup(ctx context.Context, group parquet.RowGroup, columns []*parquetColumn, n *int, yield func(row, error) bool) bool {
	reader := group.Rows()
	defer reader.Close()
	batch := make([]parquet.Row, 64)
	for {
		if ctx.Err() != nil {
			return yield(row{}, context.Cause(ctx))
		}
		made, readErr := readBatch(reader, batch, columns)
		for _, fields := range made {
			*n++
			if !yield(row{unit: "row", number: *n, fields: fields, typed: true}, nil) {
				return false
			}
		}
		switch {
		case errors.Is(readErr, io.EOF):
			return true
		case readErr != nil:
			yield(row{}, fmt.Errorf("row %d: %w", *n+1, readErr))
			return false
		}
	}
}

// readBatch returns the next rows, those before an error included.
func readBatch(reader parquet.Rows, batch []parquet.Row, columns []*parquetColumn) (made []map[string]json.RawMessage, err error) {
	defer recoverParquet(&err)
	count, err := reader.ReadRows(batch)
	for _, r := range batch[:count] {
		fields := make(map[string]json.RawMessage, len(columns))
		values := splitColumns(r)
		for _, c := range columns {
			value, err := c.appendJSON(nil, values[c.first:c.last])
			if err != nil {
				return made, fmt.Errorf("column %q: %w", c.name, err)
			}
			fields[c.name] = value
		}
		made = append(made, fields)
	}
	if count == 0 && err == nil {
		err = io.ErrNoProgress
	}
	return made, err
}

// splitColumns returns the values of a row by leaf column.
func splitColumns(r parquet.Row) [][]parquet.Value {
	var values [][]parquet.Value
	r.Range(func(_ int, v []parquet.Value) bool {
		values = append(values, v)
		return true
	})
	return values
}
