package export

import (
	"cmp"
	"errors"
	"path/filepath"

	"mulligan/data/disk"
)

// commit replaces the export before with the one whose files were written under temporary names.
// The manifest goes first and comes last, so that no moment shows a mixture as an export.
func (d *folder) commit(m Manifest, all []*shards, documents []document) error {
	err := d.replace(m, all, documents)
	if err != nil {
		return errors.Join(err, d.wipe(all))
	}
	if err := d.fs.Remove(d.path(unfinishedName)); err != nil {
		return err
	}
	return d.fs.SyncDir(d.dir)
}

func (d *folder) replace(m Manifest, all []*shards, documents []document) error {
	if err := d.remove(manifestName); err != nil {
		return err
	}
	if err := d.fs.SyncDir(d.dir); err != nil {
		return err
	}
	for _, name := range d.old {
		if err := d.remove(name); err != nil {
			return err
		}
	}
	for _, s := range all {
		for i, f := range s.done {
			if err := d.fs.Rename(filepath.Join(s.dir, f.Path), filepath.Join(s.dir, s.final(i))); err != nil {
				return err
			}
		}
		if err := d.fs.SyncDir(s.dir); err != nil {
			return err
		}
	}
	if err := d.removeEmpty(); err != nil {
		return err
	}
	for _, doc := range documents {
		if err := disk.Publish(d.fs, d.path(doc.name), doc.write); err != nil {
			return err
		}
	}
	return disk.Publish(d.fs, d.path(manifestName), m.write)
}

// wipe removes the files of an export that could not be completed after the one before it was gone.
// If that fails too, the mark stays: the folder is refused by Check and repaired by the next export.
func (d *folder) wipe(all []*shards) error {
	names := append(append([]string{manifestName}, documentNames...), d.old...)
	for _, s := range all {
		for i, f := range s.done {
			names = append(names, filepath.Join(s.format.Name, f.Path), filepath.Join(s.format.Name, s.final(i)))
		}
	}
	var failed error
	for _, name := range names {
		failed = cmp.Or(failed, d.remove(name))
	}
	if failed == nil {
		failed = d.removeEmpty()
	}
	if failed == nil {
		failed = d.remove(unfinishedName)
	}
	return failed
}

// abandon removes what was written before the commit. The export that was there stays valid.
func (d *folder) abandon(all []*shards) error {
	var failed error
	for _, s := range all {
		failed = cmp.Or(failed, s.abandon())
		for _, name := range s.names {
			failed = cmp.Or(failed, d.remove(filepath.Join(s.format.Name, name)))
		}
	}
	if failed != nil {
		return failed
	}
	return d.discard()
}

// discard takes the mark back, if what is in the folder is a whole export or nothing.
func (d *folder) discard() error {
	if err := d.removeEmpty(); err != nil {
		return err
	}
	if _, err := ReadManifest(d.fs, d.dir); err != nil && len(d.old) > 0 {
		if _, older := olderManifest(d.fs, d.dir); !older {
			return nil
		}
	}
	return d.remove(unfinishedName)
}

// removeEmpty removes the folders of formats that hold nothing.
func (d *folder) removeEmpty() error {
	for _, name := range d.dirs {
		names, err := d.list(d.path(name))
		if err != nil {
			return err
		}
		if len(names) == 0 {
			if err := d.remove(name); err != nil {
				return err
			}
		}
	}
	return d.fs.SyncDir(d.dir)
}

// unlock frees the folder. The lock's file goes while it is held, so that none stays behind.
func (d *folder) unlock() error {
	return errors.Join(d.remove(lockName), d.lock.Close())
}
