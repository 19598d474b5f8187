package tokenizer

import "unicode/utf8"

// noSymbol is the symbol of a character that no token holds.
const noSymbol = -1

// merge is what two neighbouring symbols become.
type merge struct {
	rank int32 // lower comes first
	to   int32 // symbol
}

// mergeTable maps pairs of symbols to merges: open addressing with linear probing, half full at most.
type mergeTable struct {
	slots []mergeSlot // a power of two
	shift uint        // 64 less the number of bits of an index
}

type mergeSlot struct {
	pair uint64 // left<<32 | right, plus 1; 0: empty
	merge
}

func newMergeTable(n int) mergeTable {
	bits := uint(3)
	for 1<<bits < 2*n {
		bits++
	}
	return mergeTable{slots: make([]mergeSlot, 1<<bits), shift: 64 - bits}
}

// set maps a pair, also one that was mapped before. There must be room.
func (t *mergeTable) set(left, right int32, m merge) {
	pair := uint64(left)<<32 | uint64(right) + 1
	for i := t.home(pair); ; i = (i + 1) & (len(t.slots) - 1) {
		if s := &t.slots[i]; s.pair == 0 || s.pair == pair {
			s.pair, s.merge = pair, m
			return
		}
	}
}

// get returns what a pair becomes. Symbols below 0 are in no pair.
func (t *mergeTable) get(left, right int32) (merge, bool) {
	if left < 0 || right < 0 {
		return merge{}, false
	}
	pair := uint64(left)<<32 | uint64(right) + 1
	for i := t.home(pair); ; i = (i + 1) & (len(t.slots) - 1) {
		s := &t.slots[i]
		if s.pair == pair {
			return s.merge, true
		}
		if s.pair == 0 {
			return merge{}, false
		}
	}
}

func (t *mergeTable) home(pair uint64) int {
	return int(pair * 0x9E3779B97F4A7C15 >> t.shift) // 2^64 over the golden ratio
}

// runeTable maps characters to symbols, in pages of 256 characters.
type runeTable [(utf8.MaxRune + 1) >> 8]*[256]int32

func (t *runeTable) set(r rune, symbol int32) {
	page := t[r>>8]
	if page == nil {
		page = new([256]int32)
		for i := range page {
			page[i] = noSymbol
		}
		t[r>>8] = page
	}
	page[r&0xFF] = symbol
}

func (t *runeTable) get(r rune) int32 {
	if page := t[r>>8]; page != nil {
		return page[r&0xFF]
	}
	return noSymbol
}
