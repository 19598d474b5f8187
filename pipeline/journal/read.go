package journal

import (
	"errors"
	"fmt"
	"io"
)

// readAhead is how much is read of a record before its length is known, in bytes.
const readAhead = 4 << 10

var errNoRecord = errors.New("no such record")

// Read returns the record at a ref, checked against its checksums. The body is the caller's. A
// record can be read as soon as its ref is known, also before it is on disk.
func (j *Journal) Read(ref Ref) (Record, error) {
	j.use.RLock()
	defer j.use.RUnlock()
	buf, _ := j.buffers.Get().(*[]byte)
	if buf == nil {
		b := make([]byte, readAhead)
		buf = &b
	}
	defer j.buffers.Put(buf)
	r, err := j.read(ref, (*buf)[:readAhead])
	if err != nil {
		return Record{}, fmt.Errorf("read record %s: %w", ref, err)
	}
	return r, nil
}

func (j *Journal) read(ref Ref, buf []byte) (Record, error) {
	at := ref.Offset()
	b, s, err := j.fetch(ref, buf)
	if err != nil {
		return Record{}, err
	}
	var f frame
	if !parseFrame(b, s.seed, at, &f) || f.Kind == 0 {
		return Record{}, &CorruptError{s.path, at, errFrameHeader}
	}
	if int64(len(b)) < f.size() {
		if size, err := s.file.Size(); err != nil {
			return Record{}, err
		} else if f.size() > size-at {
			return Record{}, &CorruptError{s.path, at, errFrameLength}
		}
		b = make([]byte, f.size())
		if err := readFull(s.file, b, at); err != nil {
			return Record{}, err
		}
	}
	payload := b[frameSize:f.size()]
	if !f.holds(payload) {
		return Record{}, &CorruptError{s.path, at, errFramePayload}
	}
	body, err := decode(f.flags, payload)
	if err != nil {
		return Record{}, &CorruptError{s.path, at, err}
	}
	return Record{f.Header, body}, nil
}

// fetch returns at least the header of a frame: all of the frame from memory if it is not known to
// be on disk, else what fits in buf.
func (j *Journal) fetch(ref Ref, buf []byte) ([]byte, *segment, error) {
	n, at := int(ref.Segment()), ref.Offset()
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil, nil, ErrClosed
	}
	if n < 1 || n > len(j.segments) || at < segmentHeader {
		j.mu.Unlock()
		return nil, nil, errNoRecord
	}
	s := j.segments[n-1]
	b := j.pending(s, at)
	file := s.file
	j.mu.Unlock()
	if b != nil {
		return b, s, nil
	}
	if file == nil {
		return nil, nil, errNoRecord
	}
	got, err := file.ReadAt(buf, at)
	if got >= frameSize {
		return buf[:got], s, nil
	}
	if err == nil || err == io.EOF {
		err = errNoRecord
	}
	return nil, nil, err
}

// pending returns a copy of a frame that is not known to be on disk; nil if it is none of these.
func (j *Journal) pending(s *segment, at int64) []byte {
	find := func(g *group) []byte {
		i := at - g.start
		if g.segment != s || i < 0 || i+frameSize > int64(len(g.buf)) {
			return nil
		}
		var f frame
		if !parseFrame(g.buf[i:], s.seed, at, &f) {
			return nil
		}
		return append([]byte(nil), g.buf[i:i+f.size()]...)
	}
	if j.flying != nil {
		if b := find(j.flying); b != nil {
			return b
		}
	}
	for _, g := range j.queue {
		if b := find(g); b != nil {
			return b
		}
	}
	return nil
}
