package journal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"mulligan/data/disk"
	"mulligan/data/disk/disktest"
)

// Small segments, so that each file is changed often; no timer, so that operations are the same in each run.
var crashOptions = Options{SegmentSize: 1 << 10, LazyDelay: time.Minute}

// history is what a workload did to a journal: record n is record(n), in the order of the log.
type history struct {
	ends  []int // records up to and with each batch that was sent
	acked int   // records that have to be there whatever happens
}

// work appends batches, lazy ones among them, and closes and opens the journal in between. It goes
// on until something fails.
func (h *history) work(fsys disk.FS) error {
	n := 0
	for round := range 3 {
		j, rec, err := Open(fsys, "j", crashOptions, nil)
		if err != nil {
			return err
		}
		if n = int(rec.Records); n < h.acked {
			return fmt.Errorf("%d records after opening, %d were acknowledged", n, h.acked)
		}
		for i, size := range []int{1, 3, 2, 1, 5, 1, 1, 2} {
			if h.ends = append(h.ends, n+size); (i+round)%3 == 1 {
				_, err = j.AppendLazy(records(n, size)...)
			} else if _, err = j.Append(context.Background(), records(n, size)...); err == nil {
				h.acked = n + size
			}
			if err != nil {
				if _, again := j.Append(context.Background(), record(0)); again == nil {
					err = errors.Join(err, errors.New("an append after a failure did not fail"))
				}
				return errors.Join(err, j.Close())
			}
			n += size
		}
		if err := j.Close(); err != nil {
			return err
		}
		h.acked = n
	}
	return nil
}

// check opens what a crash left: the records are the first of those that were sent, as whole
// batches, and all that were acknowledged are among them.
func (h *history) check(fsys *disktest.FS) error {
	var list []Record
	j, _, err := Open(fsys, "j", crashOptions, collect(&list))
	if err != nil {
		return err
	}
	if err := same(list); err != nil {
		return errors.Join(err, j.Close())
	}
	if len(list) < h.acked {
		err = fmt.Errorf("%d records, %d were acknowledged", len(list), h.acked)
	}
	whole := len(list) == 0
	for _, end := range h.ends {
		whole = whole || len(list) == end
	}
	if !whole {
		err = errors.Join(err, fmt.Errorf("%d records: a batch is not whole: %v", len(list), h.ends))
	}
	_, appendErr := j.Append(context.Background(), records(len(list), 2)...)
	err = errors.Join(err, appendErr)
	cut := fsys.Crash(rand.New(rand.NewPCG(uint64(len(list)), 3)))
	err = errors.Join(err, recount(cut, len(list)+2), j.Close(), recount(fsys, len(list)+2))
	return err
}

// recount opens a journal that has to hold n records.
func recount(fsys disk.FS, n int) error {
	more := 0
	j, rec, err := Open(fsys, "j", crashOptions, func(Ref, Header, func() ([]byte, error)) error { more++; return nil })
	if err != nil {
		return fmt.Errorf("open again: %w", err)
	}
	if more != n {
		err = fmt.Errorf("open again: %d records, want %d; %v", more, n, rec)
	}
	return errors.Join(err, j.Close())
}

// afterwards are the disks that may be found when the machine or the process dies now.
func afterwards(fsys *disktest.FS, seed uint64) map[string]*disktest.FS {
	m := map[string]*disktest.FS{"killed": fsys.Kill(), "power cut": fsys.Crash(nil)}
	for i := range uint64(6) {
		m[fmt.Sprintf("power cut by chance %d", i)] = fsys.Crash(rand.New(rand.NewPCG(seed, i)))
	}
	return m
}

func TestEveryOperationFails(t *testing.T) {
	for _, death := range []bool{false, true} {
		k := int64(1)
		for ; ; k++ {
			fsys := disktest.New()
			if death {
				fsys.DieAt(k)
			} else {
				fsys.FailAt(k, syscall.EIO)
			}
			var h history
			err := h.work(fsys)
			failed := fsys.Ops() >= k
			fsys.DieAt(0)
			for name, left := range afterwards(fsys, uint64(k)) {
				if checkErr := h.check(left); checkErr != nil {
					t.Fatalf("operation %d failed (%v), %s: %v", k, err, name, checkErr)
				}
			}
			if !failed {
				must(t, err)
				break
			}
			if err == nil {
				t.Errorf("operation %d failed, and nobody said so", k)
			}
		}
		if k < 100 {
			t.Errorf("the workload has only %d operations", k)
		}
		t.Logf("death %t: %d operations", death, k-1)
	}
}

// The machine dies in the middle of a run and then in the middle of the recovery.
func TestEveryOperationOfRecoveryFails(t *testing.T) {
	var before history
	total := disktest.New()
	must(t, before.work(total))
	for k := int64(1); k < total.Ops(); k += 7 {
		fsys := disktest.New()
		fsys.DieAt(k)
		var h history
		h.work(fsys)
		fsys.DieAt(0)
		for name, left := range afterwards(fsys, uint64(k)) {
			for r := int64(1); ; r++ {
				again := left.Kill()
				again.DieAt(r)
				j, _, err := Open(again, "j", crashOptions, nil)
				if err == nil {
					j.Close()
				}
				over := again.Ops() < r
				again.DieAt(0)
				if err := h.check(again.Crash(rand.New(rand.NewPCG(uint64(k), uint64(r))))); err != nil {
					t.Fatalf("operation %d failed, %s, then operation %d: %v", k, name, r, err)
				}
				if over {
					break
				}
			}
		}
	}
}

// What a recovery has told of is never lost by a later power cut, though the process was killed before
// it was synced.
func TestRecoveredRecordsLast(t *testing.T) {
	for k, unsynced := int64(1), 0; ; k++ {
		fsys := disktest.New()
		fsys.DieAt(k)
		var h history
		h.work(fsys)
		over := fsys.Ops() < k
		fsys.DieAt(0)
		left := fsys.Kill()
		if b, err := left.ReadFile(firstFile); err == nil {
			if c, err := left.Crash(nil).ReadFile(firstFile); err != nil || len(c) < len(b) {
				unsynced++
			}
		}
		j, rec, _ := open(t, left, crashOptions)
		if _, _, list := open(t, left.Crash(nil), crashOptions); int64(len(list)) != rec.Records {
			t.Fatalf("operation %d: %d records after a power cut, want %d", k, len(list), rec.Records)
		}
		must(t, j.Close())
		if over {
			if unsynced < 5 {
				t.Errorf("only %d kills left something that was not synced", unsynced)
			}
			return
		}
	}
}
