package journal

import (
	"bytes"
	"encoding/binary"
)

// sector is the smallest piece that a disk writes whole, in bytes.
const sector = 512

// torn judges the end of the last segment, in which the scan found something that is not valid. It
// is true if a crash in the middle of a write leaves such a thing, and false if only damage does.
// The rule is in doc.go.
func (s *scan) torn() (bool, error) {
	switch s.cause {
	case errBatchOpen:
		return true, nil
	case errFrameOrder, errFrameMark, errAfterEnd:
		return false, nil
	}
	search := finder{scan: s, offset: s.bad}
	next := s.seg.size // the first valid frame after the bad one
	for {
		f, at, err := search.next()
		if err != nil {
			return false, err
		}
		if at < 0 {
			break
		}
		if at == s.bad { // the header is sound, the payload is not
			continue
		}
		if f.flags&flagBarrier != 0 {
			return false, nil
		}
		next = min(next, at)
	}
	if next == s.seg.size {
		return true, nil
	}
	return s.lostSector(s.bad, next)
}

// finder finds valid frame headers, whatever lies between them.
type finder struct {
	*scan
	offset int64
}

// next returns the next valid header and its offset; -1 if there are no more.
func (f *finder) next() (h frame, at int64, err error) {
	var magic [2]byte
	binary.LittleEndian.PutUint16(magic[:], frameMagic)
	for f.offset+frameSize <= f.seg.size {
		f.keep = f.offset
		b, err := f.view(f.offset, min(scanBuffer, f.seg.size-f.offset))
		if err != nil {
			return h, -1, err
		}
		for i := 0; ; i++ {
			skip := bytes.Index(b[i:], magic[:])
			if skip < 0 {
				f.offset += int64(len(b) - len(magic) + 1)
				break
			}
			if i += skip; i+frameSize > len(b) {
				f.offset += int64(i)
				break
			}
			if at := f.offset + int64(i); parseFrame(b[i:], f.seg.seed, at, &h) {
				f.offset = at + 1
				return h, at, nil
			}
		}
	}
	return h, -1, nil
}

// lostSector reports whether a sector's part of the bytes from..to is all zeros, as where a write
// never reached the disk but a later one did.
func (s *scan) lostSector(from, to int64) (bool, error) {
	for at := from; at < to; {
		end := min(at/sector*sector+sector, to)
		s.keep = at
		b, err := s.view(at, end-at)
		if err != nil {
			return false, err
		}
		if len(bytes.Trim(b, "\x00")) == 0 && end%sector == 0 {
			return true, nil
		}
		at = end
	}
	return false, nil
}
