package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mulligan/data/disk"
	"mulligan/data/disk/disktest"
)

// childDir is the variable that makes the test binary a process that writes to a journal until it
// is killed.
const childDir = "MULLIGAN_JOURNAL_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child appends without end and prints how many records were acknowledged.
func child(dir string) error {
	j, rec, err := Open(disk.OS{}, dir, Options{SegmentSize: 64 << 10}, nil)
	if err != nil {
		return err
	}
	for n := int(rec.Records); ; n += 3 {
		if _, err := j.AppendLazy(record(n)); err != nil {
			return err
		}
		if _, err := j.Append(context.Background(), records(n+1, 2)...); err != nil {
			return err
		}
		fmt.Println(n + 3)
	}
}

// A second process is refused while the first one lives, and finds all that was acknowledged when
// that is killed.
func TestOtherProcess(t *testing.T) {
	dir := t.TempDir()
	acked := 0
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		must(t, err, cmd.Start())
		lines := bufio.NewScanner(out)
		for i := 0; lines.Scan(); i++ {
			_, err := fmt.Sscan(lines.Text(), &acked)
			must(t, err)
			if i == 10 {
				_, _, err := Open(disk.OS{}, dir, Options{}, nil)
				if !errors.Is(err, disk.ErrLocked) || !strings.Contains(err.Error(), "another process is writing to it") {
					t.Errorf("second process: %v", err)
				}
			}
			if i == 50+137*round {
				must(t, cmd.Process.Kill())
			}
		}
		cmd.Wait()
		var list []Record
		j, rec, err := Open(disk.OS{}, dir, Options{}, collect(&list))
		must(t, err, same(list), j.Close())
		if len(list) < acked || len(list)%3 == 2 {
			t.Errorf("round %d: %d records, %d were acknowledged; %v", round, len(list), acked, rec)
		}
	}
	report, err := Verify(disk.OS{}, dir, nil)
	must(t, err)
	if report.Segments < 2 || int(report.Records) < acked {
		t.Errorf("verify: %+v", report)
	}
}

func TestDoubleOpen(t *testing.T) {
	for name, fsys := range map[string]disk.FS{"os": disk.OS{}, "memory": disktest.New()} {
		dir := t.TempDir()
		j, _, err := Open(fsys, dir, Options{}, nil)
		must(t, err)
		if _, _, err := Open(fsys, dir, Options{}, nil); !errors.Is(err, disk.ErrLocked) {
			t.Errorf("%s: %v", name, err)
		}
		_, err = j.Append(context.Background(), record(0))
		must(t, err, j.Close())
		j, rec, err := Open(fsys, dir, Options{}, nil)
		must(t, err, j.Close())
		if rec.Records != 1 {
			t.Errorf("%s: %+v", name, rec)
		}
	}
}

func TestReadOnlyDisk(t *testing.T) {
	fsys := damage(t, crashed(t, Options{}, 1, 2), firstFile, func(b []byte) []byte { return append(b, "torn"...) })
	fsys.SetReadOnly(true)
	if _, _, err := Open(fsys, "j", Options{}, nil); !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), "j/lock") {
		t.Errorf("open: %v", err)
	}
	var list []Record
	j, rec, err := OpenReadOnly(fsys, "j", collect(&list))
	must(t, err, same(list))
	if len(list) != 3 || rec.Cut != 4 || rec.Closed {
		t.Errorf("open for reading: %d records, %v", len(list), rec)
	}
	if r, err := j.Read(makeRef(1, 32)); err != nil || string(r.Body) != "record 0" {
		t.Errorf("read: %q, %v", r.Body, err)
	}
	if _, err := j.Append(context.Background(), record(3)); err != ErrReadOnly {
		t.Errorf("append: %v", err)
	}
	if _, err := j.AppendLazy(record(3)); err != ErrReadOnly {
		t.Errorf("lazy append: %v", err)
	}
	report, err := Verify(fsys, "j", nil)
	must(t, err, j.Close())
	if report.Records != 3 || report.Cut != 4 {
		t.Errorf("verify: %+v", report)
	}
	want := "3 records, 361 bytes, 1 segments; the last write was cut short by a crash: 4 bytes at offset 361 of j/00000001.journal left out"
	if got := rec.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNoFolder(t *testing.T) {
	fsys := disktest.New()
	if _, _, err := OpenReadOnly(fsys, "j", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open for reading: %v", err)
	}
	if _, err := Verify(fsys, "j", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("verify: %v", err)
	}
	if len(fsys.Files()) != 0 {
		t.Errorf("files were made: %v", fsys.Files())
	}
	must(t, fsys.MkdirAll("j"))
	j, rec, err := OpenReadOnly(fsys, "j", nil)
	must(t, err, j.Close())
	if rec.Segments != 0 || !rec.Closed {
		t.Errorf("empty folder: %+v", rec)
	}
}

func TestVisitorStops(t *testing.T) {
	fsys := fill(t, Options{}, 1, 2)
	stop := errors.New("stop")
	n := 0
	visit := func(Ref, Header, func() ([]byte, error)) error {
		if n++; n == 2 {
			return stop
		}
		return nil
	}
	if _, _, err := Open(fsys, "j", Options{}, visit); !errors.Is(err, stop) || n != 2 {
		t.Errorf("after %d records: %v", n, err)
	}
	n = 0
	if _, _, err := OpenReadOnly(fsys, "j", visit); !errors.Is(err, stop) {
		t.Errorf("for reading: %v", err)
	}
	open(t, fsys, Options{}) // the lock is free
}

// Readers see the first records of the log, whole batches, at any moment of a process that writes
// and changes segments.
func TestReadBesideWriter(t *testing.T) {
	for name, fsys := range map[string]disk.FS{"os": disk.OS{}, "memory": disktest.New()} {
		dir := t.TempDir()
		must(t, fsys.MkdirAll(dir))
		j, _, err := Open(fsys, dir, Options{SegmentSize: 4 << 10}, nil)
		must(t, err)
		var acked atomic.Int64
		stop := make(chan struct{})
		ended := make(chan error)
		go func() {
			for n := 0; ; n += 3 {
				select {
				case <-stop:
					ended <- nil
					return
				default:
				}
				if _, err := j.Append(context.Background(), records(n, 3)...); err != nil {
					ended <- err
					return
				}
				acked.Store(int64(n + 3))
			}
		}()
		seen, rounds := int64(0), 0
		for deadline := time.Now().Add(300 * time.Millisecond); time.Now().Before(deadline); rounds++ {
			least := acked.Load()
			var list []Record
			r, rec, err := OpenReadOnly(fsys, dir, collect(&list))
			must(t, err, same(list), r.Close())
			if seen = rec.Records; seen < least || seen%3 != 0 {
				t.Fatalf("%s: %d records, %d were acknowledged before", name, seen, least)
			}
		}
		close(stop)
		must(t, <-ended, j.Close())
		if seen == 0 {
			t.Errorf("%s: nothing was seen in %d rounds", name, rounds)
		}
	}
}

func TestVerify(t *testing.T) {
	fsys := fill(t, Options{SegmentSize: 1 << 10}, 4, 4, 4, 4)
	var last Progress
	report, err := Verify(fsys, "j", func(p Progress) { last = p })
	must(t, err)
	body := int64(0)
	for _, r := range records(0, 16) {
		body += int64(len(r.Body))
	}
	if report.Batches != 4 || report.Records != 16 || report.BodyBytes != body || !report.Closed ||
		report.Kinds[1] != 6 || report.Kinds[2] != 5 || report.Kinds[3] != 5 {
		t.Errorf("report %+v, want %d bytes of bodies", report, body)
	}
	if last.Records != 16 || last.Bytes != last.Total || last.Total != report.Bytes || last.Segment != report.Segments {
		t.Errorf("progress %+v", last)
	}
}

// A body that does not decompress is found by Verify and by Read, though the frame's checksums hold.
func TestVerifyDecompresses(t *testing.T) {
	fsys := crashed(t, Options{}, 1)
	b, err := fsys.ReadFile(firstFile)
	must(t, err)
	s := &segment{number: 1, size: int64(len(b))}
	s.file, err = fsys.Open(firstFile)
	must(t, err, s.readHeader())
	at := int64(len(b))
	b = appendFrame(b, s.seed, at, Header{Kind: 1}, flagBarrier|flagS2, []byte("\xff\xff\xff\xff\xff not s2"))
	must(t, fsys.WriteFile(firstFile, b))
	_, err = Verify(fsys, "j", nil)
	if c := corrupt(t, err); c.Offset != at || c.File != firstFile {
		t.Errorf("verify: %v, want offset %d", err, at)
	}
	j, rec, err := OpenReadOnly(fsys, "j", nil)
	must(t, err)
	_, err = j.Read(makeRef(1, at))
	if c := corrupt(t, err); c.Offset != at || rec.Records != 2 {
		t.Errorf("read: %v", err)
	}
	must(t, j.Close())
}
