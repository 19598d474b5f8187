package journal

import (
	"errors"
	"fmt"
	"runtime"
)

// maxSpare is the largest buffer that is kept for a later group, in bytes.
const maxSpare = 4 << 20

// commit writes the groups, one after the other: the records that come in while one is on its way
// to the disk make the next. It ends after Close, or with the first error.
func (j *Journal) commit() {
	defer close(j.stopped)
	crowd := 0
	for {
		g := j.take(crowd)
		if g == nil {
			break
		}
		crowd = g.waiters
		err := j.write(g)
		if !j.finish(g, err) {
			return
		}
	}
	if err := j.markClosed(); err != nil {
		j.mu.Lock()
		j.failed = fmt.Errorf("close journal: %w", err)
		j.mu.Unlock()
	}
}

// take waits for work and returns the next group; nil after Close when all is written. The crowd
// is how many waited for the last group: they are likely to come back at once, so that take lets
// them do so before it starts the next fsync with a few of them.
func (j *Journal) take(crowd int) *group {
	j.mu.Lock()
	defer j.mu.Unlock()
	for !j.ready() && !j.closed {
		j.wake.Wait()
	}
	for before := -1; j.waiting < crowd && j.waiting > before && !j.closed; {
		before = j.waiting
		j.mu.Unlock()
		runtime.Gosched()
		j.mu.Lock()
	}
	if len(j.queue) == 0 {
		return nil
	}
	g := j.queue[0]
	j.queue = append(j.queue[:0], j.queue[1:]...)
	j.flying = g
	j.waiting -= g.waiters
	j.held -= int64(len(g.buf))
	if len(j.queue) == 0 {
		j.due = false
		j.stopTimer()
	}
	return g
}

// ready reports whether the queue is to be written now.
func (j *Journal) ready() bool {
	return len(j.queue) > 0 && (j.waiting > 0 || j.due || j.held > j.opts.LazyBytes)
}

// ring is called when lazy records have waited long enough.
func (j *Journal) ring() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.due = true
	j.wake.Broadcast()
}

func (j *Journal) stopTimer() {
	if j.timer != nil {
		j.timer.Stop()
		j.timer = nil
	}
}

// write takes a group to disk, in a new segment if it is the first of one.
func (j *Journal) write(g *group) error {
	if g.segment.file == nil {
		if err := j.rotate(g.segment); err != nil {
			return err
		}
	}
	return g.segment.write(g.buf)
}

// rotate makes the file of a segment and then marks the end of the one before it. In this order a
// segment that promises a successor has one, and one that is in use has a predecessor with a mark.
func (j *Journal) rotate(s *segment) error {
	fresh := *s
	if err := fresh.create(j.fsys); err != nil {
		if fresh.file != nil {
			err = errors.Join(err, fresh.file.Close())
		}
		return err
	}
	j.mu.Lock()
	s.file, s.size = fresh.file, fresh.size
	prev := j.segments[s.number-2]
	j.stats.Fsyncs += 3
	j.stats.Segments++
	j.stats.Bytes += segmentHeader + frameSize
	j.mu.Unlock()
	return prev.write(appendMark(nil, prev.seed, prev.size, markContinued))
}

// finish tells those who wait. It is false if the journal has failed.
func (j *Journal) finish(g *group, err error) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flying = nil
	if err != nil {
		j.failed = fmt.Errorf("append to journal: %w", err)
		for _, q := range append([]*group{g}, j.queue...) {
			q.err = j.failed
			close(q.done)
		}
		j.queue, j.waiting, j.held = nil, 0, 0
		j.stopTimer()
		j.wake.Broadcast()
		return false
	}
	s := &j.stats
	j.marked = false
	s.Records += g.records
	s.Appended += g.records
	s.Bytes += int64(len(g.buf))
	s.BodyBytes += g.body
	s.PayloadBytes += g.payload
	s.Groups++
	s.Fsyncs++
	s.LargestGroup = max(s.LargestGroup, g.records)
	if cap(g.buf) <= maxSpare && len(j.spares) < 2 {
		j.spares = append(j.spares, g.buf)
	}
	g.buf = nil
	close(g.done)
	j.wake.Broadcast()
	return true
}

// markClosed writes that the journal was closed in good order.
func (j *Journal) markClosed() error {
	s := j.last()
	if j.marked || s.size == segmentHeader && s.number == 1 {
		return nil
	}
	return s.write(appendMark(nil, s.seed, s.size, markClosed))
}
