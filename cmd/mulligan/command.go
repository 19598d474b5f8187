package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"mulligan/data"
	"mulligan/reward"
)

// locateCommand runs the program of a verifier in the plan's folder, so that its paths start there,
// and digests those of its arguments that are files: a changed program is a changed verifier.
func locateCommand(base string, o *reward.CommandOptions) error {
	abs, err := filepath.Abs(base)
	if err != nil {
		return err
	}
	o.Dir = abs
	if o.Program != "" {
		return nil
	}
	h := data.NewHasher("program")
	files := 0
	for _, arg := range o.Command {
		if !filepath.IsAbs(arg) {
			arg = filepath.Join(abs, arg)
		}
		info, err := os.Stat(arg)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue // an option, or a program on PATH
		}
		if err != nil {
			return err
		}
		b, err := os.ReadFile(arg)
		if err != nil {
			return err
		}
		h.Bytes(b)
		files++
	}
	if files > 0 {
		o.Program = h.Sum().Short()
	}
	return nil
}
