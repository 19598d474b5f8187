package export

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/format"
)

// octets are the values of an INT(8) column: masks. There are so few different ones that they are always written
// through a dictionary.
type octets struct {
	page    []int8
	index   [256]int16 // of each value in the dictionary, plus 1
	dict    []int8
	indexes []byte
}

func (o *octets) put(v int8)      { o.page = append(o.page, v) }
func (o *octets) putAll(v []int8) { o.page = append(o.page, v...) }
func (o *octets) len() int        { return len(o.page) }
func (o *octets) size() int       { return len(o.page) }

func (o *octets) encode(dst []byte, _ bool) ([]byte, format.Encoding) {
	o.indexes = extend(o.indexes[:0], len(o.page))
	indexes, last := o.indexes[:len(o.page)], o.page[0]
	at := o.add(last)
	for i, v := range o.page {
		if v != last {
			last, at = v, o.add(v)
		}
		indexes[i] = at
	}
	o.page = o.page[:0]
	width := bitWidth(len(o.dict) - 1)
	return appendLevels(append(dst, byte(width)), o.indexes, width), format.RLEDictionary
}

// add returns the index of a value in the dictionary.
func (o *octets) add(v int8) byte {
	if o.index[byte(v)] == 0 {
		o.dict = append(o.dict, v)
		o.index[byte(v)] = int16(len(o.dict))
	}
	return byte(o.index[byte(v)] - 1)
}

func (o *octets) bounds() (lo, hi []byte, ok bool) {
	a, b := o.page[0], o.page[0]
	last := a
	for _, v := range o.page {
		if v != last { // masks are runs
			last, a, b = v, min(a, v), max(b, v)
		}
	}
	return plainOctets([]int8{a}), plainOctets([]int8{b}), true
}

func (o *octets) compare(a, b []byte) int { return int(int8(a[0])) - int(int8(b[0])) }

func (o *octets) dictionary() (count int, plain []byte) { return len(o.dict), plainOctets(o.dict) }

// plainOctets returns values as Parquet has them: in 4 bytes.
func plainOctets(values []int8) (plain []byte) {
	for _, v := range values {
		plain = binary.LittleEndian.AppendUint32(plain, uint32(int32(v)))
	}
	return plain
}

func (o *octets) reset() {
	o.dict = o.dict[:0]
	clear(o.index[:])
}

// booleans are the values of a BOOLEAN column, one bit each.
type booleans struct {
	page    []byte // the bits
	n       int
	no, yes bool // what the page holds
}

func (b *booleans) put(v bool) {
	if b.n%8 == 0 {
		b.page = append(b.page, 0)
	}
	if v {
		b.page[b.n/8] |= 1 << (b.n % 8)
	}
	b.n++
	b.no, b.yes = b.no || !v, b.yes || v
}

func (b *booleans) len() int  { return b.n }
func (b *booleans) size() int { return len(b.page) }

func (b *booleans) encode(dst []byte, _ bool) ([]byte, format.Encoding) {
	dst = append(dst, b.page...)
	b.page, b.n, b.no, b.yes = b.page[:0], 0, false, false
	return dst, format.Plain
}

func (b *booleans) bounds() (lo, hi []byte, ok bool) {
	bound := func(v bool) []byte { return []byte{byte(one(v))} }
	return bound(!b.no), bound(b.yes), true
}

func (b *booleans) compare(x, y []byte) int               { return int(x[0]) - int(y[0]) }
func (b *booleans) dictionary() (count int, plain []byte) { return 0, nil }
func (b *booleans) reset()                                {}
