package export

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"iter"

	"mulligan/data/disk"
)

// jsonlEncoding writes one JSON object a line, every column present, null where it is NULL, bytes
// in base64, times as RFC 3339.
type jsonlEncoding[R any] struct{}

func (jsonlEncoding[R]) create(w io.Writer) (rowWriter[R], error) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return jsonlWriter[R]{e}, nil
}

type jsonlWriter[R any] struct{ e *json.Encoder }

func (w jsonlWriter[R]) write(row R) error { return w.e.Encode(row) }
func (w jsonlWriter[R]) flush() error      { return nil }
func (w jsonlWriter[R]) close() error      { return nil }

func (jsonlEncoding[R]) read(f disk.File, size int64) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var zero R
		r := bufio.NewReaderSize(io.NewSectionReader(f, 0, size), 1<<20)
		for {
			line, err := r.ReadBytes('\n')
			if err == io.EOF && len(line) == 0 {
				return
			}
			if err == io.EOF { // no newline: the last line may be cut
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				yield(zero, err)
				return
			}
			var row R
			d := json.NewDecoder(bytes.NewReader(line))
			d.DisallowUnknownFields()
			if err := d.Decode(&row); err != nil {
				yield(zero, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}
