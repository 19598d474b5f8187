package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"runtime"
	"testing"

	"mulligan/data/disk/disktest"
)

// resum makes the checksum of a segment header right.
func resum(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[28:], crc32.Checksum(b[:28], castagnoli))
	return b
}

// resumFrames makes the checksums right of what has the shape of frames, so that the fuzzer gets
// past them.
func resumFrames(b []byte) {
	if len(b) < segmentHeader {
		return
	}
	copy(b, segmentMagic)
	binary.LittleEndian.PutUint32(b[8:], segmentVersion)
	binary.LittleEndian.PutUint32(b[12:], 1)
	resum(b)
	seed := binary.LittleEndian.Uint32(b[28:])
	for at := segmentHeader; at+frameSize <= len(b); {
		h := b[at:]
		if binary.LittleEndian.Uint16(h) != frameMagic {
			return
		}
		chain := crc32.Update(seed^uint32(at), castagnoli, h[:40])
		binary.LittleEndian.PutUint32(h[40:], chain)
		n := int(binary.LittleEndian.Uint32(h[4:]))
		if n > len(h)-frameSize {
			return
		}
		binary.LittleEndian.PutUint32(h[44:], crc32.Update(chain, castagnoli, h[frameSize:frameSize+n]))
		at += frameSize + n
	}
}

// Any bytes in the place of a segment are recovered, or refused as damage. What Open accepts,
// another Open finds again, and Read returns it.
func FuzzRecover(f *testing.F) {
	for _, fsys := range []*disktest.FS{fill(f, Options{}, 1, 3, 2), crashed(f, Options{}, 2, 1), fill(f, Options{})} {
		b, err := fsys.ReadFile(firstFile)
		must(f, err)
		f.Add(b, false)
		f.Add(b, true)
	}
	f.Fuzz(func(t *testing.T, b []byte, sums bool) {
		if sums {
			resumFrames(b)
		}
		fsys := disktest.New()
		must(t, fsys.WriteFile(firstFile, b))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var refs []Ref
		j, rec, err := Open(fsys, "j", Options{}, func(ref Ref, h Header, body func() ([]byte, error)) error {
			if h.Kind == 0 {
				t.Error("a record of kind 0")
			}
			refs = append(refs, ref)
			return nil
		})
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20+16*uint64(len(b)) {
			t.Errorf("%d bytes of memory for %d bytes of file", used, len(b))
		}
		var c *CorruptError
		if err != nil {
			if !errors.As(err, &c) && binary.LittleEndian.Uint32(b[8:]) == segmentVersion {
				t.Errorf("open: %v", err)
			}
			return
		}
		for _, ref := range refs {
			if _, err := j.Read(ref); err != nil && !errors.As(err, &c) {
				t.Errorf("read: %v", err)
			}
		}
		must(t, j.Close())
		again, rec2, err := Open(fsys, "j", Options{}, nil)
		if err != nil || rec2.Records != rec.Records || rec2.Cut != 0 || !rec2.Closed {
			t.Fatalf("open again: %v, %v, before %v", rec2, err, rec)
		}
		must(t, again.Close())
	})
}
