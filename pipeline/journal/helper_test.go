package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"mulligan/data/disk"
	"mulligan/data/disk/disktest"
)

// must runs steps that have to succeed.
func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// record makes a record whose every field follows from n. Its body is short, long, or does not
// compress, in turn.
func record(n int) Record {
	body := fmt.Appendf(nil, "record %d", n)
	switch n % 4 {
	case 1:
		body = bytes.Repeat(append(body, ", "...), 120)
	case 2:
		x := uint32(n + 1)
		for range 150 {
			x = x*1664525 + 1013904223
			body = append(body, byte(x>>24))
		}
	case 3:
		body = nil
	}
	return Record{Header{Kind(1 + n%3), Key{byte(n), byte(n >> 8)}, Key{0xff, byte(n / 10)}}, body}
}

// records makes n of them, from first on.
func records(first, n int) []Record {
	list := make([]Record, n)
	for i := range list {
		list[i] = record(first + i)
	}
	return list
}

// collect returns a visitor that puts all records into a list.
func collect(list *[]Record) visitor {
	return func(_ Ref, h Header, body func() ([]byte, error)) error {
		b, err := body()
		*list = append(*list, Record{h, b})
		return err
	}
}

// same returns how a list differs from the records 0, 1, 2 and so on.
func same(list []Record) error {
	for i, r := range list {
		want := record(i)
		if r.Header != want.Header || !bytes.Equal(r.Body, want.Body) {
			return fmt.Errorf("record %d: got %+v %.40q, want %+v %.40q", i, r.Header, r.Body, want.Header, want.Body)
		}
	}
	return nil
}

// open opens a journal that has to be sound.
func open(t testing.TB, fsys disk.FS, opts Options) (*Journal, Recovery, []Record) {
	t.Helper()
	var list []Record
	j, rec, err := Open(fsys, "j", opts, collect(&list))
	must(t, err)
	t.Cleanup(func() { j.Close() })
	if int(rec.Records) != len(list) {
		t.Fatalf("recovery says %d records, %d were visited", rec.Records, len(list))
	}
	must(t, same(list))
	return j, rec, list
}

// fill makes a journal in memory of batches with the given numbers of records, and closes it.
func fill(t testing.TB, opts Options, batches ...int) *disktest.FS {
	t.Helper()
	fsys := disktest.New()
	j, _, _ := open(t, fsys, opts)
	n := 0
	for _, size := range batches {
		_, err := j.Append(context.Background(), records(n, size)...)
		must(t, err)
		n += size
	}
	must(t, j.Close())
	return fsys
}

// crashed is like fill, but the process dies before it closes the journal.
func crashed(t testing.TB, opts Options, batches ...int) *disktest.FS {
	t.Helper()
	fsys := disktest.New()
	j, _, _ := open(t, fsys, opts)
	n := 0
	for _, size := range batches {
		_, err := j.Append(context.Background(), records(n, size)...)
		must(t, err)
		n += size
	}
	return fsys.Kill()
}

// corrupt returns the CorruptError in err, or fails.
func corrupt(t testing.TB, err error) *CorruptError {
	t.Helper()
	var c *CorruptError
	if !errors.As(err, &c) {
		t.Fatalf("got error %v, want a CorruptError", err)
	}
	return c
}
