package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"mulligan/data/disk"
)

const lockName = "lock"

// Options shape how a journal is written. The zero value is good for a run.
type Options struct {
	SegmentSize int64         // bytes after which a new file is begun; 0: 256 MiB; 1 KiB to 2 GiB
	LazyBytes   int64         // bytes of lazy records after which they are written; 0: 256 KiB; at most 64 MiB
	LazyDelay   time.Duration // time after which they are written; 0: 50 ms; at most 1 minute
}

func (o Options) withDefaults() (Options, error) {
	if o.SegmentSize == 0 {
		o.SegmentSize = 256 << 20
	}
	if o.LazyBytes == 0 {
		o.LazyBytes = 256 << 10
	}
	if o.LazyDelay == 0 {
		o.LazyDelay = 50 * time.Millisecond
	}
	if o.SegmentSize < 1<<10 || o.SegmentSize > 2<<30 {
		return o, fmt.Errorf("segment size of %d bytes: want %d to %d", o.SegmentSize, 1<<10, 2<<30)
	}
	if o.LazyBytes < 0 || o.LazyBytes > 64<<20 {
		return o, fmt.Errorf("lazy bytes of %d: want 0 to %d", o.LazyBytes, 64<<20)
	}
	if o.LazyDelay < 0 || o.LazyDelay > time.Minute {
		return o, fmt.Errorf("lazy delay of %s: want 0 to %s", o.LazyDelay, time.Minute)
	}
	return o, nil
}

// Journal is an open journal. Its methods are safe for concurrent use.
type Journal struct {
	fsys disk.FS
	dir  string
	opts Options
	lock io.Closer // nil: for reading only

	use     sync.RWMutex // held for reading while files are in use
	buffers sync.Pool    // *[]byte, of Read
	scratch sync.Pool    // *encoded, of Append

	mu       sync.Mutex
	wake     *sync.Cond  // tells the committer that there is work, and lazy appenders that there is room
	segments []*segment  // by number from 1; a file that is not made yet has no file
	offset   int64       // of the next frame, in the last segment
	queue    []*group    // to be written, in order; the last still takes records
	flying   *group      // being written
	waiting  int         // appends in queue that wait for the disk
	held     int64       // bytes in queue
	timer    *time.Timer // runs while lazy records are in queue
	due      bool        // the timer has run out
	failed   error       // the write or fsync error after which nothing is written
	closed   bool
	marked   bool // the log ends with the mark of a Close
	stats    Stats
	spares   [][]byte // buffers of groups that are done: one is filled while one is written

	stopped chan struct{} // closed when the committer has ended; nil: for reading only
}

// Stats are counts of a journal.
type Stats struct {
	Segments int
	Records  int64 // in the journal, recovered and appended; an append counts once it is on disk
	Bytes    int64 // on disk

	Appended     int64 // records appended by this process
	BodyBytes    int64 // their bodies
	PayloadBytes int64 // their bodies as stored
	Groups       int64 // writes that took them to disk, with an fsync each
	LargestGroup int64 // records in the largest of these
	Fsyncs       int64 // of files and folders
}

// Open takes the lock of the journal in dir, which is made if need be, recovers it, and calls visit
// once for each record in the order of the log. visit may be nil. The body that its last argument
// decodes is the caller's; the function itself is valid until visit returns, and so is an error of
// visit the end of Open.
//
// A write that a crash cut short is taken off the last segment, and said in Recovery. Damage in any
// other place is a *CorruptError, and changes nothing. Where another process has the journal open
// for writing, the error says so and errors.Is disk.ErrLocked.
func Open(fsys disk.FS, dir string, opts Options, visit func(Ref, Header, func() ([]byte, error)) error) (*Journal, Recovery, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, Recovery{}, fmt.Errorf("open journal %s: %w", dir, err)
	}
	j := &Journal{fsys: fsys, dir: dir, opts: opts, stopped: make(chan struct{})}
	j.wake = sync.NewCond(&j.mu)
	if err := disk.MakeDir(fsys, dir); err != nil {
		return nil, Recovery{}, fmt.Errorf("open journal: %w", err)
	}
	if j.lock, err = fsys.Lock(filepath.Join(dir, lockName)); err != nil {
		if errors.Is(err, disk.ErrLocked) {
			return nil, Recovery{}, fmt.Errorf("open journal %s: another process is writing to it: %w", dir, err)
		}
		return nil, Recovery{}, fmt.Errorf("open journal: %w", err)
	}
	rec, err := j.recover(visit)
	if err != nil {
		j.release()
		return nil, Recovery{}, fmt.Errorf("open journal: %w", err)
	}
	go j.commit()
	return j, rec, nil
}

// OpenReadOnly reads the journal in dir as Open does, but takes no lock and changes nothing, so that
// it works beside a process that writes. It sees the records that were on disk, or on their way to
// it, when it looked. A write that was cut short, or is under way, is left out and said. Only while
// another process opens the journal after a crash may reading fail.
func OpenReadOnly(fsys disk.FS, dir string, visit func(Ref, Header, func() ([]byte, error)) error) (*Journal, Recovery, error) {
	j := &Journal{fsys: fsys, dir: dir}
	l, err := j.load(visit)
	if err != nil {
		err = errors.Join(err, l.close())
		j.release()
		return nil, Recovery{}, fmt.Errorf("open journal: %w", err)
	}
	return j, l.Recovery, nil
}

func (j *Journal) load(visit visitor) (*loader, error) {
	l := &loader{fsys: j.fsys, dir: j.dir, visit: visit}
	if err := l.load(); err != nil {
		return l, err
	}
	j.segments = l.segments
	j.stats = Stats{Segments: l.Segments, Records: l.Records, Bytes: l.Bytes}
	return l, nil
}

// recover loads what is there and makes the end of it ready to be written to.
func (j *Journal) recover(visit visitor) (rec Recovery, err error) {
	l, err := j.load(visit)
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if err != nil {
		return rec, err
	}
	if l.leftover != nil {
		if err := j.fsys.Remove(l.leftover.path); err != nil {
			return rec, err
		}
	}
	if len(l.segments) == 0 {
		var id identity
		rand.Read(id[:])
		l.segments = []*segment{newSegment(j.dir, 1, id)}
		if err := l.segments[0].create(j.fsys); err != nil {
			return rec, err
		}
		j.stats.Fsyncs += 2
		l.Segments, l.Bytes = 1, segmentHeader
	} else if err := l.reopen(); err != nil {
		return rec, err
	}
	// What was found may never have been synced: records that the run now builds upon must last.
	if err := j.fsys.SyncDir(j.dir); err != nil {
		return rec, err
	}
	j.stats.Fsyncs += 2
	j.stats.Segments, j.stats.Bytes = l.Segments, l.Bytes
	j.segments = l.segments
	j.offset = j.last().size
	j.marked = l.Closed
	return l.Recovery, nil
}

// reopen opens the last segment for writing, cuts what is not sound, and syncs the rest. The segment
// before it may have an end mark that was never synced.
func (l *loader) reopen() error {
	n := len(l.segments)
	if n > 1 {
		if err := l.segments[n-2].file.Sync(); err != nil {
			return err
		}
	}
	s := l.segments[n-1]
	err := s.file.Close()
	s.file = nil
	if err != nil {
		return err
	}
	if s.file, err = l.fsys.Append(s.path); err != nil {
		return err
	}
	if l.Cut > 0 {
		if err := s.file.Truncate(s.size); err != nil {
			return err
		}
	}
	return s.file.Sync()
}

func (j *Journal) last() *segment { return j.segments[len(j.segments)-1] }

// Stats returns the counts as of now.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stats
}

// Close writes what is held in memory, marks the journal as closed in good order, and frees the
// lock. It returns the error that stopped the journal, if one did. Closing twice does nothing.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	if j.stopped == nil {
		j.mu.Unlock()
		return j.release()
	}
	j.wake.Broadcast()
	j.mu.Unlock()
	<-j.stopped
	j.mu.Lock()
	err := j.failed
	j.mu.Unlock()
	return errors.Join(err, j.release())
}

// release closes files and lock.
func (j *Journal) release() error {
	j.use.Lock()
	defer j.use.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	var err error
	for _, s := range j.segments {
		if s.file != nil {
			err = errors.Join(err, s.file.Close())
		}
	}
	if j.lock != nil {
		err = errors.Join(err, j.lock.Close())
	}
	return err
}
