package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"mulligan/data"
)

// Write writes p as one JSON line, the form that the source jsonl reads without a mapping:
//
//	{"source":"..","messages":[{"role":"..","content":".."}],"tools":[..],"answer":..,"meta":{..},"failure":{..}}
//
// Only messages and answer must be there; a row written by hand may have "prompt":".." for one
// message of the user. What is read back has the same ID.
func Write(w io.Writer, p data.Prompt) error {
	if err := p.Check(); err != nil {
		return fmt.Errorf("write prompt: %w", err)
	}
	line, err := encodeJSON(p)
	if err != nil {
		return fmt.Errorf("write prompt: %w", err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write prompt: %w", err)
	}
	return nil
}

var ownFields = []string{"source", "messages", "prompt", "tools", "answer", "meta", "failure"}

// ownPrompt reads a row that Write wrote, or somebody after its pattern.
func ownPrompt(r row) (p data.Prompt, err error) {
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		if !slices.Contains(ownFields, name) {
			return p, fmt.Errorf("unknown field %q: want messages or prompt, answer, tools, meta, source; or give a mapping", name)
		}
	}
	get := func(name string) json.RawMessage { return r.fields[name] }
	if raw := get("source"); !isNull(raw) {
		if err := json.Unmarshal(raw, &p.Source); err != nil {
			return p, fieldError("source", fmt.Errorf("want a string, got %s", kindOf(raw)))
		}
	}
	if p.Messages, err = ownMessages(get("messages"), get("prompt")); err != nil {
		return p, err
	}
	if raw := get("tools"); !isNull(raw) {
		if p.Tools, err = decodeTools(raw); err != nil {
			return p, fieldError("tools", err)
		}
	}
	if p.Answer = get("answer"); isNull(p.Answer) {
		return p, fieldError("answer", errors.New("missing: want the ground truth in the shape that the verifier reads"))
	}
	if r.typed {
		p.Answer = unwrapJSON(p.Answer)
	}
	if p.Meta, err = decodeMeta(get("meta")); err != nil {
		return p, fieldError("meta", err)
	}
	if raw := get("failure"); !isNull(raw) {
		if raw, err = inString(raw, '{'); err == nil {
			err = json.Unmarshal(raw, &p.Failure)
		}
		if err != nil {
			return p, fieldError("failure", err)
		}
	}
	if err := p.Compact(); err != nil {
		return p, err
	}
	return p, p.Check()
}

func ownMessages(list, text json.RawMessage) ([]data.Message, error) {
	name, raw := "messages", list
	switch {
	case !isNull(list) && !isNull(text):
		return nil, errors.New(`fields "messages" and "prompt": want one of the two`)
	case isNull(list) && isNull(text):
		return nil, errors.New(`no field "messages" or "prompt": want one of the two, or give a mapping`)
	case isNull(list):
		name, raw = "prompt", text
	}
	messages, err := decodePrompt(raw)
	if err != nil {
		return nil, fieldError(name, err)
	}
	return messages, nil
}

// decodeMeta reads an object, or a string that holds it as JSON; nil if it is null or empty, so that
// there is one form for nothing.
func decodeMeta(raw json.RawMessage) (meta map[string]json.RawMessage, err error) {
	if isNull(raw) {
		return nil, nil
	}
	if raw, err = inString(raw, '{'); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &meta); err != nil || len(meta) == 0 {
		return nil, err
	}
	return meta, nil
}
