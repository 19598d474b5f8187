package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

// maxLine bounds a line of JSON, or an element of a JSON array, in bytes.
const maxLine = 64 << 20

var errTooLong = fmt.Errorf("longer than %d MiB", maxLine>>20)

// readJSON reads one JSON object a line, or, if the file starts with a bracket, the objects of one
// JSON array. A byte order mark, CRLF and empty lines are passed over.
func readJSON(ctx context.Context, file string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for _, magic := range [][]byte{magicParquet, magicArrow, magicStream} {
			if is, err := startsWith(file, magic); err == nil && is {
				yield(row{}, errors.New("not JSON lines, but Parquet or Arrow: use the source parquet or arrow"))
				return
			}
		}
		r, done, err := openText(file)
		if err != nil {
			yield(row{}, err)
			return
		}
		defer done()
		if bom, _ := r.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
			r.Discard(3)
		}
		first, err := firstByte(r)
		if err != nil {
			yield(row{}, err)
			return
		}
		if first == '[' {
			readArray(ctx, r, yield)
		} else {
			readLines(ctx, r, yield)
		}
	}
}

// firstByte returns the first byte that is not space, without reading past it if it can; 0 at the
// end of the file. More than 4 KiB of space before a bracket make it a file of lines.
func firstByte(r *bufio.Reader) (byte, error) {
	for n := 1; n <= 4096; n++ {
		head, err := r.Peek(n)
		if errors.Is(err, io.EOF) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		switch c := head[n-1]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c, nil
		}
	}
	return 0, nil
}

func readLines(ctx context.Context, r *bufio.Reader, yield func(row, error) bool) {
	for n := 1; ; n++ {
		line, err := readLine(r)
		if err != nil && !errors.Is(err, io.EOF) {
			yield(row{}, fmt.Errorf("line %d: %w", n, err))
			return
		}
		if body := bytes.TrimSpace(line); len(body) > 0 {
			fields, bad := parseObject(body)
			if bad != nil {
				yield(row{}, fmt.Errorf("line %d: %w", n, bad))
				return
			}
			if !yield(row{unit: "line", number: n, fields: fields}, nil) {
				return
			}
		}
		if err != nil || ctx.Err() != nil {
			if cause := context.Cause(ctx); cause != nil {
				yield(row{}, cause)
			}
			return
		}
	}
}

// readLine returns the next line with its end. The slice is the caller's to keep.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return nil, errTooLong
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

func readArray(ctx context.Context, r io.Reader, yield func(row, error) bool) {
	bound := &boundedReader{r: r, left: maxLine}
	dec := json.NewDecoder(bound)
	if _, err := dec.Token(); err != nil {
		yield(row{}, err)
		return
	}
	n := 1
	fail := func(err error) { yield(row{}, fmt.Errorf("element %d: %w", n, err)) }
	for ; dec.More(); n++ {
		if ctx.Err() != nil {
			yield(row{}, context.Cause(ctx))
			return
		}
		var raw json.RawMessage
		bound.left = maxLine
		if err := dec.Decode(&raw); err != nil {
			fail(badJSON(err))
			return
		}
		fields, err := parseObject(raw)
		if err != nil {
			fail(err)
			return
		}
		if !yield(row{unit: "element", number: n, fields: fields}, nil) {
			return
		}
	}
	if _, err := dec.Token(); err != nil {
		fail(badJSON(err))
		return
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		yield(row{}, errors.New("text after the end of the JSON array"))
	}
}

// boundedReader fails when more than left bytes are asked for.
type boundedReader struct {
	r    io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func parseObject(text []byte) (map[string]json.RawMessage, error) {
	if at := invalidUTF8(text); at >= 0 {
		return nil, fmt.Errorf("byte %d: not valid UTF-8", at+1)
	}
	if text[0] != '{' && json.Valid(text) {
		return nil, fmt.Errorf("want a JSON object, got %s", kindOf(text))
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, badJSON(err)
	}
	if at := loneSurrogate(text); at >= 0 {
		return nil, fmt.Errorf("byte %d: \\u escape of half a surrogate pair: no character has it", at+1)
	}
	return fields, nil
}

func badJSON(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("bad JSON at byte %d: %w", syntax.Offset, err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("bad JSON: the file ends inside the array")
	}
	return err
}

// invalidUTF8 returns the index of the first byte that is not UTF-8, or -1.
func invalidUTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// loneSurrogate returns the index of the first \u escape of valid JSON that is half a surrogate
// pair, or -1. encoding/json would replace it by U+FFFD without a word.
func loneSurrogate(text []byte) int {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		switch high := escaped(text[i:]); {
		case high >= 0xdc00 && high < 0xe000:
			return i
		case high >= 0xd800 && high < 0xdc00:
			if low := escaped(text[i+6:]); low < 0xdc00 || low >= 0xe000 {
				return i
			}
			i += 11
		default:
			i++ // the escaped character may be a backslash
		}
	}
	return -1
}

// escaped returns the code of the \u escape at the start of text, or -1.
func escaped(text []byte) int {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	code := 0
	for _, c := range text[2:6] {
		digit := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		code = code<<4 | digit
	}
	return code
}
