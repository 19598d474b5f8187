package export

import (
	"io"
	"iter"

	"mulligan/data/disk"
)

// encoding is one way to put rows into a file.
type encoding[R any] interface {
	// create starts a file. The writer buffers one row group; the same rows give the same bytes.
	create(w io.Writer) (rowWriter[R], error)
	// read yields the rows of a file of the given size, or the first damage.
	read(f disk.File, size int64) iter.Seq2[R, error]
}

type rowWriter[R any] interface {
	write(R) error
	flush() error // ends a row group
	close() error // ends the file; does not close what it writes to
}
