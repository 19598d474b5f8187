package export_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mulligan/data/disk"
	"mulligan/export"
	"mulligan/export/exporttest"
)

// TestReadRows: every encoding gives the same rows back, and EpisodesOf makes them again from the groups.
func TestReadRows(t *testing.T) {
	dir := t.TempDir()
	groups := exporttest.Groups()
	info := export.Info{Run: "run", Verifier: "number", LogprobsMode: "raw"}
	formats := []export.Format{export.Episodes, export.EpisodesArrow, export.EpisodesStream, export.EpisodesJSONL}
	m, err := export.Write(t.Context(), disk.OS{}, dir, info, export.Options{}, formats, exporttest.All(groups))
	if err != nil {
		t.Fatal(err)
	}
	var again []string
	for i := 0; i < len(groups); {
		j := i
		for id := groups[i].Prompt.ID(); j < len(groups) && groups[j].Prompt.ID() == id; j++ {
		}
		rows, err := export.EpisodesOf(info, export.Options{}, groups[i:j])
		if err != nil || len(rows) != j-i {
			t.Fatal(err)
		}
		for _, group := range rows {
			for _, e := range group {
				hash, err := e.Hash()
				if err != nil || e.ContentHash != nil {
					t.Fatal(err)
				}
				again = append(again, hash)
			}
		}
		i = j
	}
	for k, f := range m.Formats {
		n := 0
		for e, err := range export.ReadEpisodes(disk.OS{}, filepath.Join(dir, f.Files[0].Path)) {
			if err != nil {
				t.Fatal(err)
			}
			if hash, err := e.Hash(); err != nil || *e.ContentHash != hash || hash != again[n] || e.Check() != nil {
				t.Errorf("%s: row %d is another one: %v", formats[k].Name, n, e.Check())
			}
			n++
		}
		if n != len(again) {
			t.Errorf("%s: %d rows, want %d", formats[k].Name, n, len(again))
		}
	}
}

// TestReadEditedLines: a line that was edited is an error with its row, and the others are read.
func TestReadEditedLines(t *testing.T) {
	dir := t.TempDir()
	if _, err := export.Write(t.Context(), disk.OS{}, dir, export.Info{}, export.Options{}, []export.Format{export.EpisodesJSONL}, exporttest.All(exporttest.Groups())); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "episodes_jsonl", "train-00000-of-00001.jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) // the last one is cut
	lines[1] = bytes.Replace(lines[1], []byte(`:null`), []byte(`: null`), 1)
	lines[4] = []byte("\n")
	if err := os.WriteFile(file, bytes.Join(lines, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	var good int
	var bad []int64
	for _, err := range export.ReadEpisodes(disk.OS{}, file) {
		if err == nil {
			good++
			continue
		}
		damage := new(export.DamageError)
		if !errors.As(err, &damage) || damage.File != file {
			t.Fatal(err)
		}
		bad = append(bad, damage.Row)
	}
	if good != len(lines)-3 || len(bad) != 3 || bad[0] != 1 || bad[1] != 4 || bad[2] != int64(len(lines)-1) {
		t.Errorf("%d rows and errors of %v of %d lines", good, bad, len(lines))
	}
}

// TestReadUnknown: what is no file of rows is an error, and no panic.
func TestReadUnknown(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.parquet", "a.arrow", "a.arrows", "a.jsonl", "a.csv"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("PAR1 not rows\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		errs := 0
		for _, err := range export.ReadSequences(disk.OS{}, filepath.Join(dir, name)) {
			if damage := new(export.DamageError); !errors.As(err, &damage) {
				t.Errorf("%s: %v", name, err)
			}
			if errs++; name == "a.csv" && !strings.Contains(err.Error(), `extension ".csv": want one of [".parquet" ".arrow" ".arrows" ".jsonl"]`) {
				t.Error(err)
			}
		}
		if errs != 1 {
			t.Errorf("%s: %d errors", name, errs)
		}
	}
	for _, err := range export.ReadEpisodes(disk.OS{}, filepath.Join(dir, "missing.parquet")) {
		if !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
}
