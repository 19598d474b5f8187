package export

import (
	"errors"
	"fmt"
	"strings"
)

var errNotUTF8 = errors.New("not valid UTF-8")

// DamageError says that exported files are not what an export writes: a file that is missing,
// changed or cut, or a row that breaks a promise.
type DamageError struct {
	File   string // path in the export; "" for the export as a whole
	Row    int64  // from 0; -1 for the file as a whole
	Column string // as a path, like calls[1].completion_logprobs; "" for the row as a whole
	Err    error
}

func (e *DamageError) Error() string {
	var parts []string
	if e.File != "" {
		parts = append(parts, e.File)
	}
	if e.Row >= 0 {
		parts = append(parts, fmt.Sprintf("row %d", e.Row))
	}
	if e.Column != "" {
		parts = append(parts, "column "+e.Column)
	}
	return strings.Join(append(parts, e.Err.Error()), ": ")
}

func (e *DamageError) Unwrap() error { return e.Err }

// columnError is the part of a DamageError that a row knows of itself.
type columnError struct {
	column string
	err    error
}

func (e *columnError) Error() string { return "column " + e.column + ": " + e.err.Error() }
func (e *columnError) Unwrap() error { return e.err }

// wholeFile marks an error that is not of a row.
type wholeFile struct{ error }

// inColumn puts a column before the path of an error that may already name columns inside it.
func inColumn(column string, err error) error {
	var inner *columnError
	if errors.As(err, &inner) {
		return &columnError{column + "." + inner.column, inner.err}
	}
	return &columnError{column, err}
}

func columnErrorf(column, format string, args ...any) error {
	return &columnError{column, fmt.Errorf(format, args...)}
}

// inFile names the file, and the row if it is not -1, in which an error was found.
func inFile(file string, row int64, err error) error {
	var damage *DamageError
	if errors.As(err, &damage) {
		return err
	}
	var whole wholeFile
	if errors.As(err, &whole) {
		return &DamageError{file, -1, "", whole.error}
	}
	var c *columnError
	if errors.As(err, &c) {
		return &DamageError{file, row, c.column, c.err}
	}
	return &DamageError{file, row, "", err}
}
