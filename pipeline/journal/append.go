package journal

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// group is what one write takes to disk.
type group struct {
	segment *segment
	start   int64  // offset in the segment
	buf     []byte // whole batches
	records int64
	body    int64 // bytes of bodies
	payload int64 // bytes of payloads
	waiters int   // appends that wait for done
	done    chan struct{}
	err     error // valid once done is closed
}

// Append writes the records of one call as a batch, of which recovery finds all or none, and
// returns when they are on disk. The calls of many goroutines share a write and an fsync. Refs are
// in the order of the records.
//
// The error of a write or an fsync stops the journal: this and every later Append returns it. When
// ctx ends first, its cause is returned, and the records may still get written. Without records
// Append does nothing. The bodies may be changed after the return.
func (j *Journal) Append(ctx context.Context, rec ...Record) ([]Ref, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	refs, g, err := j.enqueue(rec, true)
	if err != nil || g == nil {
		return nil, err
	}
	select {
	case <-g.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if g.err != nil {
		return nil, g.err
	}
	return refs, nil
}

// AppendLazy writes as Append does, but does not wait for the disk: for records that are cheap to
// make again. They are written with the next Append, or after Options.LazyDelay or LazyBytes; they
// are on disk before any later Append returns, and after Close. AppendLazy waits only where the
// disk does not keep up and twice LazyBytes are held in memory.
func (j *Journal) AppendLazy(rec ...Record) ([]Ref, error) {
	refs, _, err := j.enqueue(rec, false)
	return refs, err
}

// enqueue puts records at the end of the log in memory. The group is nil if there are none.
func (j *Journal) enqueue(rec []Record, wait bool) ([]Ref, *group, error) {
	if j.stopped == nil {
		return nil, nil, ErrReadOnly
	}
	if len(rec) == 0 {
		return nil, nil, nil
	}
	j.use.RLock()
	defer j.use.RUnlock()
	if err := j.stop(); err != nil {
		return nil, nil, err
	}
	e, err := j.encode(rec)
	if err != nil {
		return nil, nil, fmt.Errorf("append to journal: %w", err)
	}
	defer j.recycle(e)
	j.mu.Lock()
	defer j.mu.Unlock()
	for !wait && j.held > 2*j.opts.LazyBytes && j.failed == nil && !j.closed {
		j.wake.Wait()
	}
	if err := j.stopLocked(); err != nil {
		return nil, nil, err
	}
	g := j.open(e.size)
	refs := make([]Ref, len(rec))
	from := 0 // of the next compressed body
	for i, r := range rec {
		var flags byte
		if len(g.buf) == 0 {
			flags |= flagBarrier
		}
		if i < len(rec)-1 {
			flags |= flagMore
		}
		payload := r.Body
		if end := e.ends[i]; end >= 0 {
			flags |= flagS2
			payload, from = e.buf[from:end], end
		}
		refs[i] = makeRef(g.segment.number, j.offset)
		g.buf = appendFrame(g.buf, g.segment.seed, j.offset, r.Header, flags, payload)
		j.offset += frameSize + int64(len(payload))
		g.body += int64(len(r.Body))
	}
	g.records += int64(len(rec))
	g.payload += e.size - frameSize*int64(len(rec))
	j.held += e.size
	if wait {
		g.waiters++
		j.waiting++
	} else if j.timer == nil {
		j.timer = time.AfterFunc(j.opts.LazyDelay, j.ring)
	}
	if j.ready() {
		j.wake.Broadcast()
	}
	return refs, g, nil
}

// stop returns why nothing can be appended any more; nil if it can.
func (j *Journal) stop() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stopLocked()
}

func (j *Journal) stopLocked() error {
	if j.failed == nil && j.closed {
		return fmt.Errorf("append to journal: %w", ErrClosed)
	}
	return j.failed
}

// open returns the group to which a batch of the given size is added, in the segment that has room.
func (j *Journal) open(size int64) *group {
	s := j.last()
	if j.offset+size > j.opts.SegmentSize && j.offset > segmentHeader {
		s = newSegment(j.dir, s.number+1, s.id)
		j.segments = append(j.segments, s)
		j.offset = segmentHeader
	}
	if n := len(j.queue); n > 0 && j.queue[n-1].segment == s {
		return j.queue[n-1]
	}
	g := &group{segment: s, start: j.offset, done: make(chan struct{})}
	if n := len(j.spares); n > 0 {
		g.buf, j.spares = j.spares[n-1][:0], j.spares[:n-1]
	}
	j.queue = append(j.queue, g)
	return g
}

// encoded are the payloads of a batch.
type encoded struct {
	buf  []byte // the compressed bodies
	ends []int  // of each compressed body in buf; -1: the body is stored as it is
	size int64  // of the frames
}

// maxScratch is the largest buffer that is kept for the next append, in bytes.
const maxScratch = 64 << 10

// recycle gives the memory to the next append.
func (j *Journal) recycle(e *encoded) {
	if cap(e.buf) <= maxScratch && cap(e.ends) <= maxScratch {
		j.scratch.Put(e)
	}
}

var errKindZero = errors.New("kind 0 is reserved")

// encode compresses the bodies, outside the lock.
func (j *Journal) encode(rec []Record) (*encoded, error) {
	size := int64(0)
	for i, r := range rec {
		if r.Kind == 0 {
			return nil, fmt.Errorf("record %d of %d: %w", i+1, len(rec), errKindZero)
		}
		if len(r.Body) > MaxBody {
			return nil, fmt.Errorf("record %d of %d: body of %d bytes: want at most %d", i+1, len(rec), len(r.Body), MaxBody)
		}
		size += frameSize + int64(len(r.Body))
	}
	if size > maxBatch {
		return nil, fmt.Errorf("%d records of %d bytes: want at most %d bytes together", len(rec), size, maxBatch)
	}
	e, _ := j.scratch.Get().(*encoded)
	if e == nil {
		e = new(encoded)
	}
	e.buf, e.ends, e.size = e.buf[:0], e.ends[:0], frameSize*int64(len(rec))
	for _, r := range rec {
		at := len(e.buf)
		var small bool
		if e.buf, small = encode(e.buf, r.Body); small {
			e.ends = append(e.ends, len(e.buf))
			e.size += int64(len(e.buf) - at)
		} else {
			e.ends = append(e.ends, -1)
			e.size += int64(len(r.Body))
		}
	}
	return e, nil
}
