package journal

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"mulligan/data/disk"
	"mulligan/data/disk/disktest"
)

// slow is a file system whose Sync waits.
type slow struct {
	disk.FS
	gate chan struct{}
}

type slowFile struct {
	disk.File
	gate chan struct{}
}

func (s slow) Append(name string) (disk.File, error) {
	f, err := s.FS.Append(name)
	return slowFile{f, s.gate}, err
}

func (f slowFile) Sync() error {
	<-f.gate
	return f.File.Sync()
}

func TestAppendIsCancelled(t *testing.T) {
	fsys := fill(t, Options{}, 1)
	gate := make(chan struct{}, 1)
	gate <- struct{}{} // that of Open
	j, _, err := Open(slow{fsys, gate}, "j", Options{}, nil)
	must(t, err)
	why := errors.New("second Ctrl-C")
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan error)
	go func() {
		_, err := j.Append(ctx, record(1))
		done <- err
	}()
	cancel(why)
	if err := <-done; err != why {
		t.Errorf("got %v, want the cause", err)
	}
	if _, err := j.Append(ctx, record(2)); err != why {
		t.Errorf("append with a context that has ended: %v", err)
	}
	close(gate)
	must(t, j.Close())
	if _, _, list := open(t, fsys, Options{}); len(list) > 2 {
		t.Errorf("%d records: what was never begun is there", len(list))
	}
}

// Records can be read while they wait for the disk, and lazy ones get there by themselves.
func TestLazy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := disktest.New()
		j, _, _ := open(t, fsys, Options{LazyDelay: time.Second})
		refs, err := j.AppendLazy(record(0), record(1))
		must(t, err)
		if r, err := j.Read(refs[1]); err != nil || !bytes.Equal(r.Body, record(1).Body) {
			t.Errorf("read from memory: %v", err)
		}
		time.Sleep(999 * time.Millisecond)
		synctest.Wait()
		if s := j.Stats(); s.Records != 0 {
			t.Errorf("written at once: %+v", s)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if s := j.Stats(); s.Records != 2 || s.Groups != 1 {
			t.Errorf("not written after the delay: %+v", s)
		}
		_, err = j.AppendLazy(record(2))
		must(t, err)
		_, err = j.Append(context.Background(), record(3))
		must(t, err)
		if _, _, list := open(t, fsys.Crash(nil), Options{}); len(list) != 4 {
			t.Errorf("%d records after a power cut, want 4", len(list))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := j.Stats(); s.Groups != 2 {
			t.Errorf("%d groups, want 2", s.Groups)
		}
		must(t, j.Close())
	})
}

// Lazy appends wait where the disk does not keep up, so that memory is bounded.
func TestLazyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{}, 1)
		gate <- struct{}{}
		j, _, err := Open(slow{fill(t, Options{}, 1), gate}, "j", Options{LazyBytes: 1000}, nil)
		must(t, err)
		appended := 0
		go func() {
			for range 100 {
				if _, err := j.AppendLazy(record(2)); err != nil {
					t.Error(err)
				}
				appended++
			}
		}()
		synctest.Wait()
		if appended < 10 || appended > 25 { // records of 205 bytes: a group in flight, and twice 1000 bytes
			t.Errorf("%d records taken while the disk stood still", appended)
		}
		close(gate)
		synctest.Wait()
		if appended != 100 {
			t.Errorf("%d records taken, want 100", appended)
		}
		must(t, j.Close())
	})
}
