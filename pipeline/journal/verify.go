package journal

import (
	"errors"
	"fmt"

	"mulligan/data/disk"
)

// Progress is how far Verify has come.
type Progress struct {
	Segment  int // that is being read, from 1
	Segments int
	Records  int64
	Bytes    int64 // read so far
	Total    int64 // bytes of all segments
}

// Report is what Verify found in a journal without damage.
type Report struct {
	Recovery                 // a write that was cut short is no damage, and is said here
	Batches   int64          // appends that the records came in
	BodyBytes int64          // of the bodies, decompressed
	Kinds     map[Kind]int64 // records of each kind
}

// progressStep is how many bytes lie between two calls of progress at least.
const progressStep = 8 << 20

// Verify reads every frame of the journal in dir and decompresses every body. It takes no lock and
// changes nothing. Damage is a *CorruptError with file and offset. progress may be nil.
func Verify(fsys disk.FS, dir string, progress func(Progress)) (Report, error) {
	report := Report{Kinds: make(map[Kind]int64)}
	var p Progress
	said := int64(-progressStep)
	l := &loader{fsys: fsys, dir: dir}
	l.progress = func(segment int, before int64) {
		if p.Total == 0 {
			for _, s := range l.segments {
				p.Total += s.size
			}
		}
		p.Segment, p.Segments, p.Bytes = segment+1, len(l.segments), before
	}
	l.visit = func(ref Ref, h Header, body func() ([]byte, error)) error {
		b, err := body()
		if err != nil {
			return err
		}
		report.Kinds[h.Kind]++
		report.BodyBytes += int64(len(b))
		p.Records++
		if at := p.Bytes + ref.Offset(); progress != nil && at-said >= progressStep {
			said = at
			now := p
			now.Bytes = at
			progress(now)
		}
		return nil
	}
	err := errors.Join(l.load(), l.close())
	report.Recovery, report.Batches = l.Recovery, l.batches
	if err != nil {
		return report, fmt.Errorf("verify journal: %w", err)
	}
	if progress != nil {
		p.Bytes = p.Total
		progress(p)
	}
	return report, nil
}
