// Package disktest is a file system in memory for tests of what happens when a disk fails or a
// machine dies.
//
// It keeps apart what a program sees and what is on the disk, as strictly as POSIX allows: the
// content of a file is on the disk after Sync of the file, its name (and the end of its old name)
// after SyncDir of the folder, and nothing else is. Crash returns the disk as it would be found
// after a power cut, Kill as after the death of the process alone.
//
// Every method call of the FS, of its files and of its locks is one operation, and any of them can
// be made to fail. An operation that fails does no half of its work, but for two, which are as bad
// as in life: a Write that fails writes the first half of its bytes, and what was not on the disk
// when a Sync failed (but not for the death of the machine) never gets there, even if a later Sync
// succeeds.
package disktest

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"mulligan/data/disk"
)

// ErrDied is returned by every operation from the one given to DieAt on.
var ErrDied = errors.New("the machine died")

// FS is a disk.FS in memory. It is safe for concurrent use. The root folder is there from the start;
// relative and absolute names are the same.
type FS struct {
	mu       sync.Mutex
	root     *node
	pending  []change // of folders, in order, that are not on the disk
	ops      int64
	failAt   int64
	failWith error
	dieAt    int64
	capacity int64 // negative: no bound
	used     int64
	readOnly bool
}

// node is a file or a folder.
type node struct {
	entries map[string]*node // nil: a file
	durable map[string]*node // entries that are on the disk

	data   []byte // never changed in place: clones share it
	synced []byte // what is on the disk
	kept   int    // bytes at the start of data that synced has too
	lost   []span // of data: dropped by a failed Sync
	locked bool
}

type span struct{ from, to int }

// change is what one operation did to folders: all of it or nothing comes to be on the disk.
type change []edit

type edit struct {
	dir  *node
	name string
	node *node // nil: removed
}

// New returns an empty file system.
func New() *FS { return &FS{root: newDir(), capacity: -1} }

func newDir() *node {
	return &node{entries: make(map[string]*node), durable: make(map[string]*node)}
}

// start counts an operation and returns the error with which it is to fail. f.mu is held.
func (f *FS) start(op, name string, writes bool) error {
	f.ops++
	var err error
	switch {
	case f.dieAt > 0 && f.ops >= f.dieAt:
		err = ErrDied
	case f.failAt > 0 && f.ops == f.failAt:
		err = f.failWith
	case f.readOnly && writes:
		err = syscall.EROFS
	default:
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

func parts(name string) []string {
	name = strings.Trim(filepath.ToSlash(filepath.Clean(name)), "/")
	if name == "" || name == "." {
		return nil
	}
	return strings.Split(name, "/")
}

// find returns the node of a name.
func (f *FS) find(names []string) (*node, error) {
	n := f.root
	for _, name := range names {
		if n.entries == nil {
			return nil, syscall.ENOTDIR
		}
		if n = n.entries[name]; n == nil {
			return nil, fs.ErrNotExist
		}
	}
	return n, nil
}

// parent returns the folder that a name is in, and the last part of the name.
func (f *FS) parent(name string) (*node, string, error) {
	p := parts(name)
	if len(p) == 0 {
		return nil, "", syscall.EINVAL
	}
	dir, err := f.find(p[:len(p)-1])
	if err == nil && dir.entries == nil {
		err = syscall.ENOTDIR
	}
	return dir, p[len(p)-1], err
}

// edit changes folders for the program, and remembers that the disk does not know.
func (f *FS) edit(c change) {
	for _, e := range c {
		set(e.dir.entries, e)
	}
	f.pending = append(f.pending, c)
}

func set(entries map[string]*node, e edit) {
	if e.node == nil {
		delete(entries, e.name)
	} else {
		entries[e.name] = e.node
	}
}

// do runs an operation on a name under the lock and gives its error a name.
func (f *FS) do(op, name string, writes bool, work func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.start(op, name, writes); err != nil {
		return err
	}
	if err := work(); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

// open is the common part of Open and Append.
func (f *FS) open(op, name string, writes bool) (disk.File, error) {
	var file *handle
	err := f.do(op, name, writes, func() error {
		n, err := f.find(parts(name))
		if err == nil && n.entries != nil {
			err = syscall.EISDIR
		}
		file = &handle{fs: f, node: n, name: name, writes: writes}
		return err
	})
	if err != nil {
		return nil, err
	}
	return file, nil
}

// Open implements disk.FS.
func (f *FS) Open(name string) (disk.File, error) { return f.open("open", name, false) }

// Append implements disk.FS.
func (f *FS) Append(name string) (disk.File, error) { return f.open("append", name, true) }

// Create implements disk.FS.
func (f *FS) Create(name string) (disk.File, error) {
	var file *handle
	err := f.do("create", name, true, func() error {
		n, err := f.create(name)
		file = &handle{fs: f, node: n, name: name, writes: true}
		return err
	})
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (f *FS) create(name string) (*node, error) {
	dir, base, err := f.parent(name)
	if err != nil {
		return nil, err
	}
	if dir.entries[base] != nil {
		return nil, fs.ErrExist
	}
	n := &node{}
	f.edit(change{{dir, base, n}})
	return n, nil
}

// Rename implements disk.FS.
func (f *FS) Rename(from, to string) error {
	return f.do("rename", from, true, func() error {
		dir, base, err := f.parent(from)
		if err != nil {
			return err
		}
		n := dir.entries[base]
		if n == nil {
			return fs.ErrNotExist
		}
		dir2, base2, err := f.parent(to)
		if err != nil {
			return err
		}
		switch old := dir2.entries[base2]; {
		case old == n:
			return nil
		case old != nil && old.entries != nil:
			return syscall.EISDIR
		case old != nil:
			f.used -= int64(len(old.data))
		}
		f.edit(change{{dir, base, nil}, {dir2, base2, n}})
		return nil
	})
}

// Remove implements disk.FS.
func (f *FS) Remove(name string) error {
	return f.do("remove", name, true, func() error {
		dir, base, err := f.parent(name)
		if err != nil {
			return err
		}
		n := dir.entries[base]
		switch {
		case n == nil:
			return fs.ErrNotExist
		case len(n.entries) > 0:
			return syscall.ENOTEMPTY
		}
		f.used -= int64(len(n.data))
		f.edit(change{{dir, base, nil}})
		return nil
	})
}
