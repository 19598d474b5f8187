package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"mulligan/data/disk"
)

// The layout of a segment is drawn in doc.go.
const (
	segmentMagic   = "MULLIGAN"
	segmentVersion = 1
	segmentHeader  = 32 // bytes
	segmentSuffix  = ".journal"
)

// identity is the random number that all segments of one journal share.
type identity [12]byte

// segment is one file of the journal.
type segment struct {
	number uint32
	path   string
	id     identity
	seed   uint32    // with which the checksums of its frames begin
	file   disk.File // nil until the file is made
	size   int64     // bytes on disk, as far as it was looked at or written
}

func segmentName(number uint32) string { return fmt.Sprintf("%08d%s", number, segmentSuffix) }

func newSegment(dir string, number uint32, id identity) *segment {
	s := &segment{number: number, path: filepath.Join(dir, segmentName(number)), id: id}
	_, s.seed = s.header()
	return s
}

// header returns the bytes of the segment's header and the checksum that ends them.
func (s *segment) header() ([]byte, uint32) {
	b := append(make([]byte, 0, segmentHeader), segmentMagic...)
	b = binary.LittleEndian.AppendUint32(b, segmentVersion)
	b = binary.LittleEndian.AppendUint32(b, s.number)
	b = append(b, s.id[:]...)
	sum := crc32.Checksum(b, castagnoli)
	return binary.LittleEndian.AppendUint32(b, sum), sum
}

var errSegmentHeader = errors.New("no valid segment header")

// readHeader reads identity and seed from the file; errSegmentHeader if there is no valid header.
func (s *segment) readHeader() error {
	if s.size < segmentHeader {
		return errSegmentHeader
	}
	var b [segmentHeader]byte
	if err := readFull(s.file, b[:], 0); err != nil {
		return fmt.Errorf("read %s: %w", s.path, err)
	}
	sum := binary.LittleEndian.Uint32(b[28:])
	if !bytes.HasPrefix(b[:], []byte(segmentMagic)) || crc32.Checksum(b[:28], castagnoli) != sum {
		return errSegmentHeader
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != segmentVersion {
		return fmt.Errorf("read %s: journal format %d: this program reads %d", s.path, v, segmentVersion)
	}
	if n := binary.LittleEndian.Uint32(b[12:]); n != s.number {
		return &CorruptError{s.path, 12, fmt.Errorf("segment number %d in the file of number %d", n, s.number)}
	}
	copy(s.id[:], b[16:])
	s.seed = sum
	return nil
}

// create makes the file so that it lasts: a frame is written to it only after that.
func (s *segment) create(fsys disk.FS) error {
	f, err := fsys.Create(s.path)
	if err != nil {
		return err
	}
	s.file = f
	b, _ := s.header()
	if err := s.write(b); err != nil {
		return err
	}
	return fsys.SyncDir(filepath.Dir(s.path))
}

// write puts b at the end of the file, on disk. After an error it takes back what it wrote, as far
// as that can be done: the kernel may go on to show data that a failed fsync never took to disk,
// and the next Open would build upon it. None of it was acknowledged.
func (s *segment) write(b []byte) error {
	n, err := s.file.Write(b)
	if err == nil && n != len(b) {
		err = fmt.Errorf("write %s: %w", s.path, io.ErrShortWrite)
	}
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return errors.Join(err, s.file.Truncate(s.size))
	}
	s.size += int64(n)
	return nil
}

// readFull reads all of b from an offset. That the file ends there is an error.
func readFull(f disk.File, b []byte, offset int64) error {
	n, err := f.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// listSegments returns the segments in dir, in order and none missing. Other files are let be.
func listSegments(fsys disk.FS, dir string) ([]*segment, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, err
	}
	var segments []*segment
	for _, name := range names {
		digits, ok := strings.CutSuffix(name, segmentSuffix)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || segmentName(uint32(n)) != name {
			continue
		}
		want := uint32(len(segments) + 1)
		if uint32(n) != want {
			return nil, &CorruptError{filepath.Join(dir, segmentName(want)), 0, errMissing}
		}
		segments = append(segments, &segment{number: want, path: filepath.Join(dir, name)})
	}
	return segments, nil
}

var errMissing = errors.New("segment is missing")
