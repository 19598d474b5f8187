package journal

import (
	"fmt"
	"io"
)

// scanBuffer is how much of a segment is read at once, in bytes.
const scanBuffer = 1 << 20

// visitor is told of one record. Body decodes it and may be called until the visitor returns.
type visitor func(ref Ref, h Header, body func() ([]byte, error)) error

// scan is one pass over a segment, and what it found.
type scan struct {
	seg   *segment
	visit visitor // may be nil

	records int64
	batches int64
	end     int64 // after the last whole batch or mark
	bad     int64 // where the first thing lies that is not valid; -1: the segment is sound
	cause   error // what is wrong there
	mark    byte  // the last frame, if that is a mark; else 0

	buf  []byte // the bytes of the file from base on
	base int64
	keep int64 // what lies before may leave buf

	batch []place // frames of the batch under way
	at    place   // the record that is being visited
	body  func() ([]byte, error)
}

// place is a frame and where it lies.
type place struct {
	frame
	offset int64
}

// run reads the frames up to seg.size and visits the records of whole batches in order. What is
// wrong with the data is left in bad and cause; the error is one of reading or of the visitor.
func (s *scan) run() error {
	s.end, s.bad, s.base = segmentHeader, -1, segmentHeader
	s.body = s.decode // made once: a closure for each of a million records costs
	for offset := s.end; offset < s.seg.size; {
		var p place
		p.offset = offset
		cause, err := s.next(&p)
		if err != nil {
			return fmt.Errorf("read %s at offset %d: %w", s.seg.path, offset, err)
		}
		if cause != nil {
			s.bad, s.cause = offset, cause
			return nil
		}
		offset += p.size()
		if p.Kind == 0 {
			s.mark, _ = p.mark()
			s.end = offset
			continue
		}
		s.batch = append(s.batch, p)
		if p.flags&flagMore != 0 {
			continue
		}
		if err := s.deliver(); err != nil {
			return err
		}
		s.end = offset
	}
	if len(s.batch) > 0 {
		s.bad, s.cause = s.end, errBatchOpen
	}
	return nil
}

var errBatchOpen = fmt.Errorf("batch is not complete: %w", io.ErrUnexpectedEOF)

// next reads and checks the frame at p.offset. The first error is one of the data.
func (s *scan) next(p *place) (cause, err error) {
	if len(s.batch) == 0 {
		s.keep = p.offset
	}
	if s.mark == markContinued {
		return errAfterEnd, nil
	}
	rest := s.seg.size - p.offset
	if rest < frameSize {
		return errFrameHeader, nil
	}
	b, err := s.view(p.offset, frameSize)
	if err != nil {
		return nil, err
	}
	if !parseFrame(b, s.seg.seed, p.offset, &p.frame) {
		return errFrameHeader, nil
	}
	if p.size() > rest {
		return errFrameLength, nil
	}
	if b, err = s.view(p.offset, p.size()); err != nil {
		return nil, err
	}
	if !p.holds(b[frameSize:]) {
		return errFramePayload, nil
	}
	if _, known := p.frame.mark(); p.Kind == 0 && !known {
		return errFrameMark, nil
	}
	if len(s.batch) > 0 && p.flags&flagBarrier != 0 {
		return errFrameOrder, nil
	}
	return nil, nil
}

// deliver visits the records of the batch.
func (s *scan) deliver() error {
	s.mark = 0
	s.batches++
	for _, s.at = range s.batch {
		s.records++
		if s.visit == nil {
			continue
		}
		ref := makeRef(s.seg.number, s.at.offset)
		if err := s.visit(ref, s.at.Header, s.body); err != nil {
			return err
		}
	}
	s.batch = s.batch[:0]
	return nil
}

// decode returns the body of the record that is being visited.
func (s *scan) decode() ([]byte, error) {
	start := s.at.offset + frameSize - s.base
	body, err := decode(s.at.flags, s.buf[start:start+s.at.length])
	if err != nil {
		return nil, &CorruptError{s.seg.path, s.at.offset, err}
	}
	return body, nil
}

// view returns n bytes of the file from offset on, which lie within it. What view returned before
// is void, but for what keep holds.
func (s *scan) view(offset, n int64) ([]byte, error) {
	if offset < s.base {
		s.buf, s.base = s.buf[:0], offset
	}
	if have := s.base + int64(len(s.buf)); offset+n > have {
		rest := s.buf[min(s.keep-s.base, int64(len(s.buf))):]
		if want := offset + n - s.keep; int64(cap(s.buf)) < want {
			s.buf = make([]byte, 0, min(max(want+want/2, scanBuffer), s.seg.size-s.keep))
		}
		s.base = s.keep
		s.buf = append(s.buf[:0], rest...)
		used := int64(len(s.buf))
		s.buf = s.buf[:min(int64(cap(s.buf)), s.seg.size-s.base)]
		if err := readFull(s.seg.file, s.buf[used:], s.base+used); err != nil {
			return nil, err
		}
	}
	return s.buf[offset-s.base:][:n], nil
}
