package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"mulligan/data"
)

// Mapping says which columns of a file make a task. A column inside another is named by its path:
// reward_model.ground_truth.
//
// The zero Mapping reads Mulligan's own rows, as "mulligan tasks" prints them (see Write).
type Mapping struct {
	Prompt   string        `yaml:"prompt,omitempty" help:"the column of the question: a string, or a list of {role, content} messages"`
	Template string        `yaml:"template,omitempty" help:"makes the question of several columns: \"Using the numbers {{.nums}}, make {{.target}}\""`
	System   string        `yaml:"system,omitempty" help:"a system message put before the question; it may name columns as Template does"`
	Answer   AnswerMapping `yaml:"answer,omitempty" help:"the ground truth: a column, a template of JSON, {field: column, ...}, or none"`
	Tools    string        `yaml:"tools,omitempty" help:"the column of the tools that the engine offers to the model: a list, or JSON text"`
	Meta     MetaMapping   `yaml:"meta,omitempty" help:"lists the columns that are carried along to the exports; all: every other one"`
	Source   string        `yaml:"source,omitempty" help:"what the rows are called in the exports (default: the file's name without ending)"`
}

// mapper makes prompts of rows.
type mapper struct {
	Mapping
	template, system, answer *columnTemplate // nil: not given
}

// compile checks the mapping and parses its templates. label is the Source of rows if none is given.
func (m Mapping) compile(label string) (*mapper, error) {
	if m.Source == "" {
		m.Source = label
	}
	c := &mapper{Mapping: m}
	if (m.Prompt == "") == (m.Template == "") {
		return nil, errors.New("mapping: want prompt (a column) or template (text with {{.column}}), one of the two")
	}
	if m.Answer.isZero() {
		return nil, errors.New("mapping: no answer: want a column, a template of JSON, a list of field: column, or none")
	}
	for _, t := range []struct {
		name, text string
		to         **columnTemplate
	}{{"template", m.Template, &c.template}, {"system", m.System, &c.system}, {"answer", m.Answer.Template, &c.answer}} {
		if t.text == "" {
			continue
		}
		var err error
		if *t.to, err = newColumnTemplate(t.name, t.text); err != nil {
			return nil, fmt.Errorf("mapping: %w", err)
		}
	}
	return c, nil
}

// isZero reports whether nothing is mapped, so that rows are Mulligan's own.
func (m Mapping) isZero() bool {
	return m.Prompt == "" && m.Template == "" && m.System == "" && m.Answer.isZero() && m.Tools == "" && m.Meta.isZero()
}

func (m Mapping) hash(h *data.Hasher) {
	for _, s := range []string{m.Prompt, m.Template, m.System, m.Tools, m.Source} {
		h.String(s)
	}
	m.Answer.hash(h)
	m.Meta.hash(h)
}

// prompt makes the task of a row.
func (m *mapper) prompt(r row) (data.Prompt, error) {
	p := data.Prompt{Source: m.Source}
	var err error
	if p.Messages, err = m.messages(r); err != nil {
		return p, err
	}
	if p.Answer, err = m.truth(r); err != nil {
		return p, fieldError("answer", err)
	}
	if m.Tools != "" {
		raw, err := r.column(m.Tools)
		if err == nil && !isNull(raw) {
			p.Tools, err = decodeTools(raw)
		}
		if err != nil {
			return p, fieldError("tools", err)
		}
	}
	if p.Meta, err = m.Meta.pick(r, m.named()); err != nil {
		return p, fieldError("meta", err)
	}
	if err := p.Compact(); err != nil {
		return p, err
	}
	return p, p.Check()
}

// named returns the columns that the mapping uses by name.
func (m *mapper) named() map[string]bool {
	used := map[string]bool{m.Prompt: true, m.Tools: true, m.Answer.Column: true}
	for _, column := range m.Answer.Fields {
		used[column] = true
	}
	return used
}

func (m *mapper) messages(r row) ([]data.Message, error) {
	messages, err := m.question(r)
	if err != nil {
		return nil, err
	}
	if m.system == nil {
		return messages, nil
	}
	text, err := m.system.render(r)
	if err != nil {
		return nil, fieldError("system", err)
	}
	if messages[0].Role == data.RoleSystem {
		return nil, fieldError("system", fmt.Errorf("column %q has a system message already: leave one of the two out", m.Prompt))
	}
	return append([]data.Message{{Role: data.RoleSystem, Content: text}}, messages...), nil
}

func (m *mapper) question(r row) ([]data.Message, error) {
	if m.template != nil {
		text, err := m.template.render(r)
		if err != nil {
			return nil, fieldError("template", err)
		}
		return asUser(text)
	}
	raw, err := r.column(m.Prompt)
	if err != nil {
		return nil, fieldError("prompt", err)
	}
	messages, err := decodePrompt(raw)
	if err != nil {
		return nil, fieldError("prompt", fmt.Errorf("column %q: %w", m.Prompt, err))
	}
	return messages, nil
}

// decodePrompt reads a string or a list of messages.
func decodePrompt(raw json.RawMessage) ([]data.Message, error) {
	if len(raw) == 0 || raw[0] != '"' {
		messages, err := decodeMessages(raw)
		if err != nil && (len(raw) == 0 || raw[0] != '[') {
			return nil, fmt.Errorf("want a string or a list of {role, content}, got %s", kindOf(raw))
		}
		return messages, err
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, err
	}
	return asUser(text)
}

func asUser(text string) ([]data.Message, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("an empty question")
	}
	return []data.Message{{Role: data.RoleUser, Content: text}}, nil
}

// label returns a file's name without its endings, for rows that say no source of their own; for a
// pattern it is the folder's name.
func label(path string) string {
	name := filepath.Base(path)
	if strings.ContainsAny(name, "*?[") {
		name = filepath.Base(filepath.Dir(path))
	}
	if name, _, _ = strings.Cut(name, "."); name == "" {
		return "tasks"
	}
	return name
}
