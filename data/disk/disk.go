// Package disk is the one way in which Mulligan touches files that it writes: run directories and
// exports. FS is small so that a test can fail any operation, or lose what was not synced.
package disk

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// ErrLocked is returned by Lock where somebody else holds the lock.
var ErrLocked = errors.New("locked by another process")

// File is an open file. Write puts all of its bytes at the end of the file or returns an error;
// ReadAt is safe for concurrent use, also beside Write.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.Closer
	Sync() error
	Truncate(size int64) error
	Size() (int64, error)
}

// FS is a file system. Names are paths as the operating system writes them. A file that does not
// exist gives an error that errors.Is fs.ErrNotExist; one that Create finds, fs.ErrExist.
type FS interface {
	Open(name string) (File, error)      // for reading
	Create(name string) (File, error)    // for writing; the file must not exist
	Append(name string) (File, error)    // for reading and for writing at its end; the file must exist
	Rename(from, to string) error        // replaces to
	Remove(name string) error            // a file or an empty folder
	MkdirAll(dir string) error           // with its parents
	List(dir string) ([]string, error)   // names of its entries, sorted
	SyncDir(dir string) error            // makes creations, renames and removals in dir last
	Lock(name string) (io.Closer, error) // creates the file if need be; ErrLocked if it is held; freed by Close and by the death of the process
}

// Publish writes a file that is either there whole or not at all: a temporary name in the same
// folder, the content, a check of the length, fsync, rename, fsync of the folder. What was there
// under the name before is replaced. A failure leaves no temporary file, unless the process dies.
func Publish(fs FS, name string, write func(io.Writer) error) error {
	tmp := name + ".tmp"
	if err := fs.Remove(tmp); err != nil && !errors.Is(err, errNotExist) {
		return err
	}
	f, err := fs.Create(tmp)
	if err != nil {
		return err
	}
	w := &counter{w: f}
	err = write(w)
	if err == nil {
		var size int64
		if size, err = f.Size(); err == nil && size != w.n {
			err = fmt.Errorf("write %s: %d bytes on disk, %d written", tmp, size, w.n)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = fs.Rename(tmp, name)
	}
	if err != nil {
		return errors.Join(err, ignoreNotExist(fs.Remove(tmp)))
	}
	return fs.SyncDir(filepath.Dir(name))
}

// MakeDir makes a folder with its parents so that they last: each new folder's entry is synced, and
// that of dir also if dir was there, because who made it may have died before.
func MakeDir(fs FS, dir string) error {
	dir = filepath.Clean(dir)
	var parents []string // to be synced
	for at := dir; ; {
		up := filepath.Dir(at)
		if up == at {
			break
		}
		parents = append(parents, up)
		if _, err := fs.List(up); err == nil {
			break
		} else if !errors.Is(err, errNotExist) {
			return err
		}
		at = up
	}
	if err := fs.MkdirAll(dir); err != nil {
		return err
	}
	for _, up := range parents {
		if err := fs.SyncDir(up); err != nil {
			return err
		}
	}
	return nil
}

func ignoreNotExist(err error) error {
	if errors.Is(err, errNotExist) {
		return nil
	}
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
