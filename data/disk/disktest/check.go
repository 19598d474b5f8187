package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"mulligan/data/disk"
)

// Check returns the first promise of disk.FS that an implementation breaks. It works in dir, which
// must be an empty folder, and leaves it empty.
func Check(fsys disk.FS, dir string) error {
	for _, c := range []struct {
		name string
		run  func(disk.FS, string) error
	}{
		{"names", checkNames},
		{"content", checkContent},
		{"folders", checkFolders},
		{"lock", checkLock},
		{"publish", checkPublish},
	} {
		if err := c.run(fsys, dir); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if names, err := fsys.List(dir); err != nil || len(names) > 0 {
			return fmt.Errorf("%s: left %v, %v", c.name, names, err)
		}
	}
	return nil
}

// wantIs makes an error of an error that is not the wanted one.
func wantIs(what string, got, want error) error {
	if errors.Is(got, want) {
		return nil
	}
	return fmt.Errorf("%s: got error %v, want %v", what, got, want)
}

func checkNames(fsys disk.FS, dir string) error {
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	_, openErr := fsys.Open(a)
	_, appendErr := fsys.Append(a)
	_, parentErr := fsys.Create(filepath.Join(a, "x"))
	_, listErr := fsys.List(a)
	err := errors.Join(
		wantIs("open what is not there", openErr, fs.ErrNotExist),
		wantIs("append to what is not there", appendErr, fs.ErrNotExist),
		wantIs("create in a folder that is not there", parentErr, fs.ErrNotExist),
		wantIs("list what is not there", listErr, fs.ErrNotExist),
		wantIs("remove what is not there", fsys.Remove(a), fs.ErrNotExist),
		wantIs("rename what is not there", fsys.Rename(a, b), fs.ErrNotExist),
	)
	if err != nil {
		return err
	}
	if err := errors.Join(put(fsys, a, "one"), put(fsys, b, "two")); err != nil {
		return err
	}
	if _, err := fsys.Create(a); !errors.Is(err, fs.ErrExist) {
		return wantIs("create what is there", err, fs.ErrExist)
	}
	if err := fsys.Rename(a, b); err != nil {
		return err
	}
	if names, err := fsys.List(dir); err != nil || !slices.Equal(names, []string{"b"}) {
		return fmt.Errorf("list after rename: %v, %v", names, err)
	}
	return errors.Join(holds(fsys, b, "one"), fsys.Remove(b), fsys.SyncDir(dir))
}

func checkContent(fsys disk.FS, dir string) error {
	a := filepath.Join(dir, "a")
	if err := put(fsys, a, "0123456789"); err != nil {
		return err
	}
	f, err := fsys.Append(a)
	if err != nil {
		return err
	}
	err = errors.Join(f.Truncate(4), write(f, "abc"), f.Sync())
	if size, sizeErr := f.Size(); sizeErr != nil || size != 7 {
		err = errors.Join(err, fmt.Errorf("size: %d, %v, want 7", size, sizeErr))
	}
	var b [4]byte
	if n, readErr := f.ReadAt(b[:], 2); n != 4 || readErr != nil || string(b[:]) != "23ab" {
		err = errors.Join(err, fmt.Errorf("read at 2: %q, %d, %v", b, n, readErr))
	}
	if n, readErr := f.ReadAt(b[:], 5); n != 2 || readErr != io.EOF {
		err = errors.Join(err, fmt.Errorf("read past the end: %d, %v, want 2, EOF", n, readErr))
	}
	err = errors.Join(err, f.Close(), holds(fsys, a, "0123abc"))
	if _, writeErr := f.Write([]byte("x")); writeErr == nil {
		err = errors.Join(err, errors.New("write to a closed file: no error"))
	}
	r, openErr := fsys.Open(a)
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	if _, writeErr := r.Write([]byte("x")); writeErr == nil {
		err = errors.Join(err, errors.New("write to a file open for reading: no error"))
	}
	return errors.Join(err, r.Close(), fsys.Remove(a))
}

func checkFolders(fsys disk.FS, dir string) error {
	deep := filepath.Join(dir, "x", "y")
	if err := errors.Join(fsys.MkdirAll(deep), fsys.MkdirAll(deep), disk.MakeDir(fsys, deep)); err != nil {
		return err
	}
	file := filepath.Join(deep, "a")
	if err := put(fsys, file, ""); err != nil {
		return err
	}
	if err := fsys.Remove(deep); err == nil {
		return errors.New("remove a folder that is not empty: no error")
	}
	if err := fsys.MkdirAll(filepath.Join(file, "z")); err == nil {
		return errors.New("make a folder below a file: no error")
	}
	return errors.Join(fsys.SyncDir(deep), fsys.Remove(file), fsys.Remove(deep), fsys.Remove(filepath.Dir(deep)))
}

func checkLock(fsys disk.FS, dir string) error {
	name := filepath.Join(dir, "lock")
	for range 2 {
		l, err := fsys.Lock(name)
		if err != nil {
			return err
		}
		if _, err := fsys.Lock(name); !errors.Is(err, disk.ErrLocked) {
			return wantIs("lock twice", err, disk.ErrLocked)
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return fsys.Remove(name)
}

func checkPublish(fsys disk.FS, dir string) error {
	name := filepath.Join(dir, "a")
	for _, text := range []string{"first", "second, longer"} {
		if err := disk.Publish(fsys, name, func(w io.Writer) error { return write(w, text) }); err != nil {
			return err
		}
		if err := holds(fsys, name, text); err != nil {
			return err
		}
	}
	stop := errors.New("stop")
	err := disk.Publish(fsys, name, func(w io.Writer) error { return errors.Join(write(w, "half"), stop) })
	if !errors.Is(err, stop) {
		return wantIs("publish what cannot be written", err, stop)
	}
	return errors.Join(holds(fsys, name, "second, longer"), fsys.Remove(name))
}

func write(w io.Writer, text string) error {
	n, err := io.WriteString(w, text)
	if err == nil && n != len(text) {
		err = io.ErrShortWrite
	}
	return err
}

func put(fsys disk.FS, name, text string) error {
	f, err := fsys.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f, text), f.Sync(), f.Close())
}

// holds makes an error of a file that does not read as text.
func holds(fsys disk.FS, name, text string) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(f)
	if err == nil && !bytes.Equal(got, []byte(text)) {
		err = fmt.Errorf("%s holds %q, want %q", name, got, text)
	}
	return errors.Join(err, f.Close())
}
