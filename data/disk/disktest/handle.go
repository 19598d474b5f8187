package disktest

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"

	"mulligan/data/disk"
)

// handle is an open file.
type handle struct {
	fs     *FS
	node   *node
	name   string
	pos    int64 // of the next Read
	writes bool
	closed bool
}

func (h *handle) do(op string, writes bool, work func() error) error {
	return h.fs.do(op, h.name, writes, func() error {
		switch {
		case h.closed:
			return fs.ErrClosed
		case writes && !h.writes:
			return syscall.EBADF
		}
		return work()
	})
}

func (h *handle) Read(b []byte) (n int, err error) {
	var end error
	err = h.do("read", false, func() error {
		n, end = h.node.readAt(b, h.pos)
		h.pos += int64(n)
		return nil
	})
	if err == nil && n == 0 {
		err = end
	}
	return n, err
}

func (h *handle) ReadAt(b []byte, off int64) (n int, err error) {
	var end error
	err = h.do("read", false, func() error {
		if off < 0 {
			return syscall.EINVAL
		}
		n, end = h.node.readAt(b, off)
		return nil
	})
	if err == nil {
		err = end
	}
	return n, err
}

func (n *node) readAt(b []byte, off int64) (int, error) {
	if off >= int64(len(n.data)) {
		if len(b) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	got := copy(b, n.data[off:])
	if got < len(b) {
		return got, io.EOF
	}
	return got, nil
}

func (h *handle) Write(b []byte) (int, error) {
	f := h.fs
	f.mu.Lock()
	defer f.mu.Unlock()
	fail := func(n int, err error) (int, error) {
		return n, &fs.PathError{Op: "write", Path: h.name, Err: err}
	}
	before := f.ops
	err := f.start("write", h.name, true)
	switch {
	case h.closed:
		return fail(0, fs.ErrClosed)
	case !h.writes:
		return fail(0, syscall.EBADF)
	case err != nil && (before+1 == f.failAt || before+1 == f.dieAt):
		half := b[:min(len(b)/2, f.room())]
		f.extend(h.node, half)
		return len(half), err
	case err != nil:
		return 0, err
	}
	if room := f.room(); len(b) > room {
		f.extend(h.node, b[:room])
		return fail(room, syscall.ENOSPC)
	}
	f.extend(h.node, b)
	return len(b), nil
}

// room returns how many bytes fit on the disk.
func (f *FS) room() int {
	if f.capacity < 0 {
		return int(^uint(0) >> 1)
	}
	return int(max(0, f.capacity-f.used))
}

func (f *FS) extend(n *node, b []byte) {
	n.data = append(n.data, b...)
	f.used += int64(len(b))
}

func (h *handle) Sync() error {
	f := h.fs
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.start("sync", h.name, false); err != nil {
		if !errors.Is(err, ErrDied) {
			h.node.lose()
		}
		return err
	}
	if h.closed {
		return &fs.PathError{Op: "sync", Path: h.name, Err: fs.ErrClosed}
	}
	h.node.sync()
	return nil
}

// lose drops what is not on the disk, as the page cache does after a failed fsync: the program
// goes on to read it, but it is never written.
func (n *node) lose() {
	if n.kept < len(n.data) {
		n.lost = append(n.lost, span{n.kept, len(n.data)})
	}
}

// sync takes the content to the disk.
func (n *node) sync() {
	n.synced = slices.Clip(n.data)
	n.kept = len(n.data)
	if len(n.lost) > 0 {
		n.synced = slices.Clone(n.data)
		for _, s := range n.lost {
			clear(n.synced[s.from:s.to])
		}
	}
}

func (h *handle) Truncate(size int64) error {
	return h.do("truncate", true, func() error {
		if size < 0 {
			return syscall.EINVAL
		}
		f, n := h.fs, h.node
		f.used += size - int64(len(n.data))
		if more := size - int64(len(n.data)); more > 0 {
			n.data = append(n.data, make([]byte, more)...)
			return nil
		}
		n.data = n.data[:size:size] // what follows must not overwrite what synced shares
		n.kept = min(n.kept, int(size))
		for i := range n.lost {
			n.lost[i].to = min(n.lost[i].to, int(size))
		}
		n.lost = slices.DeleteFunc(n.lost, func(s span) bool { return s.from >= s.to })
		return nil
	})
}

func (h *handle) Size() (size int64, err error) {
	err = h.do("stat", false, func() error {
		size = int64(len(h.node.data))
		return nil
	})
	return size, err
}

// Close closes the file also where it fails.
func (h *handle) Close() error {
	err := h.do("close", false, func() error { return nil })
	h.fs.mu.Lock()
	h.closed = true
	h.fs.mu.Unlock()
	return err
}

// lock is a lock that is held.
type lock struct{ h *handle }

// Lock implements disk.FS. A second Lock of the same file system is refused, as one of another
// process is.
func (f *FS) Lock(name string) (io.Closer, error) {
	var l *lock
	var held bool
	err := f.do("lock", name, true, func() error {
		n, err := f.find(parts(name))
		if err == fs.ErrNotExist {
			n, err = f.create(name)
		}
		if err != nil {
			return err
		}
		if held = n.locked; !held {
			n.locked = true
			l = &lock{&handle{fs: f, node: n, name: name}}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case held:
		return nil, disk.ErrLocked
	}
	return l, nil
}

func (l *lock) Close() error {
	err := l.h.Close()
	l.h.fs.mu.Lock()
	l.h.node.locked = false
	l.h.fs.mu.Unlock()
	return err
}
