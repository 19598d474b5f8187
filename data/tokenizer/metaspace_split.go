package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"
)

// cutter is a pre-tokenizer: it cuts text into stretches that are merged on their own.
type cutter interface {
	// cut calls emit for each stretch, in order, none of them empty. first: as for model.encode.
	cut(text string, first bool, emit func(part string, first bool))
	digest(h *hasher)
}

func readCutters(raw json.RawMessage) ([]cutter, error) {
	all, err := flatten(raw, "pretokenizers")
	if err != nil {
		return nil, fmt.Errorf("pre-tokenizer: %w", err)
	}
	var cutters []cutter
	for _, part := range all {
		var s cutter
		switch part.Type {
		case "Metaspace":
			s, err = readMetaspaceSplit(part.raw)
		case "Split":
			s, err = readStringSplit(part.raw)
		default:
			return nil, unknown("pre-tokenizer", part.Type, "Metaspace", "Split", "Sequence")
		}
		if err != nil {
			return nil, fmt.Errorf("pre-tokenizer %s: %w", part.Type, err)
		}
		cutters = append(cutters, s)
	}
	return cutters, nil
}

// Schemes of Metaspace: where its character is put before a text that does not begin with it.
const (
	schemeAlways = "always"
	schemeFirst  = "first" // only where the input begins
	schemeNever  = "never"
)

// metaspaceSplit is the pre-tokenizer Metaspace.
type metaspaceSplit struct {
	replacement string // of spaces
	scheme      string
	each        bool // each replacement begins a stretch
}

func readMetaspaceSplit(raw json.RawMessage) (*metaspaceSplit, error) {
	var o struct {
		Replacement    string
		PrependScheme  string `json:"prepend_scheme"`
		AddPrefixSpace *bool  `json:"add_prefix_space"` // before prepend_scheme
		Split          *bool
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	m := &metaspaceSplit{o.Replacement, o.PrependScheme, o.Split == nil || *o.Split}
	switch {
	case len([]rune(m.replacement)) != 1:
		return nil, fmt.Errorf("replacement %q: want one character", m.replacement)
	case m.scheme == "":
		m.scheme = schemeAlways
		if o.AddPrefixSpace != nil && !*o.AddPrefixSpace {
			m.scheme = schemeNever
		}
	case m.scheme != schemeAlways && m.scheme != schemeFirst && m.scheme != schemeNever:
		return nil, unknown("prepend_scheme", m.scheme, schemeAlways, schemeFirst, schemeNever)
	}
	return m, nil
}

func (m *metaspaceSplit) cut(text string, first bool, emit func(string, bool)) {
	text = strings.ReplaceAll(text, " ", m.replacement)
	if (m.scheme == schemeAlways || m.scheme == schemeFirst && first) && !strings.HasPrefix(text, m.replacement) {
		text = m.replacement + text
	}
	if !m.each {
		emit(text, first)
		return
	}
	for len(text) > 0 {
		n := strings.Index(text[1:], m.replacement) + 1
		if n == 0 {
			n = len(text)
		}
		emit(text[:n], first)
		text, first = text[n:], false
	}
}

func (m *metaspaceSplit) digest(h *hasher) {
	h.string("Metaspace")
	h.string(m.replacement)
	h.string(m.scheme)
	h.bool(m.each)
}

// stringSplit is the pre-tokenizer Split at a string: what it finds belongs to the stretch before.
type stringSplit string

func readStringSplit(raw json.RawMessage) (stringSplit, error) {
	var o struct {
		Pattern  struct{ String, Regex *string }
		Behavior string
		Invert   bool
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return "", err
	}
	switch {
	case o.Pattern.Regex != nil:
		return "", fmt.Errorf("pattern %q: regular expressions are %w outside of byte-level vocabularies; understood are strings", *o.Pattern.Regex, ErrNotUnderstood)
	case o.Pattern.String == nil || *o.Pattern.String == "":
		return "", fmt.Errorf("pattern is empty")
	case o.Behavior != "MergedWithPrevious" || o.Invert:
		return "", fmt.Errorf("behavior %q, invert %t: %w; understood is MergedWithPrevious, not inverted", o.Behavior, o.Invert, ErrNotUnderstood)
	}
	return stringSplit(*o.Pattern.String), nil
}

func (s stringSplit) cut(text string, first bool, emit func(string, bool)) {
	for len(text) > 0 {
		n := strings.Index(text, string(s))
		if n < 0 {
			n = len(text)
		} else {
			n += len(s)
		}
		emit(text[:n], first)
		text, first = text[n:], false
	}
}

func (s stringSplit) digest(h *hasher) {
	h.string("Split")
	h.string(string(s))
}
