package journal

import (
	"fmt"
	"runtime"

	"github.com/klauspost/compress/zstd"
)

// smallest is the shortest body that is worth a try to compress, in bytes.
const smallest = 64

// maxWorkers bounds how many bodies are compressed at once, and so the memory for it (about 1 MB
// each). One worker does some 100,000 draws a second.
const maxWorkers = 8

// codec turns bodies into payloads and back. It is safe for concurrent use.
type codec struct {
	enc *zstd.Encoder // nil where nothing is written
	dec *zstd.Decoder
}

func newCodec(write bool) (*codec, error) {
	var c codec
	var err error
	workers := min(runtime.GOMAXPROCS(0), maxWorkers)
	if c.dec, err = zstd.NewReader(nil, zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(workers),
		zstd.WithDecoderMaxMemory(MaxBody)); err != nil {
		return nil, fmt.Errorf("make zstd decoder: %w", err)
	}
	if !write {
		return &c, nil
	}
	if c.enc, err = zstd.NewWriter(nil, zstd.WithLowerEncoderMem(true), zstd.WithEncoderConcurrency(workers), zstd.WithEncoderCRC(false),
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(256<<10)); err != nil {
		return nil, fmt.Errorf("make zstd encoder: %w", err)
	}
	return &c, nil
}

// encode adds the payload of a body to dst and returns the flags that say how it is stored.
func (c *codec) encode(dst, body []byte) ([]byte, byte) {
	at := len(dst)
	if len(body) >= smallest {
		dst = c.enc.EncodeAll(body, dst)
		if len(dst)-at < len(body) {
			return dst, flagZstd
		}
		dst = dst[:at]
	}
	return append(dst, body...), 0
}

// decode returns the body of a payload, in memory of its own.
func (c *codec) decode(flags byte, payload []byte) ([]byte, error) {
	if flags&flagZstd == 0 {
		return append([]byte(nil), payload...), nil
	}
	body, err := c.dec.DecodeAll(payload, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress body: %w", err)
	}
	return body, nil
}

func (c *codec) close() {
	if c.enc != nil {
		c.enc.Close()
	}
	c.dec.Close()
}
