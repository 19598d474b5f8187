package export

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// bitPattern is the bits of an int32 or float32, or of an int64 or float64.
type bitPattern interface{ uint32 | uint64 }

// numbers are the values of an INT32, FLOAT, INT64 or DOUBLE column. A dictionary makes labels, rewards
// and ids small without much work for the compressor. Where most values differ, floats are
// BYTE_STREAM_SPLIT, whose exponents compress, and integers PLAIN.
type numbers[B bitPattern] struct {
	kind    parquet.Kind
	page    []B
	dict    numberDictionary[B]
	plain   bool // the dictionary takes no more values of this row group
	indexes []int32
}

func (n *numbers[B]) put(v B) { n.page = append(n.page, v) }

// extend lengthens the page by count values, which are to be filled in.
func (n *numbers[B]) extend(count int) []B {
	at := len(n.page)
	n.page = slices.Grow(n.page, count)[:at+count]
	return n.page[at:]
}

func (n *numbers[B]) len() int  { return len(n.page) }
func (n *numbers[B]) size() int { return len(n.page) * n.width() }

func (n *numbers[B]) width() int {
	if n.kind == parquet.Int32 || n.kind == parquet.Float {
		return 4
	}
	return 8
}

func (n *numbers[B]) float() bool { return n.kind == parquet.Float || n.kind == parquet.Double }

func (n *numbers[B]) encode(dst []byte, first bool) ([]byte, format.Encoding) {
	defer func() { n.page = n.page[:0] }()
	if !n.plain && n.index(first) {
		return appendIndexes(dst, n.indexes, len(n.dict.values)), format.RLEDictionary
	}
	n.plain = true
	if n.float() {
		return n.split(dst), format.ByteStreamSplit
	}
	return n.appendPlain(dst, n.page), format.Plain
}

// index puts the page into the dictionary, or returns false and leaves the dictionary as it was: if it
// would grow too large, or if it does not pay on the first page.
func (n *numbers[B]) index(first bool) bool {
	if first && n.float() && !n.repeats() {
		return false
	}
	before := len(n.dict.values)
	n.indexes = n.dict.index(n.indexes, n.page)
	after := len(n.dict.values)
	if after*n.width() > maxDictionaryBytes || first && 2*after > len(n.page) && len(n.page) > fewValues {
		n.dict.values = n.dict.values[:before]
		return false
	}
	return true
}

// repeats reports whether a quarter of a sample of the page is distinct at most, which log-probabilities are not.
func (n *numbers[B]) repeats() bool {
	const most = 1024
	step := max(1, len(n.page)/most)
	sample := make([]B, 0, 2*most)
	for i := 0; i < len(n.page); i += step {
		sample = append(sample, n.page[i])
	}
	var d numberDictionary[B]
	d.index(nil, sample)
	return len(sample) <= fewValues || 4*len(d.values) <= len(sample)
}

func (n *numbers[B]) appendPlain(dst []byte, values []B) []byte {
	if n.width() == 4 {
		for _, v := range values {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
		}
		return dst
	}
	for _, v := range values {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
	}
	return dst
}

// split appends the first bytes of all values, then the second bytes, and so on.
func (n *numbers[B]) split(dst []byte) []byte {
	at, count := len(dst), len(n.page)
	dst = extend(dst, count*n.width())
	for k := range n.width() {
		stream := dst[at+k*count:][:len(n.page)]
		for i, v := range n.page {
			stream[i] = byte(v >> (8 * k))
		}
	}
	return dst
}

func (n *numbers[B]) dictionary() (count int, plain []byte) {
	if len(n.dict.values) == 0 {
		return 0, nil
	}
	return len(n.dict.values), n.appendPlain(nil, n.dict.values)
}

func (n *numbers[B]) reset() {
	n.dict.reset()
	n.plain = false
}

// bounds has no answer for NaN, which has no place in an order.
func (n *numbers[B]) bounds() (lo, hi []byte, ok bool) {
	switch n.kind {
	case parquet.Int32:
		a, b := int32(n.page[0]), int32(n.page[0])
		for _, v := range n.page {
			a, b = min(a, int32(v)), max(b, int32(v))
		}
		return n.bound(B(uint32(a))), n.bound(B(uint32(b))), true
	case parquet.Int64:
		a, b := int64(n.page[0]), int64(n.page[0])
		for _, v := range n.page {
			a, b = min(a, int64(v)), max(b, int64(v))
		}
		return n.bound(B(uint64(a))), n.bound(B(uint64(b))), true
	}
	a, b := math.Inf(1), math.Inf(-1)
	for _, v := range n.page {
		f := n.floatOf(v)
		if f != f {
			return nil, nil, false
		}
		if f < a {
			a = f
		}
		if f > b {
			b = f
		}
	}
	// a reader may take -0 for less than 0, or for the same
	if a == 0 {
		a = math.Copysign(0, -1)
	}
	if b == 0 {
		b = 0
	}
	if n.kind == parquet.Float {
		return n.bound(B(math.Float32bits(float32(a)))), n.bound(B(math.Float32bits(float32(b)))), true
	}
	return n.bound(B(math.Float64bits(a))), n.bound(B(math.Float64bits(b))), true
}

func (n *numbers[B]) bound(v B) []byte { return n.appendPlain(nil, []B{v}) }

func (n *numbers[B]) floatOf(v B) float64 {
	if n.kind == parquet.Float {
		return float64(math.Float32frombits(uint32(v)))
	}
	return math.Float64frombits(uint64(v))
}

func (n *numbers[B]) compare(a, b []byte) int {
	switch n.kind {
	case parquet.Int32:
		return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
	case parquet.Int64:
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	case parquet.Float:
		return cmp.Compare(math.Float32frombits(binary.LittleEndian.Uint32(a)), math.Float32frombits(binary.LittleEndian.Uint32(b)))
	default:
		return cmp.Compare(math.Float64frombits(binary.LittleEndian.Uint64(a)), math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
}
