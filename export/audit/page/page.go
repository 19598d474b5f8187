// Package page writes an audit as one HTML file that needs no network: plots of the report, and a
// browser of rollouts that colours tokens by segment, loss mask and log-probability.
//
// # The file
//
//	<head>                             a content security policy that allows this style and this script, and no request at all
//	<main>                             the report, as HTML and SVG: it is read, and printed, without the script
//	<script type="text/plain" id=...>  data blocks: text-0, tokens-0, text-1, ... and index, last
//	<script>                           the browser of rollouts
//
// A data block is base64 of deflate of JSON. A text block is an array of groups, a tokens block
// the tokens of the same groups; the index says how many groups each pair holds, and has what the list,
// filters and orders need of each group. Blocks are unpacked when they are looked at.
//
// # Text of strangers
//
// Prompts and replies may hold anything. In the report html/template escapes them; in blocks they are
// base64; the script makes text nodes of them, under a policy that refuses to read text as HTML.
// Characters that turn the direction of text, or show as nothing, are shown by their code points.
//
// # Same report, same groups, same bytes
//
// No clock, chance or host name reaches the file.
package page

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"mulligan/data"
	"mulligan/export/audit"
)

// Options of a page. The zero value is the usual page.
type Options struct {
	MaxGroups int    // groups in the browser of rollouts; 0: 10,000
	MaxBytes  int64  // of the file for these, exceeded by one block at most; 0: 64 MiB
	More      string // how to see groups that are left out: a sentence for people; "" for none
}

const (
	defaultGroups = 10_000
	defaultBytes  = 64 << 20
)

// Write writes the page of a report and the groups that it was made of. Groups are encoded one after
// another; what is kept in memory is one block and a line for each group in the page.
//
// Where there are more groups than Options allow, the first ones are in the page, and those that a
// finding of the report names; the page says how many are left out, and no more are asked for than these
// where Subject.Groups says how many there are. Groups that break promises of
// data.Group.Check are shown as they are. An error of groups ends it, and the page is then not whole.
func Write(w io.Writer, r audit.Report, groups iter.Seq2[data.Group, error], o Options) error {
	if o.MaxGroups == 0 {
		o.MaxGroups = defaultGroups
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultBytes
	}
	if o.MaxGroups < 0 || o.MaxBytes < 0 {
		return fmt.Errorf("write page: %d groups in %d bytes: want 0 or more", o.MaxGroups, o.MaxBytes)
	}
	buffered := bufio.NewWriterSize(w, 1<<16)
	b, err := newBlocks(buffered)
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	if err := writeFrame(buffered, r, o); err != nil {
		return fmt.Errorf("write page: report: %w", err)
	}
	p := &browser{blocks: b, opts: o, index: index{Groups: []json.RawMessage{}, Chunks: []int{}, Findings: findingsOf(r.Findings)}}
	p.named, p.all = anchorsOf(p.index.Findings), r.Subject.Groups
	if err := p.write(groups); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	if err := writeTail(buffered); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}
