package journal

import "fmt"

// Kind says what a record is. Its meaning belongs to the caller; 0 is reserved for the journal.
type Kind byte

// Key is a content key: the first half of a SHA-256.
type Key [16]byte

// Header is what a record says without its body.
type Header struct {
	Kind  Kind
	Key   Key // of the record's content
	Owner Key // of the prompt that the record belongs to
}

// Record is one entry of the journal.
type Record struct {
	Header
	Body []byte // at most MaxBody bytes; nil and empty are the same
}

// MaxBody is the largest body of a record, in bytes before compression.
const MaxBody = 64 << 20

// maxBatch bounds what one Append may write, in bytes of its bodies and frames. With it, an offset
// always fits in the 32 bits that a Ref has for it.
const maxBatch = 512 << 20

// Ref says where a record lies: segment number and offset of its frame. It never changes. 0 is no
// record.
type Ref uint64

func makeRef(segment uint32, offset int64) Ref { return Ref(segment)<<32 | Ref(offset) }

// Segment returns the number of the segment file, from 1.
func (r Ref) Segment() uint32 { return uint32(r >> 32) }

// Offset returns the offset of the record's frame in its segment, in bytes.
func (r Ref) Offset() int64 { return int64(uint32(r)) }

// String returns the file and the offset, as errors name them.
func (r Ref) String() string {
	if r == 0 {
		return "no record"
	}
	return fmt.Sprintf("%s:%d", segmentName(r.Segment()), r.Offset())
}
