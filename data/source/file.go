package source

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"mulligan/data"
)

// The first bytes of the formats that a file is told by.
var (
	magicGzip    = []byte{0x1f, 0x8b}
	magicZstd    = []byte{0x28, 0xb5, 0x2f, 0xfd}
	magicParquet = []byte("PAR1")
	magicArrow   = []byte("ARROW1")
	magicStream  = []byte{0xff, 0xff, 0xff, 0xff} // Arrow IPC stream: continuation marker of the schema message
)

// findFiles returns the files that path names: itself, or, if it is a pattern (*, ?, [a-z]), what
// it matches, sorted by name. A relative path starts at base.
func findFiles(base, path string) ([]string, error) {
	if path == "" {
		return nil, errors.New("no path: want the file to read, or a pattern such as data/*.jsonl")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("read %s: is a folder: want a file, or a pattern such as %s", path, filepath.Join(path, "*"))
	case err == nil:
		return []string{path}, nil
	case !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(path, "*?["):
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	files, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read %s: no file matches the pattern", path)
	}
	slices.Sort(files)
	return files, nil
}

// startsWith reports whether the file starts with one of the magics.
func startsWith(file string, magics ...[]byte) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 8)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	for _, m := range magics {
		if bytes.HasPrefix(head[:n], m) {
			return true, nil
		}
	}
	return false, nil
}

// openText opens a file of text, which may be compressed with gzip or zstd, whatever its name.
func openText(file string) (*bufio.Reader, func(), error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	raw := bufio.NewReaderSize(f, 1<<16)
	head, _ := raw.Peek(4) // a short or unreadable file shows at the first read
	switch {
	case bytes.HasPrefix(head, magicGzip):
		z, err := gzip.NewReader(raw)
		if err != nil {
			f.Close()
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return bufio.NewReaderSize(z, 1<<16), func() { f.Close() }, nil
	case bytes.HasPrefix(head, magicZstd):
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1))
		if err != nil {
			f.Close()
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return bufio.NewReaderSize(z, 1<<16), func() { z.Close(); f.Close() }, nil
	}
	return raw, func() { f.Close() }, nil
}

// hashFiles adds the content of every file to a digest. Names do not count.
func hashFiles(ctx context.Context, h *data.Hasher, files []string) error {
	h.Int(len(files))
	for _, file := range files {
		if err := hashFile(ctx, h, file); err != nil {
			return fmt.Errorf("digest of tasks: %w", err)
		}
	}
	return nil
}

func hashFile(ctx context.Context, h *data.Hasher, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 1<<20) // whole blocks only: a short read must not change the digest
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := io.ReadFull(f, block)
		h.Bytes(block[:n])
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}
