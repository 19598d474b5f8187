package similar

import (
	"math"
	"slices"
)

// bucketTexts is the most texts of a bucket. A fuller one holds wording that hundreds of texts share, which tells
// nothing of a pair; without a limit, a million texts of one template would be compared all with all.
const bucketTexts = 256

// outside stands in next for a place that is in no bucket, because the bucket was full.
const outside = math.MaxUint32

// buckets hold the texts of each band's key, as chains through one array: text k has the places k*bands to
// (k+1)*bands-1. A key is 32 bits: two of them that meet by chance cost a comparison, no more.
type buckets struct {
	bands int
	texts int
	keys  []uint32 // of each place
	next  []uint32 // place that came before in the chain, from 1; 0: none
	slots []uint32 // last place of each chain, from 1; a chain may hold several keys

	full  []bool   // len bands: whether the bucket that meet looked into was full
	seen  []uint32 // of each text: the round in which it was met last
	round uint32
}

// meet appends the texts that lie in a bucket of these keys, ascending, each once. full says that a bucket held as
// many as it may, so that there may be others.
func (b *buckets) meet(met []uint32, keys []uint32) (_ []uint32, full bool) {
	b.full = append(b.full[:0], make([]bool, b.bands)...)
	if len(b.slots) == 0 {
		return met, false
	}
	if b.round++; b.round == 0 { // the counter has come round
		clear(b.seen)
		b.round = 1
	}
	for band, key := range keys {
		n := 0
		for at := b.slots[key&uint32(len(b.slots)-1)]; at != 0; at = b.next[at-1] {
			if b.keys[at-1] != key {
				continue
			}
			n++
			if text := (at - 1) / uint32(b.bands); b.seen[text] != b.round {
				b.seen[text] = b.round
				met = append(met, text)
			}
		}
		b.full[band] = n >= bucketTexts
		full = full || b.full[band]
	}
	slices.Sort(met)
	return met, full
}

// insert puts the next text into the buckets that meet looked into last, but not into full ones. It reports false
// after 2^32 places, which are 195 million texts: the text can then not be met.
func (b *buckets) insert(keys []uint32) bool {
	if uint64(b.texts+1)*uint64(b.bands) >= outside {
		return false
	}
	b.texts++
	b.seen = append(b.seen, 0)
	b.keys = append(b.keys, keys...)
	for band := range keys {
		if b.full[band] {
			b.next = append(b.next, outside)
		} else {
			b.next = append(b.next, 0)
		}
	}
	if len(b.keys) > len(b.slots) {
		b.grow()
		return true
	}
	b.link(len(b.keys) - len(keys))
	return true
}

// link chains the places from the given one on.
func (b *buckets) link(from int) {
	mask := uint32(len(b.slots) - 1)
	for at := from; at < len(b.keys); at++ {
		if b.next[at] == outside {
			continue
		}
		slot := &b.slots[b.keys[at]&mask]
		b.next[at] = *slot
		*slot = uint32(at + 1)
	}
}

func (b *buckets) grow() {
	b.slots = make([]uint32, max(1024, 2*len(b.slots)))
	b.link(0)
}
