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

// decodeMessages reads a list of {role, content} messages. thinking, tool_calls and tool_name may
// stand beside them; other fields must be null, as tables with one schema for all messages have them.
func decodeMessages(raw json.RawMessage) ([]data.Message, error) {
	var list []map[string]json.RawMessage
	if len(raw) == 0 || raw[0] != '[' {
		return nil, fmt.Errorf("want a list of {role, content}, got %s", kindOf(raw))
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("want a list of {role, content}: %w", err)
	}
	if len(list) == 0 {
		return nil, errors.New("an empty list: want at least one message")
	}
	messages := make([]data.Message, len(list))
	for i, fields := range list {
		m, err := decodeMessage(fields)
		if err != nil {
			return nil, fmt.Errorf("message %d: %w", i, err)
		}
		messages[i] = m
	}
	return messages, nil
}

func decodeMessage(fields map[string]json.RawMessage) (m data.Message, err error) {
	texts := map[string]*string{"role": &m.Role, "content": &m.Content, "thinking": &m.Thinking, "tool_name": &m.ToolName}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fields[name]
		if isNull(value) {
			continue
		}
		if text, ok := texts[name]; ok {
			if err := json.Unmarshal(value, text); err != nil {
				return m, fmt.Errorf("%s: want a string, got %s", name, kindOf(value))
			}
			continue
		}
		if name != "tool_calls" {
			return m, fmt.Errorf("unknown field %q: want role, content, thinking, tool_calls, tool_name", name)
		}
		if m.ToolCalls, err = decodeCalls(value); err != nil {
			return m, fmt.Errorf("tool_calls: %w", err)
		}
	}
	switch {
	case isNull(fields["role"]):
		return m, errors.New("no role: want system, user, assistant or tool")
	case isNull(fields["content"]) && len(m.ToolCalls) == 0:
		return m, errors.New("no content: want a string")
	}
	return m, nil
}

// decodeCalls reads {name, arguments} objects, bare or as {"function": {...}}; arguments may be
// JSON inside a string.
func decodeCalls(raw json.RawMessage) ([]data.ToolCall, error) {
	var list []struct {
		data.ToolCall
		Function *data.ToolCall `json:"function"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("want a list of {name, arguments}: %w", err)
	}
	var calls []data.ToolCall
	for i, c := range list {
		call := c.ToolCall
		if c.Function != nil {
			call = *c.Function
		}
		if call.Name == "" {
			return nil, fmt.Errorf("call %d: no name", i)
		}
		var err error
		if call.Arguments, err = inString(call.Arguments, '{'); err != nil {
			return nil, fmt.Errorf("call %d: arguments: %w", i, err)
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// inString returns raw, or the JSON inside it if it is a string, in compact form; it must start
// with open, '{' or '['.
func inString(raw json.RawMessage, open byte) (json.RawMessage, error) {
	want := map[byte]string{'{': "an object", '[': "a list"}[open]
	kind := kindOf(raw)
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
		raw = json.RawMessage(strings.TrimSpace(text))
		if kind = "a string that holds " + kindOf(raw); !json.Valid(raw) {
			kind = "a string that is not JSON"
		}
	}
	if len(raw) == 0 || raw[0] != open || !json.Valid(raw) {
		return nil, fmt.Errorf("want %s, or a string that holds it as JSON, got %s", want, kind)
	}
	return compactJSON(raw)
}
