package export

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/format"
)

// texts are the values of a BYTE_ARRAY column. They go through a dictionary until that turns out not to
// pay, or has grown too large; from then on the rest of the row group is PLAIN.
type texts struct {
	dict    textDictionary
	indexes []int32 // of the page
	page    []byte  // PLAIN
	n       int     // values in the page
	plain   bool
	written bool // a page with indexes was written

	seen   []int32 // of each text in the dictionary: the page that has it
	pages  int32
	lo, hi []byte // of the page

	filter bool     // wanted
	hashes []uint64 // for it
}

func (t *texts) len() int { return t.n }

func (t *texts) size() int {
	if t.plain {
		return len(t.page)
	}
	return 4 * t.n
}

func (t *texts) put(s string) {
	t.n++
	if t.plain {
		t.page = appendText(t.page, s)
		t.saw(t.page[len(t.page)-len(s):], true)
		return
	}
	i, added := t.dict.add(s)
	if added {
		t.seen = append(t.seen, -1)
	}
	if t.seen[i] != t.pages {
		t.seen[i] = t.pages
		t.saw(t.dict.text(i), added)
	}
	t.indexes = append(t.indexes, i)
	if len(t.dict.plain) > maxDictionaryBytes || !t.written && t.n == 2*fewValues && !t.pays() {
		t.spell()
	}
}

func (t *texts) putBytes(b []byte) { t.put(string(b)) }

// pays reports whether half of the page is distinct at most.
func (t *texts) pays() bool { return t.n <= fewValues || 2*t.dict.len() <= t.n }

// saw notes a text of the page. The slice may move: what stays is copied.
func (t *texts) saw(text []byte, fresh bool) {
	if t.lo == nil || bytes.Compare(text, t.lo) < 0 {
		t.lo = append([]byte{}, text...)
	}
	if t.hi == nil || bytes.Compare(text, t.hi) > 0 {
		t.hi = append([]byte{}, text...)
	}
	if t.filter && fresh {
		t.hashes = append(t.hashes, bloom.XXH64{}.Sum64(text))
	}
}

// spell writes the page in hand, and all later ones, without the dictionary.
func (t *texts) spell() {
	t.plain = true
	for _, i := range t.indexes {
		text := t.dict.text(i)
		t.page = append(binary.LittleEndian.AppendUint32(t.page, uint32(len(text))), text...)
	}
	t.indexes = t.indexes[:0]
	if !t.written {
		t.dict.reset()
	}
}

func appendText(dst []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(s))), s...)
}

func (t *texts) encode(dst []byte, first bool) ([]byte, format.Encoding) {
	if first && !t.plain && !t.pays() {
		t.spell()
	}
	encoding := format.Plain
	if t.plain {
		dst = append(dst, t.page...)
	} else {
		dst, encoding, t.written = appendIndexes(dst, t.indexes, t.dict.len()), format.RLEDictionary, true
	}
	t.indexes, t.page, t.n = t.indexes[:0], t.page[:0], 0
	t.lo, t.hi = nil, nil
	t.pages++
	return dst, encoding
}

func (t *texts) bounds() (lo, hi []byte, ok bool) { return t.lo, t.hi, true }
func (t *texts) compare(a, b []byte) int          { return bytes.Compare(a, b) }

func (t *texts) dictionary() (count int, plain []byte) {
	if !t.written {
		return 0, nil
	}
	return t.dict.len(), t.dict.plain
}

func (t *texts) reset() {
	t.dict.reset()
	t.plain, t.written, t.pages = false, false, 0
	t.seen, t.hashes = t.seen[:0], t.hashes[:0]
}

// bloomFilter returns a filter of all values, with at least 8 bits for each: about 2 of 100 absent ones pass. Its length is a
// power of 2, because Arrow takes no other.
func (t *texts) bloomFilter() []byte {
	slices.Sort(t.hashes)
	t.hashes = slices.Compact(t.hashes)
	blocks := 1
	for blocks*bloom.BlockSize < len(t.hashes) {
		blocks *= 2
	}
	f := make(bloom.SplitBlockFilter, blocks)
	f.InsertBulk(t.hashes)
	return f.Bytes()
}
