package export

import (
	"fmt"
	"io"
	"reflect"

	"mulligan/data/disk"
)

// Format is one way to export groups: a table of rows in one encoding.
type Format struct {
	Name  string // as users give it; also its folder and its name in the card
	Title string // one line for a list
	Table string // the rows: formats of one table hold the same rows
	Ext   string // of its files, without the dot

	loader string // of the library datasets: parquet, arrow, json
	start  func(w io.Writer, opts Options) (groupWriter, error)
	check  func() fileChecker
}

// The formats.
var (
	Episodes       = newFormat("episodes", "every rollout with all that is known of it (Parquet)", "parquet", "parquet", episodeTable, parquetEncoding[Episode]{"episodes"})
	Failures       = newFormat("failures", "kept failed attempts, to start a later run from (Parquet)", "parquet", "parquet", failureTable, parquetEncoding[Failure]{"failures"})
	KTO            = newFormat("kto", "reflections with a boolean label, as TRL's KTOTrainer reads them (Parquet)", "parquet", "parquet", ktoTable, parquetEncoding[KTORow]{"kto"})
	Sequences      = newFormat("sequences", "token ids, masks, labels and log-probabilities of what trains (Parquet)", "parquet", "parquet", sequenceTable, parquetEncoding[SequenceRow]{"sequences"})
	EpisodesArrow  = newFormat("arrow", "the rows of episodes as Arrow IPC files", "arrow", "arrow", episodeTable, ipcEncoding[Episode]{"episodes", false})
	EpisodesStream = newFormat("arrow_stream", "the rows of episodes as Arrow IPC streams", "arrows", "arrow", episodeTable, ipcEncoding[Episode]{"episodes", true})
	EpisodesJSONL  = newFormat("episodes_jsonl", "the rows of episodes as JSON lines", "jsonl", "json", episodeTable, jsonlEncoding[Episode]{})
	FailuresJSONL  = newFormat("failures_jsonl", "the rows of failures as JSON lines", "jsonl", "json", failureTable, jsonlEncoding[Failure]{})
	SequencesArrow = newFormat("sequences_arrow", "the rows of sequences as Arrow IPC files", "arrow", "arrow", sequenceTable, ipcEncoding[SequenceRow]{"sequences", false})
	SequencesJSONL = newFormat("sequences_jsonl", "the rows of sequences as JSON lines", "jsonl", "json", sequenceTable, jsonlEncoding[SequenceRow]{})
	KTOJSONL       = newFormat("kto_jsonl", "the rows of kto as JSON lines", "jsonl", "json", ktoTable, jsonlEncoding[KTORow]{})
)

// Formats returns all formats, those that most users want first.
func Formats() []Format {
	return []Format{Episodes, Failures, KTO, Sequences, EpisodesArrow, EpisodesStream, SequencesArrow, EpisodesJSONL, FailuresJSONL, KTOJSONL, SequencesJSONL}
}

// table says how groups become rows of one type, and what these rows promise.
type table[R any] struct {
	name  string
	rows  func(*view) ([]R, error)
	check func() rowChecker[R]
}

var (
	episodeTable = table[Episode]{"episodes", episodeRows, func() rowChecker[Episode] { return &episodeChecker{} }}
	failureTable = table[Failure]{"failures", failureRows, func() rowChecker[Failure] { return &failureChecker{} }}
	ktoTable     = table[KTORow]{"kto", ktoRows, func() rowChecker[KTORow] { return &ktoChecker{} }}

	sequenceTable = table[SequenceRow]{"sequences", sequenceRows, func() rowChecker[SequenceRow] { return &sequenceChecker{} }}
)

// rowChecker sees the rows of a table in order, then what the manifest says of the format and of all.
type rowChecker[R any] interface {
	row(*R) error
	end(ManifestFormat, Counts) error
}

// groupWriter writes the rows of groups to one file.
type groupWriter interface {
	add(v *view) (rows int, err error)
	close() error
}

// fileChecker checks the files of one format in order.
type fileChecker interface {
	file(path string, f disk.File, size int64) (rows int64, err error)
	end(ManifestFormat, Counts) error
}

func newFormat[R any](name, title, ext, loader string, t table[R], e encoding[R]) Format {
	return Format{
		Name: name, Title: title, Table: t.name, Ext: ext, loader: loader,
		start: func(w io.Writer, opts Options) (groupWriter, error) {
			rows, err := e.create(w)
			if err != nil {
				return nil, err
			}
			return &tableWriter[R]{table: t, columns: columnsOf(reflect.TypeFor[R]()), opts: opts, w: rows}, nil
		},
		check: func() fileChecker { return &tableChecker[R]{name: name, encoding: e, rows: t.check()} },
	}
}

// tableWriter ends a row group when it has enough rows or bytes. No row that breaks a promise, and
// no text that is not UTF-8, gets past it.
type tableWriter[R any] struct {
	table[R]
	columns     []column
	opts        Options
	w           rowWriter[R]
	rows, bytes int // of the row group
}

func (t *tableWriter[R]) add(v *view) (int, error) {
	rows, err := t.table.rows(v)
	if err != nil {
		return 0, err
	}
	for i := range rows {
		size, err := measure(t.columns, reflect.ValueOf(&rows[i]).Elem())
		if size > maxRowGroupBytes {
			err = fmt.Errorf("%d bytes, want at most %d", size, maxRowGroupBytes)
		}
		if err == nil {
			err = any(&rows[i]).(interface{ check() error }).check()
		}
		if err != nil {
			return 0, fmt.Errorf("row %d: %w", i, err)
		}
		if t.rows > 0 && t.bytes+size > t.opts.RowGroupBytes {
			if err := t.flush(); err != nil {
				return 0, err
			}
		}
		if err := t.w.write(rows[i]); err != nil {
			return 0, err
		}
		t.rows++
		t.bytes += size
		if t.rows >= t.opts.RowGroupRows {
			if err := t.flush(); err != nil {
				return 0, err
			}
		}
	}
	return len(rows), nil
}

func (t *tableWriter[R]) flush() error {
	t.rows, t.bytes = 0, 0
	return t.w.flush()
}

func (t *tableWriter[R]) close() error { return t.w.close() }

type tableChecker[R any] struct {
	name     string
	encoding encoding[R]
	rows     rowChecker[R]
}

// file checks one file. The recover is for the decoders of the two libraries, which answer some
// broken files with a panic.
func (t *tableChecker[R]) file(path string, f disk.File, size int64) (n int64, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = inFile(path, n, fmt.Errorf("decode: %v", r))
		}
	}()
	for row, err := range t.encoding.read(f, size) {
		if err == nil {
			err = t.rows.row(&row)
		}
		if err != nil {
			return n, inFile(path, n, err)
		}
		n++
	}
	return n, nil
}

func (t *tableChecker[R]) end(f ManifestFormat, n Counts) error {
	if err := t.rows.end(f, n); err != nil {
		return inFile(t.name, -1, err)
	}
	return nil
}
