package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"path/filepath"

	"mulligan/data/disk"
)

// File is one file of an export.
type File struct {
	Path   string `json:"path"` // in the export, with slashes
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// shards writes the files of one format under temporary names: how many there are is part of
// their names, and known only when all are written.
type shards struct {
	fs     disk.FS
	dir    string // of the format
	format Format
	opts   Options
	split  string
	left   tally      // what is in no row
	tokens tokenCount // of the files that are done
	passed int64      // rows whose label is true, in these
	open   *shard
	done   []File   // Path is the temporary name
	names  []string // temporary names of all files that were created
}

type shard struct {
	File
	f   disk.File
	buf *bufio.Writer
	sum hash.Hash
	w   groupWriter
}

// Write passes a part of the file on, and keeps its digest and length.
func (s *shard) Write(b []byte) (int, error) {
	n, err := s.buf.Write(b)
	s.sum.Write(b[:n])
	s.Bytes += int64(n)
	return n, err
}

func (s *shards) add(v *view) error {
	if s.open == nil {
		if err := s.start(); err != nil {
			return err
		}
	}
	n, err := s.open.w.add(v, s.left)
	s.open.Rows += int64(n)
	return err
}

// endPrompt ends the file if it is large enough, so that no prompt is spread over two files.
func (s *shards) endPrompt() error {
	if s.open != nil && (s.open.Rows >= s.opts.ShardRows || s.open.Bytes >= s.opts.ShardBytes) {
		return s.end()
	}
	return nil
}

// finish ends the last file. There is at least one, because readers want a schema.
func (s *shards) finish() error {
	if s.open == nil && len(s.done) == 0 {
		if err := s.start(); err != nil {
			return err
		}
	}
	if s.open == nil {
		return nil
	}
	return s.end()
}

func (s *shards) start() error {
	path := fmt.Sprintf("%s-%05d.%s.tmp", s.split, len(s.done), s.format.Ext)
	f, err := s.fs.Create(filepath.Join(s.dir, path))
	if err != nil {
		return err
	}
	s.names = append(s.names, path)
	s.open = &shard{File: File{Path: path}, f: f, buf: bufio.NewWriterSize(f, 1<<18), sum: sha256.New()}
	s.open.w, err = s.format.start(s.open, s.opts)
	return err
}

func (s *shards) end() error {
	o := s.open
	err := o.w.close()
	if err == nil {
		err = o.buf.Flush()
	}
	if err == nil {
		var size int64
		if size, err = o.f.Size(); err == nil && size != o.Bytes {
			err = fmt.Errorf("%d bytes on disk, %d written", size, o.Bytes)
		}
	}
	if err == nil {
		err = o.f.Sync()
	}
	s.open = nil
	if err = errors.Join(err, o.f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Join(s.dir, o.Path), err)
	}
	s.tokens.add(o.w.tokens())
	s.passed += o.w.passes()
	o.SHA256 = hex.EncodeToString(o.sum.Sum(nil))
	s.done = append(s.done, o.File)
	return nil
}

// abandon closes the file that is open, if any. The folder removes what was written.
func (s *shards) abandon() error {
	if s.open == nil {
		return nil
	}
	f := s.open.f
	s.open = nil
	return f.Close()
}

// final returns the name of file i of n.
func (s *shards) final(i int) string {
	return fmt.Sprintf("%s-%05d-of-%05d.%s", s.split, i, len(s.done), s.format.Ext)
}
