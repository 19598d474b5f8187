package export

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
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
			row, err := decodeLine[R](line)
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// decodeLine accepts exactly what an export writes: a decoder alone takes null for 0, and a missing column for an empty one.
func decodeLine[R any](line []byte) (row R, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&row); err != nil {
		return row, err
	}
	var again bytes.Buffer
	e := json.NewEncoder(&again)
	e.SetEscapeHTML(false)
	if err := e.Encode(row); err != nil {
		return row, err
	}
	if want := again.Bytes(); !bytes.Equal(line, want) {
		at := 0
		for at < min(len(line), len(want)) && line[at] == want[at] {
			at++
		}
		return row, fmt.Errorf("byte %d: was edited, or has null where a value is required: it is not as an export writes it", at)
	}
	return row, nil
}
