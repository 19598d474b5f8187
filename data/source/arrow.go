package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// ArrowOptions are the options of the source arrow.
type ArrowOptions struct {
	Path string `yaml:"path" help:"the file, from the plan's folder; may be a pattern (data/*.arrow)"`
	// Mapping says which columns make a task; without it columns are named as "mulligan tasks" names them.
	Mapping `yaml:",inline"`
}

// NewArrow reads tasks from Arrow IPC, the file format and the stream format (in which the Python
// library datasets keeps its cache), nested columns included. Relative paths start at base.
//
// The Arrow library trusts the metadata of a file: data that is damaged or cut is an error, but
// damage inside the schema may end the program for want of memory.
func NewArrow(base string, opts ArrowOptions) (Source, error) {
	return newReader("arrow", base, opts.Path, opts.Mapping, readArrow)
}

// batches reads the record batches of a file, nil at its end. A batch is valid until the next one.
type batches func() (arrow.Record, error)

// readArrow reads batch by batch; it holds one.
func readArrow(ctx context.Context, file string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		f, err := os.Open(file)
		if err != nil {
			yield(row{}, err)
			return
		}
		defer f.Close()
		isFile, err := startsWith(file, magicArrow)
		if err != nil {
			yield(row{}, err)
			return
		}
		next, done, err := openArrow(f, isFile)
		if err != nil {
			yield(row{}, fmt.Errorf("not Arrow IPC: %w", err))
			return
		}
		defer done()
		for n := 0; ; {
			if ctx.Err() != nil {
				yield(row{}, context.Cause(ctx))
				return
			}
			batch, err := next()
			if err != nil {
				yield(row{}, fmt.Errorf("row %d: %w", n+1, err))
				return
			}
			if batch == nil || !yieldBatch(batch, &n, yield) {
				return
			}
		}
	}
}

// recoverArrow makes an error of a panic of the Arrow library on a damaged file.
func recoverArrow(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("damaged Arrow IPC: %v", v)
	}
}

// boundedAllocator refuses buffers that no intact file of tasks has: a damaged length would otherwise
// end the program, because memory that is not there cannot be recovered from.
type boundedAllocator struct{ memory.Allocator }

const maxBuffer = 2 << 30 // bytes

func (b boundedAllocator) Allocate(size int) []byte {
	if size < 0 || size > maxBuffer {
		panic(fmt.Sprintf("a buffer of %d bytes: want at most %d", size, maxBuffer))
	}
	return b.Allocator.Allocate(size)
}

func (b boundedAllocator) Reallocate(size int, old []byte) []byte {
	if size < 0 || size > maxBuffer {
		panic(fmt.Sprintf("a buffer of %d bytes: want at most %d", size, maxBuffer))
	}
	return b.Allocator.Reallocate(size, old)
}

func openArrow(f *os.File, isFile bool) (next batches, done func(), err error) {
	defer recoverArrow(&err)
	alloc := ipc.WithAllocator(boundedAllocator{memory.NewGoAllocator()})
	if !isFile {
		r, err := ipc.NewReader(f, alloc)
		if err != nil {
			return nil, nil, err
		}
		return func() (_ arrow.Record, err error) {
			defer recoverArrow(&err)
			if !r.Next() {
				if errors.Is(r.Err(), io.EOF) {
					return nil, nil
				}
				return nil, r.Err()
			}
			return r.Record(), nil
		}, r.Release, nil
	}
	r, err := ipc.NewFileReader(f, alloc)
	if err != nil {
		return nil, nil, err
	}
	i := 0
	return func() (_ arrow.Record, err error) {
		defer recoverArrow(&err)
		if i == r.NumRecords() {
			return nil, nil
		}
		i++
		return r.Record(i - 1)
	}, func() { r.Close() }, nil
}

// yieldBatch yields the rows of a batch; n counts the rows of the file. False: stop.
func yieldBatch(batch arrow.Record, n *int, yield func(row, error) bool) bool {
	for i := range int(batch.NumRows()) {
		*n++
		fields, err := arrowRow(batch, i)
		if err != nil {
			yield(row{}, fmt.Errorf("row %d: %w", *n, err))
			return false
		}
		if !yield(row{unit: "row", number: *n, fields: fields, typed: true}, nil) {
			return false
		}
	}
	return true
}

func arrowRow(batch arrow.Record, i int) (fields map[string]json.RawMessage, err error) {
	defer recoverArrow(&err)
	fields = make(map[string]json.RawMessage, batch.NumCols())
	for c := range int(batch.NumCols()) {
		name := batch.ColumnName(c)
		value, err := appendArrow(nil, batch.Column(c), i)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", name, err)
		}
		fields[name] = value
	}
	return fields, nil
}
