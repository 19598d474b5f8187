package disktest

import (
	"maps"
	"slices"
	"syscall"
)

// MkdirAll implements disk.FS.
func (f *FS) MkdirAll(dir string) error {
	return f.do("mkdir", dir, false, func() error { return f.mkdirAll(dir) })
}

func (f *FS) mkdirAll(dir string) error {
	at := f.root
	for _, name := range parts(dir) {
		next := at.entries[name]
		if next == nil {
			if f.readOnly {
				return syscall.EROFS
			}
			next = newDir()
			f.edit(change{{at, name, next}})
		}
		if next.entries == nil {
			return syscall.ENOTDIR
		}
		at = next
	}
	return nil
}

// List implements disk.FS.
func (f *FS) List(dir string) (names []string, err error) {
	err = f.do("list", dir, false, func() error {
		n, err := f.find(parts(dir))
		if err != nil {
			return err
		}
		if n.entries == nil {
			return syscall.ENOTDIR
		}
		names = slices.Sorted(maps.Keys(n.entries))
		return nil
	})
	return names, err
}

// SyncDir implements disk.FS.
func (f *FS) SyncDir(dir string) error {
	return f.do("syncdir", dir, false, func() error {
		n, err := f.find(parts(dir))
		if err != nil {
			return err
		}
		if n.entries == nil {
			return syscall.ENOTDIR
		}
		f.syncDir(n)
		return nil
	})
}

// syncDir takes to the disk what changed the folder, and with it what that rests upon: an earlier
// change of the other folder of a rename.
func (f *FS) syncDir(dir *node) {
	touched := map[*node]bool{dir: true}
	take := make([]bool, len(f.pending))
	for i := len(f.pending) - 1; i >= 0; i-- {
		for _, e := range f.pending[i] {
			take[i] = take[i] || touched[e.dir]
		}
		if take[i] {
			for _, e := range f.pending[i] {
				touched[e.dir] = true
			}
		}
	}
	var rest []change
	for i, c := range f.pending {
		if !take[i] {
			rest = append(rest, c)
			continue
		}
		for _, e := range c {
			set(e.dir.durable, e)
		}
	}
	f.pending = rest
}
