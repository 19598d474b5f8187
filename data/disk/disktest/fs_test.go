package disktest_test

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"mulligan/data/disk"
	"mulligan/data/disk/disktest"
)

func TestConformance(t *testing.T) {
	t.Run("os", func(t *testing.T) {
		if err := disktest.Check(disk.OS{}, t.TempDir()); err != nil {
			t.Error(err)
		}
	})
	t.Run("memory", func(t *testing.T) {
		fsys := disktest.New()
		if err := fsys.MkdirAll("run"); err != nil {
			t.Fatal(err)
		}
		if err := disktest.Check(fsys, "run"); err != nil {
			t.Error(err)
		}
	})
}

// must runs steps that have to succeed.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, fsys disk.FS, name, text string) disk.File {
	t.Helper()
	f, err := fsys.Create(name)
	must(t, err)
	_, err = f.Write([]byte(text))
	must(t, err)
	return f
}

func text(t *testing.T, fsys *disktest.FS, name string) string {
	t.Helper()
	b, err := fsys.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "(none)"
	}
	must(t, err)
	return string(b)
}

func TestCrashLosesWhatWasNotSynced(t *testing.T) {
	fsys := disktest.New()
	must(t, fsys.MkdirAll("/d"))
	f := create(t, fsys, "/d/a", "one")
	must(t, f.Sync())
	if got := fsys.Crash(nil).Files(); len(got) != 0 {
		t.Errorf("before SyncDir of the root: %v, want nothing", got)
	}
	must(t, fsys.SyncDir("/"))
	if got := fsys.Crash(nil).Files(); len(got) != 0 {
		t.Errorf("before SyncDir of d: %v, want nothing", got)
	}
	must(t, fsys.SyncDir("/d"))
	if got := text(t, fsys.Crash(nil), "d/a"); got != "one" {
		t.Errorf("after sync: %q, want one", got)
	}
	_, err := f.Write([]byte("two"))
	must(t, err)
	if got := text(t, fsys.Crash(nil), "d/a"); got != "one" {
		t.Errorf("after a write: %q, want one", got)
	}
	if got := text(t, fsys.Kill(), "d/a"); got != "onetwo" {
		t.Errorf("killed: %q, want onetwo", got)
	}
	if got := text(t, fsys.Kill().Crash(nil), "d/a"); got != "one" {
		t.Errorf("killed, then power cut: %q, want one", got)
	}
	must(t, f.Sync(), f.Truncate(2))
	if got := text(t, fsys.Crash(nil), "d/a"); got != "onetwo" {
		t.Errorf("after an unsynced truncation: %q, want onetwo", got)
	}
	_, err = f.Write([]byte("X"))
	must(t, err, f.Sync())
	if got := text(t, fsys.Crash(nil), "d/a"); got != "onX" {
		t.Errorf("after truncation, write and sync: %q, want onX", got)
	}
}

func TestCrashAndRename(t *testing.T) {
	fsys := disktest.New()
	old := create(t, fsys, "a", "old")
	must(t, old.Sync(), fsys.SyncDir("/"))
	tmp := create(t, fsys, "a.tmp", "new")
	must(t, tmp.Sync(), fsys.Rename("a.tmp", "a"))
	for _, c := range []struct {
		name string
		fsys *disktest.FS
		want string
	}{
		{"power cut before SyncDir", fsys.Crash(nil), "old"},
		{"killed", fsys.Kill(), "new"},
		{"killed, then power cut", fsys.Kill().Crash(nil), "old"},
	} {
		if got := text(t, c.fsys, "a"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	must(t, fsys.SyncDir("/"))
	if got := fsys.Crash(nil).Files(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("after SyncDir: %v, want a", got)
	}
}

func TestCrashByChance(t *testing.T) {
	fsys := disktest.New()
	f := create(t, fsys, "a", strings.Repeat("s", 700))
	must(t, f.Sync(), fsys.SyncDir("/"))
	_, err := f.Write([]byte(strings.Repeat("u", 3000)))
	must(t, err)
	create(t, fsys, "b", "")
	var none, all, short, hole, b int
	for seed := range uint64(300) {
		c := fsys.Crash(rand.New(rand.NewPCG(seed, 1)))
		got := text(t, c, "a")
		if got[:700] != strings.Repeat("s", 700) {
			t.Fatalf("seed %d: synced bytes changed: %q", seed, got)
		}
		if text(t, c, "b") == "" {
			b++
		}
		tail := got[700:]
		switch {
		case tail == "":
			none++
		case strings.Contains(tail, "\x00"):
			hole++
			for at := 700; at < len(got); at = (at/512 + 1) * 512 {
				part := got[at:min((at/512+1)*512, len(got))]
				if strings.Contains(part, "\x00") && strings.Contains(part, "u") {
					t.Fatalf("seed %d: sector at %d is torn", seed, at)
				}
			}
		case len(tail) == 3000:
			all++
		default:
			short++
		}
	}
	for name, n := range map[string]int{"none": none, "all": all, "short": short, "hole": hole, "new file": b} {
		if n < 30 || n > 270 {
			t.Errorf("%s: %d of 300", name, n)
		}
	}
}

func TestFailAt(t *testing.T) {
	fsys := disktest.New()
	f := create(t, fsys, "a", "12") // operations 1 and 2
	stop := errors.New("stop")
	fsys.FailAt(3, stop)
	n, err := f.Write([]byte("3456"))
	if n != 2 || !errors.Is(err, stop) {
		t.Errorf("write: %d, %v, want 2, stop", n, err)
	}
	if _, err := f.Write([]byte("7")); err != nil {
		t.Errorf("the operation after: %v", err)
	}
	if got := text(t, fsys, "a"); got != "12347" {
		t.Errorf("content %q, want 12347", got)
	}
	if n := fsys.Ops(); n != 4 {
		t.Errorf("%d operations, want 4", n)
	}
	fsys.DieAt(5)
	for _, err := range []error{f.Sync(), fsys.Rename("a", "b"), f.Close(), fsys.SyncDir("/")} {
		if !errors.Is(err, disktest.ErrDied) {
			t.Errorf("after death: %v", err)
		}
	}
	if err := fsys.Kill().Rename("a", "b"); err != nil {
		t.Errorf("after restart: %v", err)
	}
}

// What a failed fsync did not take to the disk is never taken there, whatever a later one says.
func TestFailedSyncLosesData(t *testing.T) {
	fsys := disktest.New()
	f := create(t, fsys, "a", "1") // operations 1 and 2
	must(t, f.Sync(), fsys.SyncDir("/"))
	_, err := f.Write([]byte("23")) // 5
	must(t, err)
	fsys.FailAt(6, syscall.EIO)
	if err := f.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatalf("sync: %v", err)
	}
	_, err = f.Write([]byte("4"))
	must(t, err, f.Sync())
	if got := text(t, fsys, "a"); got != "1234" {
		t.Errorf("the program reads %q, want 1234", got)
	}
	if got := text(t, fsys.Crash(nil), "a"); got != "1\x00\x004" {
		t.Errorf("on disk: %q, want 1, two zeros, 4", got)
	}
}

func TestCapacityAndReadOnly(t *testing.T) {
	fsys := disktest.New()
	f := create(t, fsys, "a", "12")
	fsys.SetCapacity(5)
	n, err := f.Write([]byte("34567"))
	if n != 3 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write: %d, %v, want 3, no space", n, err)
	}
	must(t, f.Truncate(1))
	if _, err := f.Write([]byte("1234")); err != nil {
		t.Errorf("after truncation: %v", err)
	}
	must(t, fsys.Remove("a"))
	create(t, fsys, "b", "12345")
	fsys.SetReadOnly(true)
	_, createErr := fsys.Create("c")
	_, lockErr := fsys.Lock("lock")
	for _, err := range []error{createErr, lockErr, fsys.Remove("b"), fsys.MkdirAll("d"), fsys.Rename("b", "c")} {
		if !errors.Is(err, syscall.EROFS) {
			t.Errorf("read-only: %v", err)
		}
	}
	r, err := fsys.Open("b")
	must(t, err)
	if b, err := io.ReadAll(r); string(b) != "12345" || err != nil {
		t.Errorf("read: %q, %v", b, err)
	}
}

func TestLocksEndWithTheProcess(t *testing.T) {
	fsys := disktest.New()
	_, err := fsys.Lock("lock")
	must(t, err)
	for _, g := range []*disktest.FS{fsys.Kill(), fsys.Crash(nil)} {
		if _, err := g.Lock("lock"); err != nil {
			t.Errorf("after death: %v", err)
		}
	}
	if _, err := fsys.Lock("lock"); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("held: %v", err)
	}
}

// A published file is the old one or the new one, whichever operation fails, and whatever a power
// cut leaves of it; and it is the new one once Publish has returned.
func TestPublishAtEveryOperation(t *testing.T) {
	publish := func(fsys disk.FS, text string) error {
		return disk.Publish(fsys, "d/a", func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	before := disktest.New()
	must(t, disk.MakeDir(before, "d"), publish(before, "old"))
	rng := rand.New(rand.NewPCG(1, 2))
	for k := int64(1); ; k++ {
		for _, die := range []bool{false, true} {
			fsys := before.Crash(nil)
			if die {
				fsys.DieAt(k)
			} else {
				fsys.FailAt(k, syscall.EIO)
			}
			err := publish(fsys, "new")
			if !die && err != nil {
				if got := fsys.Files(); !slices.Equal(got, []string{"d/a"}) {
					t.Errorf("operation %d: %v is left", k, got)
				}
			}
			for range 20 {
				got := text(t, fsys.Crash(rng), "d/a")
				if got != "new" && (got != "old" || err == nil) {
					t.Fatalf("operation %d failed (%v): holds %q", k, err, got)
				}
			}
			if err == nil && fsys.Ops() < k {
				if k < 8 {
					t.Errorf("only %d operations", k)
				}
				return
			}
		}
	}
}

// A folder from MakeDir lasts, also where the one who made it first died before it was synced.
func TestMakeDirLasts(t *testing.T) {
	for k := int64(1); ; k++ {
		fsys := disktest.New()
		fsys.DieAt(k)
		err := disk.MakeDir(fsys, "a/b/c")
		over := fsys.Ops() < k
		fsys.DieAt(0)
		again := fsys.Kill()
		must(t, disk.MakeDir(again, "a/b/c"))
		f := create(t, again, "a/b/c/file", "text")
		must(t, f.Sync(), again.SyncDir("a/b/c"), again.SyncDir("a"), again.SyncDir("/")) // what is above b belongs to the caller
		if got := text(t, again.Crash(nil), "a/b/c/file"); got != "text" {
			t.Errorf("operation %d: %q", k, got)
		}
		if over {
			must(t, err)
			if f := create(t, fsys, "a/b/c/file", "text"); f.Sync() != nil || fsys.SyncDir("a/b/c") != nil || text(t, fsys.Crash(nil), "a/b/c/file") != "text" {
				t.Error("the folder does not last")
			}
			return
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	fsys := disktest.New()
	f := create(t, fsys, "a", "")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var b [1]byte
			for range 200 {
				f.Write([]byte("x"))
				f.ReadAt(b[:], 0)
				f.Sync()
				fsys.Crash(nil).Files()
			}
		})
	}
	wg.Wait()
	if got := fsys.Used(); got != 1600 {
		t.Errorf("%d bytes, want 1600", got)
	}
}
