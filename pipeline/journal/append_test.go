package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mulligan/data/disk/disktest"
)

func TestAppendAndRead(t *testing.T) {
	fsys := disktest.New()
	j, rec, _ := open(t, fsys, Options{})
	if rec.Segments != 1 || rec.Records != 0 || rec.Bytes != 32 || !rec.Closed {
		t.Errorf("new journal: %+v", rec)
	}
	refs, err := j.Append(context.Background(), records(0, 3)...)
	must(t, err)
	if refs[0] != 1<<32|32 || refs[0].String() != "00000001.journal:32" || Ref(0).String() != "no record" {
		t.Errorf("first record at %x, %s", uint64(refs[0]), refs[0])
	}
	for i, ref := range refs {
		r, err := j.Read(ref)
		must(t, err)
		want := record(i)
		if r.Header != want.Header || !bytes.Equal(r.Body, want.Body) {
			t.Errorf("read %s: got %+v, want %+v", ref, r, want)
		}
	}
	none, err := j.Append(context.Background())
	if none != nil || err != nil {
		t.Errorf("append of nothing: %v, %v", none, err)
	}
	s := j.Stats()
	if s.Records != 3 || s.Appended != 3 || s.Groups != 1 || s.LargestGroup != 3 || s.BodyBytes != int64(8+1200+158) || s.PayloadBytes >= s.BodyBytes {
		t.Errorf("stats: %+v", s)
	}
	must(t, j.Close())
	b, err := fsys.ReadFile(firstFile)
	must(t, err)
	if want := s.Bytes + frameSize; int64(len(b)) != want {
		t.Errorf("%d bytes on disk, stats say %d and a mark", len(b), want)
	}
}

func TestReadOfNothing(t *testing.T) {
	j, _, _ := open(t, fill(t, Options{}, 2), Options{})
	for _, ref := range []Ref{0, 1, 1 << 32, makeRef(1, 100000), makeRef(2, 32), makeRef(9, 32)} {
		if _, err := j.Read(ref); !errors.Is(err, errNoRecord) {
			t.Errorf("read %s: %v", ref, err)
		}
	}
	_, err := j.Read(makeRef(1, 33))
	if c := corrupt(t, err); c.Offset != 33 {
		t.Errorf("read beside a record: %v", err)
	}
}

func TestBadRecords(t *testing.T) {
	j, _, _ := open(t, disktest.New(), Options{})
	good := record(0)
	for want, bad := range map[string]Record{
		"append to journal: record 2 of 2: kind 0 is reserved":                            {},
		"append to journal: record 2 of 2: body of 67108865 bytes: want at most 67108864": {Header{Kind: 1}, make([]byte, MaxBody+1)},
	} {
		if _, err := j.Append(context.Background(), good, bad); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	many := make([]Record, 9)
	noise := make([]byte, MaxBody)
	x := uint64(1)
	for i := range noise {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		noise[i] = byte(x)
	}
	for i := range many {
		many[i] = Record{Header{Kind: 1}, noise}
	}
	if _, err := j.Append(context.Background(), many...); err == nil || !strings.Contains(err.Error(), "want at most 536870912 bytes together") {
		t.Errorf("a batch too large: %v", err)
	}
	refs, err := j.Append(context.Background(), many[0])
	must(t, err)
	r, err := j.Read(refs[0])
	if err != nil || !bytes.Equal(r.Body, noise) {
		t.Errorf("the largest body: %d bytes, %v", len(r.Body), err)
	}
	for _, o := range []Options{{SegmentSize: 1}, {SegmentSize: 3 << 30}, {LazyBytes: -1}, {LazyDelay: time.Hour}} {
		if _, _, err := Open(disktest.New(), "j", o, nil); err == nil || !strings.Contains(err.Error(), ": want ") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Each segment but the last is full, a batch never spans two, and a batch larger than a segment
// has one of its own.
func TestRotation(t *testing.T) {
	fsys := disktest.New()
	opts := Options{SegmentSize: 1 << 10}
	j, _, _ := open(t, fsys, opts)
	var refs []Ref
	for _, size := range []int{2, 3, 4, 40, 1, 1, 5} {
		r, err := j.Append(context.Background(), records(len(refs), size)...)
		must(t, err)
		for _, ref := range r {
			if ref.Segment() != r[0].Segment() {
				t.Errorf("batch of %d spans segments: %v", size, r)
			}
		}
		refs = append(refs, r...)
	}
	s := j.Stats()
	if s.Segments < 3 || s.Segments != int(refs[len(refs)-1].Segment()) {
		t.Errorf("%d segments, last ref %s", s.Segments, refs[len(refs)-1])
	}
	check := func(j *Journal) {
		for i, ref := range refs {
			r, err := j.Read(ref)
			must(t, err)
			if want := record(i); r.Header != want.Header || !bytes.Equal(r.Body, want.Body) {
				t.Errorf("read %s: got %+v", ref, r)
			}
		}
	}
	check(j)
	must(t, j.Close())
	var at []Ref
	j, rec, err := Open(fsys, "j", opts, func(ref Ref, _ Header, _ func() ([]byte, error)) error { at = append(at, ref); return nil })
	must(t, err)
	if fmt.Sprint(at) != fmt.Sprint(refs) || rec.Segments != s.Segments {
		t.Errorf("visited %v, appended %v", at, refs)
	}
	check(j)
	must(t, j.Close())
}

// The records of each goroutine are found in its order, and none is lost or doubled, also where
// the process dies.
func TestConcurrentAppends(t *testing.T) {
	const writers, each = 16, 60
	fsys := disktest.New()
	j, _, _ := open(t, fsys, Options{SegmentSize: 16 << 10, LazyBytes: 1 << 10})
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				a := Record{Header{Kind: Kind(1 + w), Key: Key{byte(2 * i)}}, bytes.Repeat([]byte{byte(w)}, 10+i)}
				b := a
				b.Key[0]++
				var refs []Ref
				var err error
				if i%3 == 0 {
					refs, err = j.AppendLazy(a, b)
				} else {
					refs, err = j.Append(context.Background(), a, b)
				}
				if err != nil {
					t.Error(err)
					return
				}
				if r, err := j.Read(refs[1]); err != nil || r.Header != b.Header || !bytes.Equal(r.Body, b.Body) {
					t.Errorf("read %s: %v, %+v", refs[1], err, r)
				}
			}
		})
	}
	wg.Wait()
	if s := j.Stats(); s.Groups >= writers*each {
		t.Errorf("%d groups for %d appends: nothing was shared", s.Groups, writers*each)
	}
	killed := fsys.Kill() // after the last Append of each
	must(t, j.Close())
	for name, left := range map[string]*disktest.FS{"closed": fsys, "killed": killed} {
		var next [writers]int
		_, rec, err := OpenReadOnly(left, "j", func(_ Ref, h Header, _ func() ([]byte, error)) error {
			w := h.Kind - 1
			if int(h.Key[0]) != next[w] {
				return fmt.Errorf("writer %d: record %d, want %d", w, h.Key[0], next[w])
			}
			next[w]++
			return nil
		})
		must(t, err)
		if want := int64(2 * writers * each); rec.Records != want {
			t.Errorf("%s: %d records, want %d", name, rec.Records, want)
		}
	}
}

func TestFullDisk(t *testing.T) {
	fsys := disktest.New()
	j, _, _ := open(t, fsys, Options{SegmentSize: 4 << 10})
	fsys.SetCapacity(3000)
	n := 0
	var err error
	for ; err == nil; n++ {
		_, err = j.Append(context.Background(), record(n))
	}
	n--
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), firstFile) {
		t.Errorf("got %v, want no space, with the file", err)
	}
	fsys.SetCapacity(-1) // room alone does not bring the journal back
	if _, again := j.Append(context.Background(), record(n)); again != err {
		t.Errorf("next append: %v", again)
	}
	if _, again := j.AppendLazy(record(n)); again != err {
		t.Errorf("next lazy append: %v", again)
	}
	if closing := j.Close(); !errors.Is(closing, err) {
		t.Errorf("close: %v", closing)
	}
	if _, rec, list := open(t, fsys, Options{}); len(list) != n || rec.Cut != 0 {
		t.Errorf("%d records, want %d; %v", len(list), n, rec)
	}
}

// The folder is full before the first file is whole: the next Open starts anew.
func TestFullDiskFromTheStart(t *testing.T) {
	fsys := disktest.New()
	fsys.SetCapacity(10)
	if _, _, err := Open(fsys, "j", Options{}, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want no space", err)
	}
	fsys.SetCapacity(-1)
	j, _, _ := open(t, fsys, Options{})
	_, err := j.Append(context.Background(), record(0))
	must(t, err, j.Close())
}

func TestAppendAfterClose(t *testing.T) {
	j, _, _ := open(t, disktest.New(), Options{})
	refs, err := j.AppendLazy(record(0))
	must(t, err, j.Close(), j.Close())
	if _, err := j.Append(context.Background(), record(0)); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if _, err := j.Read(refs[0]); !errors.Is(err, ErrClosed) {
		t.Errorf("read: %v", err)
	}
}
