package page

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
)

// Chunks are as large as a browser unpacks within one frame, and hold enough text for deflate to
// find what prompts of one task share.
const (
	chunkGroups = 64
	chunkBytes  = 256 << 10
)

// blocks writes data blocks: script elements of a type that no browser runs. What stands in them is
// base64, in which no text of a run can end the element.
type blocks struct {
	w    io.Writer
	pack *flate.Writer
	buf  bytes.Buffer // packed bytes of one block
}

func newBlocks(w io.Writer) (*blocks, error) {
	pack, err := flate.NewWriter(io.Discard, 6)
	if err != nil {
		return nil, err
	}
	return &blocks{w: w, pack: pack}, nil
}

// write writes one block: id is the element's. It returns how many bytes of the file the block takes.
func (b *blocks) write(id string, content []byte) (int64, error) {
	b.buf.Reset()
	b.pack.Reset(&b.buf)
	if _, err := b.pack.Write(content); err != nil {
		return 0, err
	}
	if err := b.pack.Close(); err != nil {
		return 0, err
	}
	text := base64.StdEncoding.EncodeToString(b.buf.Bytes())
	n, err := fmt.Fprintf(b.w, "<script type=\"text/plain\" id=\"%s\">%s</script>\n", id, text)
	return int64(n), err
}

// chunk gathers the groups of one pair of blocks as two JSON arrays, element by element.
type chunk struct {
	n      int
	texts  []byte
	tokens []byte
}

func (c *chunk) add(text, tokens []byte) {
	c.texts = appendElement(c.texts, c.n, text)
	c.tokens = appendElement(c.tokens, c.n, tokens)
	c.n++
}

func (c *chunk) full() bool {
	return c.n >= chunkGroups || len(c.texts)+len(c.tokens) >= chunkBytes
}

func (c *chunk) reset() { *c = chunk{texts: c.texts[:0], tokens: c.tokens[:0]} }

func appendElement(array []byte, i int, element []byte) []byte {
	if i > 0 {
		array = append(array, ',')
	} else {
		array = append(array, '[')
	}
	return append(array, element...)
}

// closed returns an array that appendElement made, with its end.
func closed(array []byte) []byte {
	if len(array) == 0 {
		return []byte("[]")
	}
	return append(array, ']')
}
