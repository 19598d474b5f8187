package similar

import (
	"iter"
	"slices"
)

// gram is one n-gram of one evaluation set.
type gram struct {
	at       uint32 // its first place in the arena: in the first entry that holds it
	last     uint32 // the entry that was counted last
	entries  uint32 // different entries of the set that hold it
	set      uint32
	n        uint16 // words
	template bool   // it is wording of the set
}

// grams is an open hash table of n-grams. Slots hold places in all, from 1; the words are compared on every look-up,
// so that two n-grams of one hash are two n-grams.
type grams struct {
	all    []gram
	hashes []uint64 // of all
	slots  []uint32
}

// add counts g for its entry, or puts it down if its set does not hold it yet.
func (t *grams) add(arena []uint32, g gram, hash uint64) {
	if len(t.all)*4 >= len(t.slots)*3 {
		t.grow()
	}
	mask := uint32(len(t.slots) - 1)
	words := arena[g.at : g.at+uint32(g.n)]
	i := uint32(hash) & mask
	for ; t.slots[i] != 0; i = (i + 1) & mask {
		k := t.slots[i] - 1
		old := &t.all[k]
		if t.hashes[k] == hash && old.set == g.set && t.same(arena, old, words) {
			if old.last != g.last {
				old.last = g.last
				old.entries++
			}
			return
		}
	}
	t.all = append(t.all, g)
	t.hashes = append(t.hashes, hash)
	t.slots[i] = uint32(len(t.all))
}

// find returns the n-gram of these words that is no template and comes first in the arena, or nil.
func (t *grams) find(arena, words []uint32, hash uint64) (found *gram) {
	if len(t.slots) == 0 {
		return nil
	}
	mask := uint32(len(t.slots) - 1)
	for i := uint32(hash) & mask; t.slots[i] != 0; i = (i + 1) & mask {
		k := t.slots[i] - 1
		g := &t.all[k]
		if t.hashes[k] == hash && !g.template && (found == nil || g.at < found.at) && t.same(arena, g, words) {
			found = g
		}
	}
	return found
}

func (t *grams) same(arena []uint32, g *gram, words []uint32) bool {
	return int(g.n) == len(words) && slices.Equal(arena[g.at:g.at+uint32(g.n)], words)
}

func (t *grams) grow() {
	t.slots = make([]uint32, max(64, 2*len(t.slots)))
	mask := uint32(len(t.slots) - 1)
	for k := range t.all {
		i := uint32(t.hashes[k]) & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(k + 1)
	}
}

// windows yields the place and the hash of every n words in a row. No window holds a 0: the number of a word that is
// in no n-gram.
func windows(ids []uint32, n int) iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		const base = 0x9E3779B97F4A7C15 // odd, so that no word loses its bits
		drop := uint64(1)
		for range n {
			drop *= base
		}
		var h uint64
		known := 0
		for i, id := range ids {
			if id == 0 {
				known, h = 0, 0
				continue
			}
			h = h*base + uint64(id)
			if known++; known > n {
				h -= uint64(ids[i-n]) * drop
			}
			if known >= n && !yield(i-n+1, mix(h+uint64(n))) {
				return
			}
		}
	}
}

// mix spreads every bit of x over all of its result (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	return x ^ x>>31
}
