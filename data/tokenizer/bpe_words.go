package tokenizer

import "encoding/binary"

// byteEncoder is the memory of one encoding at a time: what merging needs, and words merged before.
type byteEncoder struct {
	merger
	slots [knownWords]wordSlot
}

// Bounds of what an encoder remembers: a megabyte.
const (
	knownWords = 1 << 14
	knownWord  = 31 // bytes
)

// wordSlot holds the ids of one word. It fills a cache line.
type wordSlot struct {
	key [knownWord + 1]byte // the word, zeros, its length; all zero: no word
	n   int32
	ids [7]int32
}

// known returns the slot of a word of at most knownWord bytes, and whether the slot holds it.
func (e *byteEncoder) known(word string) (*wordSlot, bool) {
	var key [knownWord + 1]byte
	copy(key[:], word)
	key[knownWord] = byte(len(word))
	h := uint64(0)
	for i := 0; i < len(key); i += 8 {
		h = (h ^ binary.LittleEndian.Uint64(key[i:])) * 0x9E3779B97F4A7C15 // 2^64 over the golden ratio
		h ^= h >> 29
	}
	slot := &e.slots[h>>40%knownWords]
	return slot, slot.key == key
}

// keep makes the slot hold a word and its ids, if they fit.
func (s *wordSlot) keep(word string, ids []int32) {
	if len(ids) > len(s.ids) {
		return
	}
	s.key = [knownWord + 1]byte{}
	copy(s.key[:], word)
	s.key[knownWord] = byte(len(word))
	s.n = int32(copy(s.ids[:], ids))
}
