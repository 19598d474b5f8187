package similar

import (
	"crypto/sha256"
	"math"
	"slices"
	"strings"
)

// whole is the texts of one set that are the same as a whole.
type whole struct {
	text     uint32 // the first of them
	set      uint32
	last     uint32 // the entry that was counted last
	entries  uint32 // different entries of the set that hold one
	next     uint32 // the same text in another set, place in wholes, from 1; 0: none
	template bool
}

// addWhole counts a text for its entry, or puts it down if its set does not hold it yet.
func (d *Decontaminator) addWhole(text string, w whole) {
	key, ok := wholeKey(text)
	if !ok {
		return
	}
	i := d.whole[key]
	w.next = i
	for ; i != 0; i = d.wholes[i-1].next {
		old := &d.wholes[i-1]
		if old.set != w.set {
			continue
		}
		if old.last != w.last {
			old.last = w.last
			old.entries++
		}
		return
	}
	d.wholes = append(d.wholes, w)
	d.whole[key] = uint32(len(d.wholes))
}

// findWhole returns the first text that is the same as a whole and no template of its set.
func (d *Decontaminator) findWhole(s string) (found part, ok bool) {
	key, has := wholeKey(s)
	if !has {
		return part{}, false
	}
	first := uint32(math.MaxUint32)
	for i := d.whole[key]; i != 0; i = d.wholes[i-1].next {
		if w := d.wholes[i-1]; !w.template && w.text < first {
			first = w.text
		}
	}
	if first == math.MaxUint32 {
		return part{}, false
	}
	return d.parts[first], true
}

// wholeKey identifies a text as a whole: by its tokens, without the punctuation of prose. Signs of calculation and
// brackets stay, since 3 + 4 and 3 - 4 are two questions. ok is false where nothing is left.
func wholeKey(text string) (key [16]byte, ok bool) {
	tokens := slices.DeleteFunc(Tokens(text), func(t string) bool {
		return strings.Contains(".,;:?'\"`‘’“”„«»…—–、。，？；：", t)
	})
	return key16(tokens), len(tokens) > 0
}

func key16(words []string) [16]byte {
	h := sha256.New()
	var b []byte
	for _, w := range words {
		b = append(append(b[:0], w...), 0) // no word holds a zero byte: it is a control character
		h.Write(b)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return [16]byte(sum[:16])
}
