package disktest

import (
	"io/fs"
	"slices"
	"syscall"
)

// Ops returns how many operations there were since New, Crash or Kill made the file system.
func (f *FS) Ops() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// FailAt makes operation n (the first is 1) fail with err; 0: none.
func (f *FS) FailAt(n int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failAt, f.failWith = n, err
}

// DieAt makes operation n (the first is 1) and all that follow fail with ErrDied; 0: none.
func (f *FS) DieAt(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dieAt = n
}

// SetCapacity sets how many bytes all files together may have; what does not fit fails with
// syscall.ENOSPC after the part that does. Negative: no bound, as at the start.
func (f *FS) SetCapacity(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.capacity = bytes
}

// Used returns how many bytes all files together have.
func (f *FS) Used() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.used
}

// SetReadOnly makes every operation that would change something fail with syscall.EROFS.
func (f *FS) SetReadOnly(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readOnly = on
}

// SyncAll takes everything to the disk. It is no operation.
func (f *FS) SyncAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.pending {
		for _, e := range c {
			set(e.dir.durable, e)
		}
	}
	f.pending = nil
	var walk func(n *node)
	walk = func(n *node) {
		for _, m := range n.entries {
			walk(m)
		}
		if n.entries == nil {
			n.sync()
		}
	}
	walk(f.root)
}

// ReadFile returns the content of a file as the program sees it. It is no operation.
func (f *FS) ReadFile(name string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find(parts(name))
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return slices.Clone(n.data), nil
}

// WriteFile puts a file on the disk, with its folders, in the place of what is there: for tests
// that damage files. It is no operation and never fails for want of room.
func (f *FS) WriteFile(name string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := parts(name)
	dir := f.root
	for i, part := range p {
		if dir.entries == nil {
			return &fs.PathError{Op: "write", Path: name, Err: syscall.ENOTDIR}
		}
		next := dir.entries[part]
		if i == len(p)-1 {
			if next != nil {
				f.used -= int64(len(next.data))
			}
			next = &node{data: slices.Clone(data)}
			next.sync()
			f.used += int64(len(data))
		} else if next == nil {
			next = newDir()
		}
		f.edit(change{{dir, part, next}})
		f.syncDir(dir)
		dir = next
	}
	return nil
}

// Files returns the names of all files, sorted, without a leading slash. It is no operation.
func (f *FS) Files() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	var walk func(prefix string, n *node)
	walk = func(prefix string, n *node) {
		for name, m := range n.entries {
			if m.entries == nil {
				names = append(names, prefix+name)
			} else {
				walk(prefix+name+"/", m)
			}
		}
	}
	walk("", f.root)
	slices.Sort(names)
	return names
}
