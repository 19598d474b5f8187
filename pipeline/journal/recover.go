package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"mulligan/data/disk"
)

// Recovery says what was found when the journal was opened.
type Recovery struct {
	Segments int
	Records  int64
	Bytes    int64 // of sound data, over all segments

	Cut    int64  // bytes of a write that a crash cut short; 0: the journal ends in good order
	File   string // path of the segment that they are in
	Offset int64  // where in it they begin

	Closed bool // the journal was closed in good order, or is empty
}

// String says in a line what a person should know.
func (r Recovery) String() string {
	s := fmt.Sprintf("%d records, %d bytes, %d segments", r.Records, r.Bytes, r.Segments)
	if r.Cut > 0 {
		s += fmt.Sprintf("; the last write was cut short by a crash: %d bytes at offset %d of %s left out", r.Cut, r.Offset, r.File)
	}
	return s
}

// loader reads all segments of a folder in order.
type loader struct {
	fsys     disk.FS
	dir      string
	visit    visitor
	progress func(segment int, bytes int64) // before each segment; may be nil

	segments []*segment
	leftover *segment // file of a rotation that a crash cut short, without a record; nil if there is none
	batches  int64
	Recovery
}

// load opens and scans the segments. It changes nothing on disk. What it opened is closed by
// close, after an error too.
func (l *loader) load() error {
	var err error
	if l.segments, err = listSegments(l.fsys, l.dir); err != nil {
		return err
	}
	// The sizes are taken from the last file to the first. A writer that is at work marks the end
	// of a segment before it uses the next, so that each is seen at least as far as its successor.
	for i := len(l.segments) - 1; i >= 0; i-- {
		s := l.segments[i]
		s.file, err = l.fsys.Open(s.path)
		if errors.Is(err, fs.ErrNotExist) && i == len(l.segments)-1 { // another process has removed a leftover
			l.segments = l.segments[:i]
			continue
		}
		if err != nil {
			s.file = nil
			return err
		}
		if s.size, err = s.file.Size(); err != nil {
			return fmt.Errorf("size of %s: %w", s.path, err)
		}
	}
	l.Closed = true
	var buf []byte
	for i, s := range l.segments {
		if l.progress != nil {
			l.progress(i, l.Bytes)
		}
		pass := scan{seg: s, visit: l.visit, buf: buf}
		count, err := l.scan(i, &pass)
		if err != nil {
			return err
		}
		if count >= 0 {
			l.drop(count)
			break
		}
		buf = pass.buf[:0]
	}
	l.Segments = len(l.segments)
	return nil
}

// scan reads segment i and decides whether it is the last. Then it returns how many segments
// count; else -1.
func (l *loader) scan(i int, pass *scan) (count int, err error) {
	s := pass.seg
	// A file without a frame at the end may be all that came of the change to a new segment.
	rest := l.segments[i+1:]
	final := len(rest) == 0 || len(rest) == 1 && rest[0].size <= segmentHeader

	if err := s.readHeader(); err != nil {
		if err != errSegmentHeader {
			return -1, err
		}
		if i == 0 && len(rest) == 0 && s.size <= segmentHeader { // made, but never used
			return 0, nil
		}
		return -1, &CorruptError{s.path, 0, err}
	}
	if s.id != l.segments[0].id {
		return -1, &CorruptError{s.path, 16, errors.New("segment of another journal")}
	}
	if err := pass.run(); err != nil {
		return -1, err
	}
	l.Records += pass.records
	l.Bytes += pass.end
	l.batches += pass.batches
	if pass.bad >= 0 {
		torn := false
		if final {
			if torn, err = pass.torn(); err != nil {
				return -1, fmt.Errorf("read %s: %w", s.path, err)
			}
		}
		if !torn {
			return -1, &CorruptError{s.path, pass.bad, pass.cause}
		}
		l.Cut, l.File, l.Offset, l.Closed = s.size-pass.end, s.path, pass.end, false
		s.size = pass.end
		return i + 1, nil
	}
	if pass.mark == markContinued {
		return -1, l.checkNext(i)
	}
	if !final {
		return -1, &CorruptError{s.path, s.size, errors.New("segment has no end mark, but another follows")}
	}
	l.Closed = pass.mark == markClosed || pass.end == segmentHeader && i == 0
	return i + 1, nil
}

// checkNext makes sure that the segment exists that the end mark of segment i promises.
func (l *loader) checkNext(i int) error {
	if i+1 < len(l.segments) {
		return nil
	}
	// Made since the folder was listed, or lost.
	path := filepath.Join(l.dir, segmentName(uint32(i+2)))
	f, err := l.fsys.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &CorruptError{path, 0, errMissing}
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// drop forgets the segments from index n on: at most one, without a record.
func (l *loader) drop(n int) {
	for _, s := range l.segments[n:] {
		s.file.Close()
		l.leftover = s
	}
	l.segments = l.segments[:n]
}

func (l *loader) close() error {
	var err error
	for _, s := range l.segments {
		if s.file != nil {
			err = errors.Join(err, s.file.Close())
			s.file = nil
		}
	}
	return err
}
