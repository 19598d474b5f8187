package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"
)

// flushEvery is how long rulings of a batch may wait for more to be sent with them.
const flushEvery = time.Second

// batch answers many questions of one request.
type batch struct {
	s     *Server
	rp    *reply
	items iter.Seq[[]byte]
	lines bool // one ruling a line; false: {"results":[...]}
}

// answer judges several at a time and writes the rulings in order. Its error is that of writing, or
// why ctx ended. Where the server stops, what is left is answered with an error each.
func (b *batch) answer(ctx context.Context) error {
	tasks := make(chan task, 4*b.s.opts.Workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	gone := make(chan struct{})
	defer close(gone)
	go func() {
		defer close(tasks)
		for text := range b.items {
			if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errStopping) {
				return
			}
			select {
			case tasks <- b.s.start(ctx, text):
			case <-gone:
				return
			}
		}
	}()
	return b.write(ctx, tasks)
}

func (b *batch) write(ctx context.Context, tasks <-chan task) error {
	open, between, end, kind := `{"results":[`, ",", "]}\n", jsonType
	if b.lines {
		open, between, end, kind = "", "\n", "", linesType
	}
	b.rp.begin(http.StatusOK, kind)
	out := bufio.NewWriterSize(b.rp, 32<<10)
	out.WriteString(open) // errors stay with out
	flushed, first := time.Now(), true
	for t := range tasks {
		line := t.wait(ctx).line()
		if !first {
			out.WriteString(between)
		}
		first = false
		if _, err := out.Write(line[:len(line)-1]); err != nil {
			return err
		}
		if now := time.Now(); now.Sub(flushed) > flushEvery {
			flushed = now
			if err := errors.Join(out.Flush(), b.rp.rc.Flush()); err != nil {
				return err
			}
		}
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errStopping) {
		return cause
	}
	if b.lines && !first {
		end = "\n"
	}
	out.WriteString(end)
	return out.Flush()
}

// readItems returns the list under items, which is valid JSON.
func readItems(body []byte) (json.RawMessage, error) {
	fields, err := readObject(body, []string{"items"})
	if err != nil {
		return nil, err
	}
	list := bytes.TrimSpace(fields["items"])
	if len(list) == 0 {
		return nil, errors.New("field items is missing: want a list of questions")
	}
	if list[0] != '[' {
		return nil, fmt.Errorf("field items: want a list of questions, not %s", kind(list))
	}
	return list, nil
}

// eachItem cuts a list that is valid JSON.
func eachItem(list json.RawMessage) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		dec := json.NewDecoder(bytes.NewReader(list))
		_, err := dec.Token()
		for err == nil && dec.More() {
			var item json.RawMessage
			if err = dec.Decode(&item); err == nil && !yield(item) {
				return
			}
		}
	}
}

// eachLine cuts lines and leaves out those that are empty.
func eachLine(body []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for line := range bytes.Lines(body) {
			if line = bytes.TrimSpace(line); len(line) > 0 && !yield(line) {
				return
			}
		}
	}
}
