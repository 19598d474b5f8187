package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mulligan/data"
)

// AnswerMapping says where the ground truth of a row is. In a plan it is one of
//
//	answer: solution                          a column; a string that holds a JSON object or list is taken as that
//	answer: {numbers: nums, target: target}   an object of these fields, each from a column
//	answer: '{"value": {{json .answer}}}'     a template that makes JSON
//	answer: none                              no ground truth; for verifiers that need none
//
// Its shape belongs to the verifier.
type AnswerMapping struct {
	Column   string            // set: the column
	Template string            // set: the template
	Fields   map[string]string // set: field to column
	None     bool              // true: rows have no ground truth
}

func (a AnswerMapping) isZero() bool {
	return a.Column == "" && a.Template == "" && len(a.Fields) == 0 && !a.None
}

// IsZero reports whether nothing is set; encoders leave it out then.
func (a AnswerMapping) IsZero() bool { return a.isZero() }

// UnmarshalYAML reads the forms above.
func (a *AnswerMapping) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		var fields map[string]string
		if err := unmarshal(&fields); err != nil {
			return fmt.Errorf("answer: want a column, a template of JSON, field: column pairs, or none: %w", err)
		}
		*a = AnswerMapping{Fields: fields}
		return nil
	}
	switch {
	case text == "none":
		*a = AnswerMapping{None: true}
	case strings.Contains(text, "{{"):
		*a = AnswerMapping{Template: text}
	default:
		*a = AnswerMapping{Column: text}
	}
	return nil
}

// MarshalYAML writes what UnmarshalYAML reads.
func (a AnswerMapping) MarshalYAML() (any, error) {
	switch {
	case a.None:
		return "none", nil
	case len(a.Fields) > 0:
		return a.Fields, nil
	case a.Template != "":
		return a.Template, nil
	}
	return a.Column, nil
}

func (a AnswerMapping) hash(h *data.Hasher) {
	h.String(a.Column)
	h.String(a.Template)
	h.Int(len(a.Fields))
	for _, field := range slices.Sorted(maps.Keys(a.Fields)) {
		h.String(field)
		h.String(a.Fields[field])
	}
	if a.None {
		h.Int(1)
	}
}

// truth returns the ground truth of a row; it is never null.
func (m *mapper) truth(r row) (json.RawMessage, error) {
	a := m.Answer
	switch {
	case a.None:
		return nil, nil
	case m.answer != nil:
		text, err := m.answer.render(r)
		if err != nil {
			return nil, err
		}
		raw := json.RawMessage(strings.TrimSpace(text))
		if !json.Valid(raw) {
			return nil, errors.New("the template does not make JSON: print columns by {{json .column}}")
		}
		if isNull(raw) {
			return nil, errNoTruth
		}
		return raw, nil
	case a.Column != "":
		raw, err := truthColumn(r, a.Column)
		if err != nil {
			return nil, err
		}
		return unwrapJSON(raw), nil
	}
	fields := make(map[string]json.RawMessage, len(a.Fields))
	for field, column := range a.Fields {
		raw, err := truthColumn(r, column)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field, err)
		}
		fields[field] = unwrapJSON(raw)
	}
	return encodeJSON(fields)
}

var errNoTruth = errors.New("null: want the ground truth; write answer: none if the verifier needs none")

func truthColumn(r row, column string) (json.RawMessage, error) {
	raw, err := r.column(column)
	if err == nil && isNull(raw) {
		err = fmt.Errorf("column %q: %w", column, errNoTruth)
	}
	return raw, err
}

// unwrapJSON returns the object or list that a string holds as JSON, or else raw itself.
func unwrapJSON(raw json.RawMessage) json.RawMessage {
	for _, open := range []byte("{[") {
		if inner, err := inString(raw, open); err == nil {
			return inner
		}
	}
	return raw
}
