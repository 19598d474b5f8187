package journal

import (
	"errors"
	"fmt"
)

// ErrClosed is returned by what comes after Close.
var ErrClosed = errors.New("journal is closed")

// ErrReadOnly is returned by the appends of a journal from OpenReadOnly.
var ErrReadOnly = errors.New("journal was opened for reading only")

// CorruptError says that the journal is damaged in a place that no crash explains. Nothing was
// changed on disk.
type CorruptError struct {
	File   string // path of the segment
	Offset int64  // of the first byte that is not as it should be, in bytes
	Cause  error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("damaged journal: %s at offset %d: %v", e.File, e.Offset, e.Cause)
}

func (e *CorruptError) Unwrap() error { return e.Cause }
