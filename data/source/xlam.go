package source

import (
	"encoding/json"
	"errors"
	"fmt"

	"mulligan/data"
)

// XLAMOptions are the options of the source xlam.
type XLAMOptions struct {
	Path    string  `yaml:"path" help:"the file (JSON array, JSON lines, Parquet or Arrow), from the plan's folder; may be a pattern"`
	ToolsIn ToolsIn `yaml:"tools_in,omitempty" help:"prompt (tools as JSON in a system message) or engine (the request's own field)"`
	System  string  `yaml:"system,omitempty" help:"replaces the system message; {{.tools}} stands for the tools' JSON"`
	Source  string  `yaml:"source,omitempty" help:"what the rows are called in the exports (default: the file's name without ending)"`
}

// NewXLAM reads function-calling tasks in the form of Salesforce/xlam-function-calling-60k: the
// columns query (text), tools and answers (lists, as JSON text). An id is kept in Meta. Answer is
// {"tools":[..],"calls":[{"name","arguments"}]}, the tools' parameters as JSON Schema; a system
// message shows the tools as the file has them. Relative paths start at base.
func NewXLAM(base string, opts XLAMOptions) (Source, error) {
	files, err := findFiles(base, opts.Path)
	if err != nil {
		return nil, err
	}
	if err := opts.ToolsIn.resolve(); err != nil {
		return nil, fmt.Errorf("source xlam: %w", err)
	}
	if opts.System == "" {
		opts.System = ToolsSystem
	}
	if opts.Source == "" {
		opts.Source = label(opts.Path)
	}
	x := &xlam{XLAMOptions: opts}
	if x.system, err = newColumnTemplate("system", opts.System); err != nil {
		return nil, fmt.Errorf("source xlam: %w", err)
	}
	return &reader{kind: "xlam", files: files, read: readAny, prompt: x.prompt, hash: x.hash}, nil
}

type xlam struct {
	XLAMOptions
	system *columnTemplate
}

func (x *xlam) hash(h *data.Hasher) {
	for _, s := range []string{string(x.ToolsIn), x.System, x.Source} {
		h.String(s)
	}
}

func (x *xlam) prompt(r row) (data.Prompt, error) {
	var query string
	raw, err := r.column("query")
	if err == nil {
		err = json.Unmarshal(raw, &query)
	}
	switch {
	case raw != nil && (err != nil || isNull(raw)):
		return data.Prompt{}, fieldError("query", fmt.Errorf("want a string, got %s", kindOf(raw)))
	case err == nil && query == "":
		err = errors.New("an empty question")
	}
	if err != nil {
		return data.Prompt{}, fieldError("query", err)
	}
	shown, err := r.column("tools")
	if err == nil {
		shown, err = inString(shown, '[')
	}
	if err != nil {
		return data.Prompt{}, fieldError("tools", err)
	}
	tools, err := xlamTools(shown)
	if err != nil {
		return data.Prompt{}, fieldError("tools", err)
	}
	raw, err = r.column("answers")
	if err != nil {
		return data.Prompt{}, fieldError("answers", err)
	}
	calls, err := decodeGoldCalls(raw)
	if err != nil {
		return data.Prompt{}, fieldError("answers", err)
	}
	p, err := toolPrompt(x.system, x.ToolsIn, tools, shown, query)
	if err != nil {
		return p, err
	}
	p.Source = x.Source
	if p.Answer, err = encodeJSON(functionCallAnswer{tools, calls}); err != nil {
		return p, fieldError("answers", err)
	}
	if id := r.fields["id"]; !isNull(id) {
		p.Meta = map[string]json.RawMessage{"id": id}
	}
	return p, p.Check()
}
