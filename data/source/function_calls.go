package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"mulligan/data"
	"mulligan/data/source/catalog"
)

// FunctionCallsOptions are the options of the source function_calls.
type FunctionCallsOptions struct {
	Count    int     `yaml:"count" help:"how many tasks are made"`
	Seed     int64   `yaml:"seed,omitempty" help:"picks the tasks: the same seed, the same tasks"`
	Level    string  `yaml:"level,omitempty" help:"easy (one tool, one flat call), normal (3 tools) or hard (6 tools, 1-3 calls, dates in words)"`
	Tools    int     `yaml:"tools,omitempty" help:"how many tools are shown, those that are not asked for included (default by level: 1, 3, 6)"`
	Calls    Range   `yaml:"calls,omitempty" help:"how many calls a task needs, such as 2 or 1-3 (default by level: 1, 1, 1-3)"`
	Examples int     `yaml:"examples,omitempty" help:"how many solved examples stand before the question, about the same tools"`
	ToolsIn  ToolsIn `yaml:"tools_in,omitempty" help:"prompt (tools as JSON in a system message) or engine (the request's own field)"`
	System   string  `yaml:"system,omitempty" help:"replaces the system message; {{.tools}} stands for the tools' JSON"`
}

// functionCallsVersion changes whenever the same options make other tasks.
const functionCallsVersion = 1

// The lanes of a seed: what examples are drawn from says nothing about the tasks.
const (
	laneTasks uint64 = iota
	laneExamples
)

// level is what a level of difficulty sets.
type level struct {
	tools    int
	calls    Range
	optional int // of 4 cases an optional argument is given in
	form     catalog.Form
	pool     func() []catalog.Tool
}

var levels = map[string]level{
	"easy":   {1, Range{1, 1}, 2, catalog.Plain, catalog.EasyTools},
	"normal": {3, Range{1, 1}, 2, catalog.Plain, catalog.Tools},
	"hard":   {6, Range{1, 3}, 3, catalog.Spoken, catalog.Tools},
}

// functionCalls makes tasks.
type functionCalls struct {
	FunctionCallsOptions
	level
	pool   []shownTool
	system *columnTemplate
}

// shownTool is a tool and how it is shown.
type shownTool struct {
	catalog.Tool
	schema data.Tool
	json   json.RawMessage
}

// NewFunctionCalls makes function-calling tasks over the tools of package catalog: a question, the
// tools, and as Answer {"tools":[..],"calls":[{"name","arguments"}]} with the one right set of
// calls. Every argument is in the question, as it stands in the call or in a normal form that
// package catalog lists. Meta holds the level and the names of the functions to call. Two of many
// tasks may be equal, most often at level easy.
func NewFunctionCalls(_ string, opts FunctionCallsOptions) (Source, error) {
	f, err := newFunctionCalls(opts)
	if err != nil {
		return nil, fmt.Errorf("source function_calls: %w", err)
	}
	return &generator{count: f.Count, make: f.task, hash: f.hash}, nil
}

func newFunctionCalls(opts FunctionCallsOptions) (*functionCalls, error) {
	if opts.Level == "" {
		opts.Level = "normal"
	}
	lv, ok := levels[opts.Level]
	if !ok {
		return nil, fmt.Errorf("level %q: want easy, normal or hard", opts.Level)
	}
	f := &functionCalls{level: lv}
	for _, t := range lv.pool() {
		schema := t.Schema()
		text, err := encodeJSON(schema)
		if err != nil {
			return nil, fmt.Errorf("tool %s: %w", t.Name, err)
		}
		f.pool = append(f.pool, shownTool{t, schema, text})
	}
	if opts.Tools == 0 {
		opts.Tools = lv.tools
	}
	if opts.Calls.IsZero() {
		opts.Calls = lv.calls
	}
	if opts.System == "" {
		opts.System = ToolsSystem
	}
	if err := errors.Join(checkCount(opts.Count), opts.ToolsIn.resolve(), opts.Calls.within("calls", 1, 5)); err != nil {
		return nil, err
	}
	switch {
	case opts.Tools < 1 || opts.Tools > len(f.pool):
		return nil, fmt.Errorf("tools %d: want 1 to %d, as many as the level has", opts.Tools, len(f.pool))
	case opts.Examples < 0 || opts.Examples > 10:
		return nil, fmt.Errorf("examples %d: want 0 to 10", opts.Examples)
	case opts.Examples > 0 && opts.ToolsIn == ToolsInEngine:
		return nil, errors.New("examples with tools_in: engine: the engine gives calls their form, so examples cannot show it: want tools_in: prompt")
	}
	var err error
	f.FunctionCallsOptions = opts
	f.system, err = newColumnTemplate("system", opts.System)
	return f, err
}

func (f *functionCalls) hash(h *data.Hasher) {
	h.String("function_calls")
	h.Int(functionCallsVersion)
	h.Int(int(f.Seed))
	h.String(f.Level)
	h.Int(f.Tools)
	f.Calls.hash(h)
	h.Int(f.Examples)
	h.String(string(f.ToolsIn))
	h.String(f.System)
}

func (f *functionCalls) task(i int) (data.Prompt, error) {
	dice := catalog.NewDice(f.Seed, laneTasks, uint64(i))
	shown := catalog.Draw(&dice, f.pool, f.Tools)
	var tools []data.Tool
	var texts []json.RawMessage
	for _, t := range shown {
		tools = append(tools, t.schema)
		texts = append(texts, t.json)
	}
	toolsJSON, err := encodeJSON(texts)
	if err != nil {
		return data.Prompt{}, err
	}
	query, calls := f.ask(&dice, shown)
	p, err := toolPrompt(f.system, f.ToolsIn, tools, toolsJSON, query)
	if err != nil {
		return p, err
	}
	p.Source = "mulligan/function_calls"
	if p.Answer, err = encodeJSON(functionCallAnswer{tools, calls}); err != nil {
		return p, err
	}
	if p.Meta, err = f.meta(calls); err != nil || f.Examples == 0 {
		return p, err
	}
	examples, err := f.examples(i, shown, calls)
	if err != nil {
		return p, err
	}
	p.Messages = insertExamples(p.Messages, examples)
	return p, nil
}

func (f *functionCalls) meta(calls []data.ToolCall) (map[string]json.RawMessage, error) {
	var names []string
	for _, c := range calls {
		names = append(names, c.Name)
	}
	functions, err := encodeJSON(names)
	return map[string]json.RawMessage{"level": json.RawMessage(`"` + f.Level + `"`), "functions": functions}, err
}

// ask draws a question that needs some calls of the tools shown, no two of them equal.
func (f *functionCalls) ask(dice *catalog.Dice, shown []shownTool) (string, []data.ToolCall) {
	want := dice.Between(f.Calls.Min, f.Calls.Max)
	var asked []catalog.Asked
	seen := map[string]bool{}
	for len(asked) < want {
		a := catalog.Pick(dice, shown).Ask(dice, f.form, f.optional, 4)
		if key := a.Call.Name + string(a.Call.Arguments); !seen[key] {
			seen[key] = true
			asked = append(asked, a)
		}
	}
	calls := make([]data.ToolCall, len(asked))
	for i, a := range asked {
		calls[i] = a.Call
	}
	return catalog.Join(asked), calls
}

// examples draws questions with their replies; none needs one of the task's own calls.
func (f *functionCalls) examples(task int, shown []shownTool, gold []data.ToolCall) ([]data.Message, error) {
	dice := catalog.NewDice(f.Seed, laneExamples, uint64(task))
	var pairs []data.Message
	seen := map[string]bool{}
	for len(pairs) < 2*f.Examples {
		query, calls := f.ask(&dice, shown)
		if seen[query] || overlap(calls, gold) {
			continue
		}
		seen[query] = true
		reply, err := encodeJSON(calls)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs,
			data.Message{Role: data.RoleUser, Content: query},
			data.Message{Role: data.RoleAssistant, Content: string(reply)})
	}
	return pairs, nil
}

// overlap reports whether a call of one list is in the other.
func overlap(a, b []data.ToolCall) bool {
	return slices.ContainsFunc(a, func(x data.ToolCall) bool {
		return slices.ContainsFunc(b, func(y data.ToolCall) bool {
			return x.Name == y.Name && bytes.Equal(x.Arguments, y.Arguments)
		})
	})
}
