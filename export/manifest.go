package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"

	"mulligan/data/disk"
)

// The files of an export besides its data.
const (
	manifestName = "manifest.json"
	cardName     = "README.md"
)

// Manifest says what an export holds. It is published last: a folder without one is not an export.
type Manifest struct {
	SchemaVersion   int              `json:"schema_version"`
	Split           string           `json:"split"`
	Run             string           `json:"run,omitempty"`
	Dataset         string           `json:"dataset,omitempty"`
	PlanDigest      string           `json:"plan_digest,omitempty"`
	Strategy        string           `json:"strategy,omitempty"`
	Verifier        string           `json:"verifier,omitempty"`
	VerifierVersion int              `json:"verifier_version,omitempty"`
	Mulligan        string           `json:"mulligan,omitempty"` // version of the program
	Counts          Counts           `json:"counts"`
	Formats         []ManifestFormat `json:"formats"`
	Card            File             `json:"card"`
}

// ManifestFormat is one format of an export.
type ManifestFormat struct {
	Name  string `json:"name"`
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Files []File `json:"files"`

	LeftOut map[string]int64 `json:"left_out,omitempty"` // turns that train and are in no row, by reason; format sequences only
}

func (m Manifest) write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(m)
}

// ReadManifest reads the manifest of an export. The error is a *DamageError if it is not one.
func ReadManifest(fs disk.FS, dir string) (Manifest, error) {
	f, err := fs.Open(filepath.Join(dir, manifestName))
	if err != nil {
		return Manifest{}, err
	}
	text, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return Manifest{}, err
	}
	m, err := parseManifest(text)
	if err != nil {
		return Manifest{}, &DamageError{manifestName, -1, "", err}
	}
	return m, nil
}

// olderManifest reads the manifest of an earlier schema version as far as it says which files are of the
// export: enough to replace them. False: it is none.
func olderManifest(fs disk.FS, dir string) (m Manifest, ok bool) {
	f, err := fs.Open(filepath.Join(dir, manifestName))
	if err != nil {
		return m, false
	}
	text, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil || json.Unmarshal(text, &m) != nil {
		return m, false
	}
	if m.SchemaVersion < 1 || m.SchemaVersion >= SchemaVersion {
		return m, false
	}
	m.SchemaVersion = SchemaVersion
	return m, m.check() == nil
}

// parseManifest accepts exactly what write writes.
func parseManifest(text []byte) (m Manifest, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Manifest{}, err
	}
	if err := m.check(); err != nil {
		return Manifest{}, err
	}
	var again bytes.Buffer
	if err := m.write(&again); err != nil {
		return Manifest{}, err
	}
	if !bytes.Equal(again.Bytes(), text) {
		return Manifest{}, errors.New("was edited: it is not as an export writes it")
	}
	return m, nil
}

func (m Manifest) check() error {
	if m.SchemaVersion != SchemaVersion {
		return fmt.Errorf("schema_version is %d, want %d", m.SchemaVersion, SchemaVersion)
	}
	if len(m.Formats) == 0 {
		return errors.New("no formats")
	}
	for _, f := range m.Formats {
		var rows int64
		for _, file := range f.Files {
			if path.Dir(file.Path) != f.Name || path.Dir(f.Name) != "." || !filepath.IsLocal(file.Path) {
				return fmt.Errorf("format %s: file %q is not in its folder", f.Name, file.Path)
			}
			rows += file.Rows
		}
		if rows != f.Rows {
			return fmt.Errorf("format %s: %d rows, but its files have %d", f.Name, f.Rows, rows)
		}
	}
	return nil
}
