package similar

import "testing"

// TestGramsOfOneHash holds different n-grams under one hash apart, and those of different sets.
func TestGramsOfOneHash(t *testing.T) {
	var g grams
	arena := []uint32{1, 2, 3, 4, 5, 6}
	for i := range 40 { // entries 0 to 39 hold 1 2 3, every second one in set 1
		g.add(arena, gram{at: 0, n: 3, set: uint32(i % 2), last: uint32(i), entries: 1}, 42)
	}
	g.add(arena, gram{at: 3, n: 3, last: 50, entries: 1}, 42)
	g.add(arena, gram{at: 3, n: 3, last: 50, entries: 1}, 42) // twice in one entry
	if len(g.all) != 3 || g.all[0].entries != 20 || g.all[1].entries != 20 || g.all[2].entries != 1 {
		t.Fatalf("got %+v", g.all)
	}
	for i := range uint32(1000) { // grow the table
		arena = append(arena, 100+i)
		g.add(arena, gram{at: uint32(len(arena) - 1), n: 1, entries: 1}, 42+uint64(i%3))
	}
	for at, words := range map[uint32][]uint32{0: {1, 2, 3}, 3: {4, 5, 6}} {
		if f := g.find(arena, words, 42); f == nil || f.at != at {
			t.Errorf("find(%v) = %+v, want the one at %d", words, f, at)
		}
	}
	for _, words := range [][]uint32{{2, 3, 4}, {1, 2}, {1, 2, 3, 4}} {
		if f := g.find(arena, words, 42); f != nil {
			t.Errorf("find(%v) = %+v", words, f)
		}
	}
}

// TestWindows compares the rolling hash with that of each window by itself.
func TestWindows(t *testing.T) {
	ids := []uint32{5, 6, 7, 8, 0, 5, 6, 7, 9, 5, 6, 7}
	want := map[int]bool{0: true, 1: true, 5: true, 6: true, 7: true, 8: true, 9: true}
	hashes := map[int]uint64{}
	for at, h := range windows(ids, 3) {
		if !want[at] {
			t.Errorf("a window at %d", at)
		}
		hashes[at] = h
		for _, alone := range windows(ids[at:at+3], 3) {
			if alone != h {
				t.Errorf("window at %d: hash %x, by itself %x", at, h, alone)
			}
		}
	}
	if len(hashes) != len(want) || hashes[0] != hashes[5] || hashes[0] != hashes[9] || hashes[0] == hashes[1] {
		t.Errorf("got %x", hashes)
	}
}

// TestCommonBound counts in fewer places than there are shingles: what is called common is.
func TestCommonBound(t *testing.T) {
	c, err := NewCommon(1, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	c.limit = 50
	for i := range 400 {
		text := "always "
		if i%5 < 2 {
			text += "sometimes "
		}
		c.Add(text + string(rune('A'+i%26)) + string(rune('a'+i/26)) + " " + string(rune(0x400+i)))
	}
	c.Add("always") // once more than the others
	if len(c.counts) > 51 {
		t.Errorf("%d counters, want 50 at most", len(c.counts))
	}
	if !c.has(shingles(nil, "always", 1)[0]) || c.has(shingles(nil, "sometimes", 1)[0]) || c.Len() != 1 {
		t.Errorf("%d common shingles, want 1: always", c.Len())
	}
}
