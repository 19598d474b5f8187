package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"
)

// columnTemplate makes text of a row: a template of Go's text/template in which {{.name}} stands
// for a column. A list or an object prints as JSON ([44, 19, 35]; keys sorted), a string as it is, a
// number as the file writes it; {{json .name}} prints any column as JSON, strings with their quotes.
type columnTemplate struct {
	text string
	t    *template.Template
}

// newColumnTemplate parses text; name is what the plan calls it.
func newColumnTemplate(name, text string) (*columnTemplate, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{"json": toJSON}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	return &columnTemplate{text, t}, nil
}

// render returns the text of a row. A column that it prints must not be missing or null.
func (c *columnTemplate) render(r row) (string, error) {
	values := make(map[string]any, len(r.fields))
	for name, raw := range r.fields {
		v, err := printable(raw)
		if err != nil {
			return "", fmt.Errorf("column %q: %w", name, err)
		}
		values[name] = v
	}
	var b strings.Builder
	if err := c.t.Execute(&b, values); err != nil {
		return "", fmt.Errorf("%w: there are the columns %s", err, strings.Join(slices.Sorted(maps.Keys(r.fields)), ", "))
	}
	text := b.String()
	switch {
	case strings.Contains(text, nullMark):
		return "", errors.New("a column that the template prints is null")
	case !utf8.ValidString(text):
		return "", errors.New("the template makes a text that is not valid UTF-8")
	}
	return text, nil
}

// nullMark is what a null prints as until render refuses it: a noncharacter, so that no text has it.
const nullMark = "\ufdd0null\ufdd1"

// The kinds of a value that print as JSON. A nil *null is false in {{if}}.
type (
	null   struct{}
	list   []any
	object map[string]any
)

func (*null) String() string               { return nullMark }
func (*null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }
func (l list) String() string              { return spaced(l) }
func (o object) String() string            { return spaced(o) }

func printable(raw json.RawMessage) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return wrap(v), nil
}

func wrap(v any) any {
	switch v := v.(type) {
	case nil:
		return (*null)(nil)
	case []any:
		for i := range v {
			v[i] = wrap(v[i])
		}
		return list(v)
	case map[string]any:
		for k := range v {
			v[k] = wrap(v[k])
		}
		return object(v)
	case json.Number:
		if n, err := v.Int64(); err == nil && fmt.Sprint(n) == v.String() {
			return n // so that templates can compare it
		}
	}
	return v
}

func toJSON(v any) (string, error) {
	b, err := encodeJSON(v)
	return string(b), err
}

// spaced writes JSON with a space after each comma and colon, as Python's json does. It is what
// most data sets' prompts hold.
func spaced(v any) string {
	var b strings.Builder
	appendSpaced(&b, v)
	return b.String()
}

func appendSpaced(b *strings.Builder, v any) {
	switch v := v.(type) {
	case list:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			appendSpaced(b, e)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b.WriteString(", ")
			}
			appendSpaced(b, k)
			b.WriteString(": ")
			appendSpaced(b, v[k])
		}
		b.WriteByte('}')
	default:
		text, err := encodeJSON(v)
		if err != nil { // not reached: strings, numbers, booleans and nulls encode
			text = []byte(fmt.Sprint(v))
		}
		b.Write(text)
	}
}
