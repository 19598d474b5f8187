// Package source reads and generates prompts.
//
// A source is one file: an XOptions whose fields carry the yaml names of the plan, and a
// constructor. Readers stream, and their errors name the file, the line (or row) and the field,
// and what is allowed there.
package source

import (
	"context"
	"iter"

	"mulligan/data"
)

// Source yields prompts, always the same ones in the same order.
//
// Prompts stops at the first error. It may be called again, and starts from the beginning. Digest
// changes when anything that determines the prompts changes: files by their content, generators
// by their options and version. Both return promptly when ctx ends.
type Source interface {
	Prompts(ctx context.Context) iter.Seq2[data.Prompt, error]
	Digest(ctx context.Context) (data.Digest, error)
}
