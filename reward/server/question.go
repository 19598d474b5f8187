package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"mulligan/data"
)

// questionFields are the fields that ReadQuestion knows, in the order of its messages.
var questionFields = []string{"id", "answer", "response", "messages", "verifier"}

// Question is one reply to judge.
type Question struct {
	ID       json.RawMessage // any JSON value, given back as it came; nil: none
	Answer   json.RawMessage // ground truth; its shape belongs to the verifier; nil: none
	Response string          // the reply
	Messages []data.Message  // what was asked; empty: one user message without text
	Verifier string          // its name; empty: the only one
}

// ReadQuestion reads one JSON object {"id","answer","response","messages","verifier"}, of which only
// response must be there, a text; null is as if left out, but for answer. A field that is unknown or
// stands twice is an error, and so is a text that is not UTF-8; an escape that is half of a
// surrogate pair becomes U+FFFD, as in a reply that a run receives. With an error, the Question
// holds its id and verifier where they could be read.
func ReadQuestion(text []byte) (Question, error) {
	var q Question
	fields, err := readObject(text, questionFields)
	q.ID = fields["id"]
	if err2 := readText(fields, "verifier", &q.Verifier); err == nil {
		err = err2
	}
	if err != nil {
		return q, err
	}
	q.Answer = fields["answer"]
	if raw := fields["response"]; raw == nil || string(raw) == "null" {
		return q, errors.New("field response is missing: want a text")
	}
	if err := readText(fields, "response", &q.Response); err != nil {
		return q, err
	}
	if raw := fields["messages"]; raw != nil {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&q.Messages); err != nil {
			return q, fmt.Errorf("field messages: want [{\"role\",\"content\",\"thinking\",\"tool_calls\",\"tool_name\"},...]: %w", err)
		}
	}
	if err := q.Prompt().Check(); err != nil {
		return q, fmt.Errorf("field messages: %w", err)
	}
	return q, nil
}

// Prompt is the question as a verifier is shown it.
func (q Question) Prompt() data.Prompt {
	p := data.Prompt{Messages: q.Messages, Answer: q.Answer}
	if len(p.Messages) == 0 {
		p.Messages = []data.Message{{Role: data.RoleUser}}
	}
	return p
}

// readObject returns the fields of a JSON object by name, compared to the letter.
func readObject(text []byte, known []string) (map[string]json.RawMessage, error) {
	want := `want {"` + strings.Join(known, `","`) + `"}`
	if at := invalidUTF8(text); at >= 0 {
		return nil, fmt.Errorf("byte %d is not UTF-8: %s", at, want)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	fail := func(err error) error { return fmt.Errorf("%s: at byte %d: %w", want, dec.InputOffset(), err) }
	open, err := dec.Token()
	if err != nil {
		return nil, fail(err)
	}
	if open != json.Delim('{') {
		return nil, fmt.Errorf("%s, not %s", want, kind(text))
	}
	fields := make(map[string]json.RawMessage, len(known))
	var unknown error // told last, so that the id is read
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fields, fail(err)
		}
		name, _ := key.(string) // the decoder lets nothing else stand here
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return fields, fail(err)
		}
		switch _, twice := fields[name]; {
		case !slices.Contains(known, name):
			if unknown == nil {
				unknown = fmt.Errorf("unknown field %.60q; known: %s", name, strings.Join(known, ", "))
			}
		case twice:
			return fields, fmt.Errorf("field %s stands twice", name)
		default:
			fields[name] = value
		}
	}
	if _, err := dec.Token(); err != nil {
		return fields, fail(err)
	}
	if rest := bytes.TrimSpace(text[dec.InputOffset():]); len(rest) > 0 {
		return fields, fmt.Errorf("%d bytes after the end of the JSON value: want one value", len(rest))
	}
	return fields, unknown
}

// readText reads a field that is a text, if it is there.
func readText(fields map[string]json.RawMessage, name string, into *string) error {
	raw := fields[name]
	if raw == nil || string(raw) == "null" {
		return nil
	}
	if raw[0] != '"' {
		return fmt.Errorf("field %s: want a text, not %s", name, kind(raw))
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("field %s: %w", name, err)
	}
	return nil
}

// kind names the kind of a JSON value by its first character.
func kind(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for at := 0; ; {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n <= 1 {
			return at
		}
		at += n
	}
}
