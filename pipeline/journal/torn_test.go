package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"mulligan/data/disk/disktest"
)

const firstFile = "j/00000001.journal"

// frames returns the offsets of all frames of a sound segment, marks too, and its length.
func frames(t testing.TB, fsys *disktest.FS, name string) []int64 {
	t.Helper()
	b, err := fsys.ReadFile(name)
	must(t, err)
	s := &segment{number: 1, size: int64(len(b))}
	s.file, err = fsys.Open(name)
	must(t, err, s.readHeader())
	var offsets []int64
	for at := int64(segmentHeader); at < s.size; {
		var f frame
		if !parseFrame(b[at:], s.seed, at, &f) {
			t.Fatalf("no frame at %d", at)
		}
		offsets = append(offsets, at)
		at += f.size()
	}
	return append(offsets, s.size)
}

// damage returns a copy in which the content of a file is changed.
func damage(t testing.TB, fsys *disktest.FS, name string, change func([]byte) []byte) *disktest.FS {
	t.Helper()
	g := fsys.Crash(nil)
	b, err := g.ReadFile(name)
	must(t, err, g.WriteFile(name, change(b)))
	return g
}

// The last segment may end at any byte: what is whole is there, the rest is cut and said, and the
// journal can be written to.
func TestTornAtEveryLength(t *testing.T) {
	fsys := crashed(t, Options{}, 1, 3, 2)
	fsys.SyncAll()
	at := frames(t, fsys, firstFile)
	batches := []struct {
		end     int64
		records int64
	}{{segmentHeader, 0}, {at[1], 1}, {at[4], 4}, {at[6], 6}}
	for size := int64(0); size <= at[6]; size++ {
		torn := damage(t, fsys, firstFile, func(b []byte) []byte { return b[:size] })
		var want, end int64
		for _, b := range batches {
			if size >= b.end {
				want, end = b.records, b.end
			}
		}
		j, rec, list := open(t, torn, Options{})
		if rec.Records != want || size >= segmentHeader && (rec.Cut != size-end || rec.Cut > 0 && (rec.Offset != end || rec.File != firstFile)) {
			t.Fatalf("%d bytes: %+v, want %d records, cut %d at %d", size, rec, want, size-end, end)
		}
		_, err := j.Append(context.Background(), record(len(list)))
		must(t, err, j.Close())
		if _, rec, list := open(t, torn, Options{}); int64(len(list)) != want+1 || rec.Cut != 0 || !rec.Closed {
			t.Fatalf("%d bytes: after an append: %+v", size, rec)
		}
	}
}

// What follows the last frame is cut: zeros, noise, an old frame in a new place.
func TestTornByOtherBytes(t *testing.T) {
	fsys := crashed(t, Options{}, 1, 3)
	fsys.SyncAll()
	at := frames(t, fsys, firstFile)
	whole, err := fsys.ReadFile(firstFile)
	must(t, err)
	for name, tail := range map[string][]byte{
		"one zero":        {0},
		"zeros":           make([]byte, 5000),
		"noise":           record(2).Body,
		"repeated frame":  whole[at[0]:at[1]],
		"repeated header": whole[:segmentHeader],
		"magic":           bytes.Repeat([]byte{0xd7, 0x4a}, 3000),
	} {
		torn := damage(t, fsys, firstFile, func(b []byte) []byte { return append(b, tail...) })
		_, rec, list := open(t, torn, Options{})
		if len(list) != 4 || rec.Cut != int64(len(tail)) || rec.Offset != at[4] {
			t.Errorf("%s: %+v, %d records", name, rec, len(list))
		}
	}
}

// One flipped bit, at every byte. In a journal that was closed it is told wherever it is, but in the
// mark of the Close itself. In one whose process died it is told but in the last frame.
func TestFlipAtEveryByte(t *testing.T) {
	for _, closed := range []bool{true, false} {
		fsys, sealed := crashed(t, Options{}, 1, 3, 2), 6 // one group each
		if closed {
			fsys, sealed = fill(t, Options{}, 1, 3, 2), 7
		}
		fsys.SyncAll()
		at := frames(t, fsys, firstFile)
		size := at[len(at)-1]
		lastFrame := at[len(at)-2]
		for i := range size {
			flipped := damage(t, fsys, firstFile, func(b []byte) []byte { b[i] ^= 1 << (i % 8); return b })
			var list []Record
			j, rec, err := Open(flipped, "j", Options{}, collect(&list))
			if i < lastFrame {
				c := corrupt(t, err)
				frame := int64(0)
				for _, a := range at {
					if a <= i {
						frame = a
					}
				}
				if c.File != firstFile || i >= segmentHeader && c.Offset != frame {
					t.Fatalf("closed %t, byte %d: %v, want offset %d", closed, i, c, frame)
				}
				if _, err := Verify(flipped, "j", nil); corrupt(t, err).Offset != c.Offset {
					t.Fatalf("closed %t, byte %d: verify says %v", closed, i, err)
				}
				continue
			}
			must(t, err, same(list), j.Close())
			want := 4 // the batch of the last frame is cut
			if closed {
				want = 6 // the mark is
			}
			if len(list) != want || rec.Cut == 0 || rec.Closed {
				t.Fatalf("closed %t, byte %d: %d records, %+v", closed, i, len(list), rec)
			}
		}
		if sealed != len(at)-1 {
			t.Fatalf("closed %t: %d frames", closed, len(at)-1)
		}
	}
}

// Sectors of one group may reach the disk in any order: later frames may be there where an earlier
// one is not. That is a torn tail, if a whole sector is missing; other bytes there are damage.
func TestHoles(t *testing.T) {
	fsys := disktest.New()
	j, _, _ := open(t, fsys, Options{})
	_, err := j.Append(context.Background(), records(0, 2)...)
	must(t, err)
	for n := 2; n < 12; n++ { // a group of ten batches
		_, err := j.AppendLazy(record(n))
		must(t, err)
	}
	_, err = j.Append(context.Background(), records(12, 1)...)
	must(t, err)
	if g := j.Stats().Groups; g != 2 {
		t.Skipf("the group was written in %d parts", g-1)
	}
	left := fsys.Kill()
	left.SyncAll()
	at := frames(t, left, firstFile)
	holed := damage(t, left, firstFile, func(b []byte) []byte { clear(b[512:1024]); return b })
	_, rec, list := open(t, holed, Options{})
	n, _ := slices.BinarySearch(at, 513)
	if n--; len(list) != n || rec.Offset != at[n] {
		t.Errorf("a sector is missing: %d records, %+v, want %d and offset %d", len(list), rec, n, at[n])
	}
	holed = damage(t, left, firstFile, func(b []byte) []byte { clear(b[at[2]:512]); return b })
	if _, _, list := open(t, holed, Options{}); len(list) != 2 {
		t.Errorf("the group's part of the first sector is missing: %d records, want 2", len(list))
	}
	for what, change := range map[string]func([]byte){
		"a sector of other bytes":            func(b []byte) { copy(b[512:1024], bytes.Repeat([]byte{7}, 512)) },
		"most of a sector":                   func(b []byte) { clear(b[512:1024]); b[1023] = 7 },
		"a sector that was synced long ago":  func(b []byte) { clear(b[at[0]:at[2]]) },
		"a sector, with a later group there": func(b []byte) { clear(b[at[1] : at[2]+1]) },
	} {
		holed := damage(t, left, firstFile, func(b []byte) []byte { change(b); return b })
		_, _, err := Open(holed, "j", Options{}, nil)
		t.Logf("%s: %v", what, corrupt(t, err))
	}
}

// A lost sector is no excuse where a later group proves that it was on disk.
func TestHoleBeforeBarrier(t *testing.T) {
	fsys := crashed(t, Options{}, 20, 20, 1)
	fsys.SyncAll()
	at := frames(t, fsys, firstFile)
	hole := func(from int64) *disktest.FS {
		return damage(t, fsys, firstFile, func(b []byte) []byte { clear(b[from : from+sector]); return b })
	}
	for _, from := range []int64{sector, at[20]/sector*sector + sector} { // in the first group, and the second
		_, _, err := Open(hole(from), "j", Options{}, nil)
		n, exact := slices.BinarySearch(at, from)
		if !exact {
			n--
		}
		if c := corrupt(t, err); c.Offset != at[n] {
			t.Errorf("sector at %d: %v, want offset %d", from, c, at[n])
		}
	}
}

// A batch without its end that is followed by what was written later was never written by a journal.
func TestBatchWithoutEnd(t *testing.T) {
	fsys := crashed(t, Options{}, 1)
	b, err := fsys.ReadFile(firstFile)
	must(t, err)
	seed := binary.LittleEndian.Uint32(b[28:])
	at := int64(len(b))
	b = appendFrame(b, seed, at, Header{Kind: 1}, flagBarrier|flagMore, []byte("first of two"))
	b = appendFrame(b, seed, int64(len(b)), Header{Kind: 1}, flagBarrier, []byte("another batch"))
	must(t, fsys.WriteFile(firstFile, b))
	_, _, err = Open(fsys, "j", Options{}, nil)
	if c := corrupt(t, err); c.Cause != errFrameOrder || c.Offset != at+frameSize+int64(len("first of two")) {
		t.Errorf("got %v", err)
	}
}

// Nothing is changed on disk when damage is found.
func TestDamageIsLeftAlone(t *testing.T) {
	fsys := damage(t, fill(t, Options{SegmentSize: 1 << 10}, 2, 3, 4, 5, 6), "j/00000002.journal", func(b []byte) []byte {
		b[len(b)/2] ^= 1
		return b
	})
	content := func() (all []string) {
		for _, name := range fsys.Files() {
			b, err := fsys.ReadFile(name)
			must(t, err)
			all = append(all, fmt.Sprintf("%s %x", name, b))
		}
		return all
	}
	before := content()
	_, _, err := Open(fsys, "j", Options{}, nil)
	if c := corrupt(t, err); c.File != "j/00000002.journal" {
		t.Errorf("damage in %s", c.File)
	}
	if after := content(); !slices.Equal(before, after) {
		t.Error("files were changed")
	}
	if _, _, err := Open(fsys, "j", Options{}, nil); errors.Is(err, ErrClosed) || corrupt(t, err) == nil {
		t.Errorf("the lock is not free: %v", err)
	}
}

// Files that are missing, moved, emptied or of another journal.
func TestWrongFiles(t *testing.T) {
	opts := Options{SegmentSize: 1 << 10}
	fsys := fill(t, opts, 4, 4, 4, 4, 4)
	names := fsys.Files()
	if len(names) != 4 { // three segments and the lock
		t.Fatalf("files %v", names)
	}
	other, err := fill(t, opts, 4, 4, 4, 4, 4).ReadFile("j/00000002.journal")
	must(t, err)
	third, err := fsys.ReadFile("j/00000003.journal")
	must(t, err)
	for _, c := range []struct {
		what   string
		change func(*disktest.FS) error
		file   string
	}{
		{"first missing", func(g *disktest.FS) error { return g.Remove("j/00000001.journal") }, "j/00000001.journal"},
		{"second missing", func(g *disktest.FS) error { return g.Remove("j/00000002.journal") }, "j/00000002.journal"},
		{"last missing", func(g *disktest.FS) error { return g.Remove("j/00000003.journal") }, "j/00000003.journal"},
		{"last empty", func(g *disktest.FS) error { return g.WriteFile("j/00000003.journal", nil) }, "j/00000003.journal"},
		{"second empty", func(g *disktest.FS) error { return g.WriteFile("j/00000002.journal", nil) }, "j/00000002.journal"},
		{"second of another journal", func(g *disktest.FS) error { return g.WriteFile("j/00000002.journal", other) }, "j/00000002.journal"},
		{"second is the third", func(g *disktest.FS) error { return g.WriteFile("j/00000002.journal", third) }, "j/00000002.journal"},
	} {
		g := fsys.Crash(nil)
		must(t, c.change(g))
		_, _, err := Open(g, "j", opts, nil)
		if got := corrupt(t, err); got.File != c.file {
			t.Errorf("%s: %v, want file %s", c.what, got, c.file)
		}
		_, _, err = OpenReadOnly(g, "j", nil)
		if got := corrupt(t, err); got.File != c.file {
			t.Errorf("%s: read-only: %v, want file %s", c.what, got, c.file)
		}
	}
	// The second without its end: the cut is at the border of two appends, the mark is missed.
	second := frames(t, fsys, "j/00000001.journal")
	g := damage(t, fsys, "j/00000001.journal", func(b []byte) []byte { return b[:second[len(second)-2]] })
	_, _, err = Open(g, "j", opts, nil)
	if c := corrupt(t, err); c.Offset != second[len(second)-2] {
		t.Errorf("end mark missing: %v", c)
	}
	must(t, fsys.WriteFile("j/notes.txt", []byte("mine")))
	if _, rec, _ := open(t, fsys, opts); rec.Records != 20 {
		t.Errorf("with a file of somebody else: %+v", rec)
	}
}

func TestFormatOfTheFuture(t *testing.T) {
	fsys := fill(t, Options{}, 1)
	s := &segment{number: 1}
	b, _ := s.header()
	b[8] = 2
	future := damage(t, fsys, firstFile, func([]byte) []byte { return resum(b) })
	_, _, err := Open(future, "j", Options{}, nil)
	if want := "open journal: read j/00000001.journal: journal format 2: this program reads 1"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
