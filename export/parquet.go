package export

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"mulligan/data/disk"
)

// The keys of the metadata of every Parquet and Arrow file.
const (
	keySchemaVersion = "mulligan.schema_version"
	keyFormat        = "mulligan.format"
)

// parquetEncoding writes Parquet with zstd, page index, statistics, and bloom filters of ids.
type parquetEncoding[R any] struct{ table string }

func (e parquetEncoding[R]) create(w io.Writer) (rowWriter[R], error) {
	return newParquetWriter[R](w, e.table)
}

func (e parquetEncoding[R]) read(f disk.File, size int64) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var zero R
		file, err := parquet.OpenFile(f, size)
		if err != nil {
			yield(zero, wholeFile{err})
			return
		}
		if err := e.checkFooter(file); err != nil {
			yield(zero, wholeFile{err})
			return
		}
		r := parquet.NewGenericReader[R](file)
		defer r.Close()
		rows := make([]R, 1)
		for {
			rows[0] = zero
			n, err := r.Read(rows)
			if n == 1 && !yield(rows[0], nil) {
				return
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if n == 0 && err == nil {
				err = io.ErrNoProgress
			}
			if err != nil {
				yield(zero, err)
				return
			}
		}
	}
}

func (e parquetEncoding[R]) checkFooter(f *parquet.File) error {
	if err := checkMetadata(e.table, f.Lookup); err != nil {
		return err
	}
	for _, kv := range f.Metadata().KeyValueMetadata {
		if kv.Key != keySchemaVersion && kv.Key != keyFormat { // ARROW:schema, for one, makes a reader see other types
			return fmt.Errorf("metadata %s is not of an export", kv.Key)
		}
	}
	var zero R
	if got, want := f.Schema().String(), parquet.SchemaOf(zero).String(); got != want {
		return fmt.Errorf("schema differs from that of %s version %d:\n%s", e.table, SchemaVersion, got)
	}
	return nil
}

func checkMetadata(table string, lookup func(key string) (string, bool)) error {
	for key, want := range map[string]string{keySchemaVersion: strconv.Itoa(SchemaVersion), keyFormat: table} {
		if got, _ := lookup(key); got != want {
			return fmt.Errorf("metadata %s is %q, want %q", key, got, want)
		}
	}
	return nil
}
