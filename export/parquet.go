package export

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"mulligan/data/disk"
)

// The keys of the metadata of every Parquet and Arrow file.
const (
	keySchemaVersion = "mulligan.schema_version"
	keyFormat        = "mulligan.format"
)

// parquetEncoding writes Parquet with zstd, page index and statistics. The footer names neither a
// library nor a version of one, so that it does not change with them.
type parquetEncoding[R any] struct{ table string }

func (e parquetEncoding[R]) create(w io.Writer) (rowWriter[R], error) {
	return parquetWriter[R]{parquet.NewGenericWriter[R](w,
		parquet.Compression(&zstd.Codec{}),
		parquet.DataPageStatistics(true),
		parquet.CreatedBy("mulligan", strconv.Itoa(SchemaVersion), ""),
		parquet.KeyValueMetadata(keySchemaVersion, strconv.Itoa(SchemaVersion)),
		parquet.KeyValueMetadata(keyFormat, e.table),
	)}, nil
}

type parquetWriter[R any] struct{ w *parquet.GenericWriter[R] }

func (p parquetWriter[R]) write(row R) error {
	_, err := p.w.Write([]R{row})
	return err
}

func (p parquetWriter[R]) flush() error { return p.w.Flush() }
func (p parquetWriter[R]) close() error { return p.w.Close() }

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
