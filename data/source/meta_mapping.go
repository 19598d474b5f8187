package source

import (
	"encoding/json"
	"errors"

	"mulligan/data"
)

// MetaMapping says which columns are carried along. In a plan it is a list of columns, or all
// (every column that prompt, answer and tools do not name), or none, which is the default.
type MetaMapping struct {
	Columns []string // set: these, under the names as written here
	All     bool     // true: all others
}

func (m MetaMapping) isZero() bool { return len(m.Columns) == 0 && !m.All }

// IsZero reports whether nothing is set; encoders leave it out then.
func (m MetaMapping) IsZero() bool { return m.isZero() }

// UnmarshalYAML reads a list of columns, all or none.
func (m *MetaMapping) UnmarshalYAML(unmarshal func(any) error) error {
	var columns []string
	if err := unmarshal(&columns); err == nil {
		*m = MetaMapping{Columns: columns}
		return nil
	}
	var word string
	if err := unmarshal(&word); err != nil || word != "all" && word != "none" {
		return errors.New("meta: want a list of columns, all or none")
	}
	*m = MetaMapping{All: word == "all"}
	return nil
}

// MarshalYAML writes what UnmarshalYAML reads.
func (m MetaMapping) MarshalYAML() (any, error) {
	switch {
	case m.All:
		return "all", nil
	case len(m.Columns) > 0:
		return m.Columns, nil
	}
	return "none", nil
}

func (m MetaMapping) hash(h *data.Hasher) {
	h.Int(len(m.Columns))
	for _, c := range m.Columns {
		h.String(c)
	}
	if m.All {
		h.Int(1)
	}
}

// pick returns the columns of a row that are carried along, or nil; used are those that make the task.
func (m MetaMapping) pick(r row, used map[string]bool) (map[string]json.RawMessage, error) {
	if m.isZero() {
		return nil, nil
	}
	meta := map[string]json.RawMessage{}
	for _, name := range m.Columns {
		raw, err := r.column(name)
		if err != nil {
			return nil, err
		}
		meta[name] = raw
	}
	if m.All {
		for name, raw := range r.fields {
			if !used[name] {
				meta[name] = raw
			}
		}
	}
	if len(meta) == 0 {
		return nil, nil
	}
	return meta, nil
}
