package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"mulligan/data"
	"mulligan/export"
	"mulligan/reward"
)

// Options say what an audit knows beforehand. The zero value judges nothing again, and describes what is there.
type Options struct {
	// Verifier judges the replies of a run again; nil: none does, or Verifiers names it.
	Verifier reward.Verifier
	// Verifiers makes the verifier that the rows of an export name (verifier, verifier_config); it is asked once for each
	// pair. What it refuses is a note, and the replies stay unjudged. Nil: none is made.
	Verifiers func(name, config string) (reward.Verifier, error)
	// Rules are those that labels were made by, as far as they are known.
	Rules Rules
	// By is the column of what the source carried along whose values make slices; "": difficulty or level, if there is one. Run fails with a
	// ColumnError where no prompt carries it.
	By string
	// Second judges the same replies; nil: none does. SecondName and SecondOptions say which it is.
	Second        reward.Verifier
	SecondName    string
	SecondOptions json.RawMessage
	// Tasks keeps what Compare needs, some 50 bytes a task.
	Tasks bool
	// Workers judge at a time; 1 if 0.
	Workers int
}

// ColumnError says that no prompt carries the column of Options.By.
type ColumnError struct {
	Column string
	Known  []string // columns that prompts carry, sorted, at most MaxSlices
}

func (e *ColumnError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("no prompt carries the column %q, or any other", e.Column)
	}
	return fmt.Sprintf("no prompt carries the column %q; there are: %s", e.Column, strings.Join(e.Known, ", "))
}

// Rules are those that labels of reflect_retry were made by.
type Rules struct {
	Reward         string // binary, shaped; "": not known, the one that agrees with more rewards is taken
	Leaks          string // keep, exclude; "": not known
	TrainTruncated *bool  // reflections cut by length train; nil: not known
}

// Prompt is all groups of one prompt, in order, and what their reader found wrong with them.
type Prompt struct {
	ID       string // short
	Number   *int   // in the run's source; nil: not known
	Groups   []Group
	Found    []Finding // by the reader
	Draws    int       // whose keys the reader made again
	Verifier string    // that the rows name; "": Options.Verifier
	Config   string    // of that

	raw       []Row                    // of an export: Groups are made of them
	gap       bool                     // a row beside these, or between them, could not be read
	sequences map[string][]sequenceRow // of an export, by episode
}

// Group is a group and where its rollouts stand.
type Group struct {
	data.Group
	Rows []Row // len(Rollouts): of an export; nil: of a run
}

// Row is one row of the table episodes.
type Row struct {
	File  string // as a path in the export
	Index int64  // from 0
	*export.Episode
}

// ErrNoRows says that a folder holds no rows of the table episodes.
var ErrNoRows = errors.New("no episodes")
