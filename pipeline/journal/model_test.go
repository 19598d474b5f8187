package journal

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"mulligan/data/disk/disktest"
)

// model is what a journal has to hold, whatever is done to it.
type model struct {
	fsys    *disktest.FS
	j       *Journal
	refs    []Ref
	borders []int // numbers of records at which a batch ends
	acked   int
}

// reopen opens what is on a disk, which has all that was acknowledged, and of the rest whole batches.
func (m *model) reopen(t *rapid.T, fsys *disktest.FS) {
	var list []Record
	var refs []Ref
	j, rec, err := Open(fsys, "j", crashOptions, func(ref Ref, h Header, body func() ([]byte, error)) error {
		refs = append(refs, ref)
		b, err := body()
		list = append(list, Record{h, b})
		return err
	})
	if err == nil {
		err = same(list)
	}
	if err != nil {
		t.Fatal(err)
	}
	whole := len(list) == 0
	for _, n := range m.borders {
		whole = whole || n == len(list)
	}
	if len(list) < m.acked || len(list) > len(m.refs) || !whole || fmt.Sprint(refs) != fmt.Sprint(m.refs[:len(list)]) {
		t.Fatalf("%d records, %d acknowledged, %d sent, batches end at %v; %v", len(list), m.acked, len(m.refs), m.borders, rec)
	}
	m.fsys, m.j, m.refs, m.acked = fsys, j, refs, len(list)
	for len(m.borders) > 0 && m.borders[len(m.borders)-1] > len(refs) {
		m.borders = m.borders[:len(m.borders)-1]
	}
}

func (m *model) append(t *rapid.T, lazy bool) {
	list := records(len(m.refs), rapid.IntRange(1, 5).Draw(t, "records"))
	var refs []Ref
	var err error
	if lazy {
		refs, err = m.j.AppendLazy(list...)
	} else {
		refs, err = m.j.Append(context.Background(), list...)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.refs = append(m.refs, refs...)
	m.borders = append(m.borders, len(m.refs))
	if !lazy {
		m.acked = len(m.refs)
	}
}

func TestRandomLives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := new(model)
		m.reopen(t, disktest.New())
		defer func() { m.j.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) { m.append(t, false) },
			"lazy":   func(t *rapid.T) { m.append(t, true) },
			"read": func(t *rapid.T) {
				if len(m.refs) == 0 {
					t.Skip("nothing to read")
				}
				n := rapid.IntRange(0, len(m.refs)-1).Draw(t, "record")
				r, err := m.j.Read(m.refs[n])
				if want := record(n); err != nil || r.Header != want.Header || !bytes.Equal(r.Body, want.Body) {
					t.Fatalf("read record %d: %+v, %v", n, r, err)
				}
			},
			"close": func(t *rapid.T) {
				if err := m.j.Close(); err != nil {
					t.Fatal(err)
				}
				m.acked = len(m.refs)
				m.reopen(t, m.fsys)
			},
			"kill": func(t *rapid.T) {
				left := m.fsys.Kill()
				m.j.Close()
				m.reopen(t, left)
			},
			"power cut": func(t *rapid.T) {
				left := m.fsys.Crash(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
				m.j.Close()
				m.reopen(t, left)
			},
		})
	})
}
