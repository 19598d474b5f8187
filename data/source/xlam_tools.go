package source

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mulligan/data"
)

// xlamTools reads tools whose parameters are {"name": {"description", "type", "default"}} with
// types as Python writes them ("List[str], optional"), and makes JSON Schema of these. Tools that
// have JSON Schema already, {"type": "object", "properties": {...}}, stay as they are.
func xlamTools(raw json.RawMessage) ([]data.Tool, error) {
	tools, err := decodeTools(raw)
	if err != nil {
		return nil, err
	}
	for i, t := range tools {
		if t.Parameters == nil {
			continue
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(t.Parameters, &fields); err != nil {
			return nil, fmt.Errorf("tool %q: parameters: %w", t.Name, err)
		}
		if kindOf(fields["type"]) == "a string" {
			continue
		}
		if tools[i].Parameters, err = xlamParameters(fields); err != nil {
			return nil, fmt.Errorf("tool %q: %w", t.Name, err)
		}
	}
	return tools, nil
}

func xlamParameters(fields map[string]json.RawMessage) (json.RawMessage, error) {
	type schema struct {
		Type       string         `json:"type"`
		Properties map[string]any `json:"properties"`
		Required   []string       `json:"required,omitempty"`
	}
	s := schema{Type: "object", Properties: map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		var p struct {
			Type        string          `json:"type"`
			Description string          `json:"description"`
			Default     json.RawMessage `json:"default"`
		}
		if err := json.Unmarshal(fields[name], &p); err != nil {
			return nil, fmt.Errorf("parameter %q: want {description, type, default}: %w", name, err)
		}
		property, optional := pythonSchema(p.Type)
		if p.Description != "" {
			property["description"] = p.Description
		}
		if p.Default != nil {
			property["default"] = p.Default
		}
		s.Properties[name] = property
		if !optional && p.Default == nil {
			s.Required = append(s.Required, name)
		}
	}
	return encodeJSON(s)
}

// pythonSchema returns the JSON Schema of a type as Python writes it, and whether it says that the
// argument may be left out. A type that it does not know allows any value.
func pythonSchema(text string) (schema map[string]any, optional bool) {
	text = strings.TrimSpace(text)
	if head, found := strings.CutSuffix(text, "optional"); found {
		text, optional = strings.TrimRight(head, ", "), true
	}
	name, inner, _ := strings.Cut(strings.TrimSuffix(text, "]"), "[")
	arguments := splitArguments(inner)
	switch strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "typing.")) {
	case "optional":
		schema, _ = pythonSchema(inner)
		return schema, true
	case "union":
		var anyOf []any
		for _, a := range arguments {
			if a == "None" {
				optional = true
				continue
			}
			s, _ := pythonSchema(a)
			anyOf = append(anyOf, s)
		}
		return map[string]any{"anyOf": anyOf}, optional
	case "list", "array", "set", "tuple", "sequence", "iterable":
		schema = map[string]any{"type": "array"}
		if len(arguments) > 0 && !slices.ContainsFunc(arguments, func(a string) bool { return a != arguments[0] && a != "..." }) {
			schema["items"], _ = pythonSchema(arguments[0])
		}
		return schema, optional
	}
	if kind, ok := pythonTypes[strings.ToLower(name)]; ok {
		return map[string]any{"type": kind}, optional
	}
	return map[string]any{}, optional
}

var pythonTypes = map[string]string{
	"str": "string", "string": "string", "int": "integer", "integer": "integer", "float": "number", "number": "number",
	"double": "number", "complex": "number", "bool": "boolean", "boolean": "boolean", "dict": "object", "object": "object", "mapping": "object",
}

// splitArguments splits "int, List[int, str]" at the commas outside brackets.
func splitArguments(text string) (parts []string) {
	depth, start := 0, 0
	for i, c := range text + "," {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth == 0:
			if part := strings.TrimSpace(text[start:i]); part != "" {
				parts = append(parts, part)
			}
			start = i + 1
		}
	}
	return parts
}
