package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"
)

// readNormalizer reads the normaliser of a tokenizer.json. nil: none, or one that changes nothing.
func readNormalizer(raw json.RawMessage) (normalizer, error) {
	all, err := flatten(raw, "normalizers")
	if err != nil {
		return nil, fmt.Errorf("normaliser: %w", err)
	}
	var steps normalizers
	for _, part := range all {
		var n normalizer
		switch part.Type {
		case "NFC":
			n = nfc{}
		case "Replace":
			n, err = readReplace(part.raw)
		case "Prepend":
			var o struct{ Prepend string }
			err = json.Unmarshal(part.raw, &o)
			n = prepend(o.Prepend)
		default:
			return nil, unknown("normaliser", part.Type, "NFC", "Prepend", "Replace", "Sequence")
		}
		if err != nil {
			return nil, fmt.Errorf("normaliser %s: %w", part.Type, err)
		}
		steps = append(steps, n)
	}
	if len(steps) == 0 {
		return nil, nil
	}
	return steps, nil
}

// normalizers are applied one after the other.
type normalizers []normalizer

func (s normalizers) normalize(text string, first bool) string {
	for _, n := range s {
		text = n.normalize(text, first)
	}
	return text
}

func (s normalizers) digest(h *hasher) {
	h.string("Sequence")
	h.int(len(s))
	for _, n := range s {
		n.digest(h)
	}
}

// prepend puts a text before every stretch, but for empty ones.
type prepend string

func (p prepend) normalize(text string, _ bool) string {
	if text == "" {
		return text
	}
	return string(p) + text
}

func (p prepend) digest(h *hasher) {
	h.string("Prepend")
	h.string(string(p))
}

// replace puts one text for another.
type replace struct{ from, to string }

func readReplace(raw json.RawMessage) (replace, error) {
	var o struct {
		Pattern struct{ String, Regex *string }
		Content string
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return replace{}, err
	}
	switch {
	case o.Pattern.Regex != nil:
		return replace{}, fmt.Errorf("pattern %q: regular expressions are %w; understood are strings", *o.Pattern.Regex, ErrNotUnderstood)
	case o.Pattern.String == nil || *o.Pattern.String == "":
		return replace{}, fmt.Errorf("pattern is empty")
	}
	return replace{*o.Pattern.String, o.Content}, nil
}

func (r replace) normalize(text string, _ bool) string {
	return strings.ReplaceAll(text, r.from, r.to)
}

func (r replace) digest(h *hasher) {
	h.string("Replace")
	h.string(r.from)
	h.string(r.to)
}
