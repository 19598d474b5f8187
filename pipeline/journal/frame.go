package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// The layout of a frame is drawn in doc.go.
const (
	frameSize  = 48     // bytes before the payload
	frameMagic = 0x4ad7 // D7 4A on disk

	flagS2      = 1 << 0 // the payload is compressed
	flagMore    = 1 << 1 // the batch goes on with the next frame
	flagBarrier = 1 << 2 // all that lies before this frame was on disk before it was written
	flagsKnown  = flagS2 | flagMore | flagBarrier
)

// The frames of kind 0 are marks of the journal itself. Their key's first byte says which; they
// have no payload.
const (
	markClosed    = 1 // the journal was closed here in good order
	markContinued = 2 // the segment ends here, the next one goes on
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errFrameHeader  = errors.New("no valid frame header")
	errFrameLength  = errors.New("frame goes past the end of the file")
	errFramePayload = errors.New("payload does not match its checksum")
	errFrameOrder   = errors.New("batch is not complete, but later data was on disk")
	errFrameMark    = errors.New("unknown mark")
	errAfterEnd     = errors.New("data after the end mark of the segment")
)

// frame is a frame's header, decoded.
type frame struct {
	Header
	flags  byte
	length int64  // of the payload as it is stored
	sum    uint32 // checksum of the payload
	chain  uint32 // checksum of the header, with which that of the payload begins
}

func (f *frame) size() int64 { return frameSize + f.length }

// appendFrame adds a frame to b as it will lie at an offset of a segment with the given seed.
func appendFrame(b []byte, seed uint32, offset int64, h Header, flags byte, payload []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint16(b, frameMagic)
	b = append(b, byte(h.Kind), flags)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = append(b, h.Key[:]...)
	b = append(b, h.Owner[:]...)
	chain := crc32.Update(seed^uint32(offset), castagnoli, b[at:])
	b = binary.LittleEndian.AppendUint32(b, chain)
	b = binary.LittleEndian.AppendUint32(b, crc32.Update(chain, castagnoli, payload))
	return append(b, payload...)
}

// parseFrame decodes the header in the first frameSize bytes of b; false if it is not valid at
// that offset of that segment.
func parseFrame(b []byte, seed uint32, offset int64, f *frame) bool {
	_ = b[frameSize-1]
	if binary.LittleEndian.Uint16(b) != frameMagic || b[3]&^flagsKnown != 0 {
		return false
	}
	f.chain = binary.LittleEndian.Uint32(b[40:])
	if crc32.Update(seed^uint32(offset), castagnoli, b[:40]) != f.chain {
		return false
	}
	f.Kind, f.flags = Kind(b[2]), b[3]
	f.length = int64(binary.LittleEndian.Uint32(b[4:]))
	copy(f.Key[:], b[8:])
	copy(f.Owner[:], b[24:])
	f.sum = binary.LittleEndian.Uint32(b[44:])
	return true
}

// holds reports whether payload is what the frame was written with.
func (f *frame) holds(payload []byte) bool {
	return crc32.Update(f.chain, castagnoli, payload) == f.sum
}

// mark returns the mark that a frame of kind 0 is; false if it is none that this version knows.
func (f *frame) mark() (byte, bool) {
	m := f.Key[0]
	ok := (m == markClosed || m == markContinued) && f.length == 0 && f.flags == flagBarrier
	return m, ok
}

func appendMark(b []byte, seed uint32, offset int64, mark byte) []byte {
	return appendFrame(b, seed, offset, Header{Key: Key{mark}}, flagBarrier, nil)
}
