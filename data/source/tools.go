package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"mulligan/data"
)

// decodeTools reads a list of tools, or a string that holds it as JSON: {name, description,
// parameters} objects, bare or as {"type": "function", "function": {...}}.
func decodeTools(raw json.RawMessage) ([]data.Tool, error) {
	raw, err := inString(raw, '[')
	if err != nil {
		return nil, err
	}
	var list []struct {
		data.Tool
		Function *data.Tool `json:"function"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("want a list of {name, description, parameters}: %w", err)
	}
	var tools []data.Tool
	for i, t := range list {
		tool := t.Tool
		if t.Function != nil {
			tool = *t.Function
		}
		if tool.Name == "" {
			return nil, fmt.Errorf("tool %d: no name", i)
		}
		if isNull(tool.Parameters) {
			tool.Parameters = nil
		} else if tool.Parameters[0] != '{' {
			return nil, fmt.Errorf("tool %q: parameters: want a JSON Schema object, got %s", tool.Name, kindOf(tool.Parameters))
		}
		tools = append(tools, tool)
	}
	return tools, nil
}

func compactJSON(raw json.RawMessage) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// encodeJSON writes v as compact JSON, with <, > and & as they are.
func encodeJSON(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ToolsIn says how a model is told of the tools that it may call.
type ToolsIn string

// The places where tools can stand.
const (
	ToolsInPrompt ToolsIn = "prompt" // as JSON in a system message; the reply is text
	ToolsInEngine ToolsIn = "engine" // in the request's own field; the engine parses the calls
)

func (t *ToolsIn) resolve() error {
	switch *t {
	case "":
		*t = ToolsInPrompt
	case ToolsInPrompt, ToolsInEngine:
	default:
		return fmt.Errorf("tools_in %q: want prompt or engine", *t)
	}
	return nil
}

// ToolsSystem is the system message of function-calling tasks whose tools stand in the prompt.
// Ours: the wording of the paper is not known. {{.tools}} is the JSON of the tools.
const ToolsSystem = `You call functions. Reply with a JSON array of function calls and nothing else.
Each call has the form {"name": "<function>", "arguments": {"<argument>": <value>}}.
Use only the functions below. Leave out optional arguments that the user does not ask for.
Functions: {{.tools}}`

// toolPrompt asks a question about tools; shown is how they stand in the system message.
func toolPrompt(system *columnTemplate, in ToolsIn, tools []data.Tool, shown json.RawMessage, query string) (data.Prompt, error) {
	user := data.Message{Role: data.RoleUser, Content: query}
	if in == ToolsInEngine {
		return data.Prompt{Messages: []data.Message{user}, Tools: tools}, nil
	}
	asText, err := encodeJSON(string(shown)) // a string, so that it prints as it is
	if err != nil {
		return data.Prompt{}, err
	}
	text, err := system.render(row{fields: map[string]json.RawMessage{"tools": asText}})
	if err != nil {
		return data.Prompt{}, fmt.Errorf("system: %w", err)
	}
	return data.Prompt{Messages: []data.Message{{Role: data.RoleSystem, Content: text}, user}}, nil
}

// functionCallAnswer is the ground truth of the verifier function_call.
type functionCallAnswer struct {
	Tools []data.Tool     `json:"tools"`
	Calls []data.ToolCall `json:"calls"`
}

func decodeGoldCalls(raw json.RawMessage) ([]data.ToolCall, error) {
	if isNull(raw) {
		return nil, errors.New("null: want the ground truth, a list of {name, arguments}")
	}
	raw, err := inString(raw, '[')
	if err != nil {
		return nil, err
	}
	calls, err := decodeCalls(raw)
	if err != nil {
		return nil, err
	}
	if calls == nil {
		calls = []data.ToolCall{} // no call is right: [] and not null
	}
	return calls, nil
}
