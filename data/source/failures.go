package source

import (
	"encoding/json"
	"errors"
	"fmt"

	"mulligan/data"
)

// FailuresOptions are the options of the source failures.
type FailuresOptions struct {
	Path string `yaml:"path" help:"the file that \"mulligan export --format failures\" wrote (Parquet, JSON lines or Arrow), from the plan's folder; may be a pattern"`
}

// NewFailures reads failed first attempts of an earlier run, the format failures. Each becomes a
// prompt whose Failure is set, so that a run starts from it without drawing attempts. Columns:
//
//	prompt           list<struct<role, content>>   the task's messages
//	prompt_messages  string, null                  the same as JSON of data.Message, where one holds more
//	tools            string, null                  JSON array of data.Tool
//	answer           string, null                  JSON, as the verifier reads it; null or "": none
//	meta             string, null                  JSON object
//	source           string                        data set and split of the task
//	output           string                        the failing text
//	output_message   string, null                  the whole data.Message as JSON; null: only output
//	stop, reason     string, null
//	model, revision, quantization, template_digest, server, server_version   string, null
//	sampling         string                        JSON of data.Sampling
//	draws, passes    int32                         first attempts at the prompt, and how many passed
//
// failure_id and task_id are not read: ids are made anew of the content. Relative paths start at base.
func NewFailures(base string, opts FailuresOptions) (Source, error) {
	files, err := findFiles(base, opts.Path)
	if err != nil {
		return nil, err
	}
	return &reader{kind: "failures", files: files, read: readAny, prompt: failurePrompt, hash: func(*data.Hasher) {}}, nil
}

// failureRow reads the columns of a row; the first error stays.
type failureRow struct {
	row
	err error
}

// value returns a column, or nil if it is null. A column that is required must be there and not null.
func (f *failureRow) value(name string, required bool) json.RawMessage {
	raw := f.fields[name]
	if required && f.err == nil && isNull(raw) {
		_, err := f.column(name)
		if err == nil {
			err = errors.New("null: want a value")
		}
		f.err = fieldError(name, err)
	}
	if isNull(raw) {
		return nil
	}
	return raw
}

// read decodes a column into v, which stays as it is if the column is null.
func (f *failureRow) read(name, want string, required bool, v any) {
	raw := f.value(name, required)
	if f.err != nil || raw == nil {
		return
	}
	if err := json.Unmarshal(raw, v); err != nil {
		f.err = fieldError(name, fmt.Errorf("want %s, got %s", want, kindOf(raw)))
	}
}

func (f *failureRow) text(name string, required bool) (s string) {
	f.read(name, "a string", required, &s)
	return s
}

// inner decodes JSON inside a string, or the value itself where the format can hold it.
func (f *failureRow) inner(name string, open byte, required bool, v any) {
	raw := f.value(name, required)
	if f.err != nil || raw == nil {
		return
	}
	raw, err := inString(raw, open)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		f.err = fieldError(name, err)
	}
}

func failurePrompt(r row) (data.Prompt, error) {
	f := &failureRow{row: r}
	p := data.Prompt{Source: f.text("source", false)}
	fail := &data.Failure{Stop: f.text("stop", false), Reason: f.text("reason", false)}
	fail.Policy = data.Policy{
		Model: f.text("model", false), Revision: f.text("revision", false), Quantization: f.text("quantization", false),
		TemplateDigest: f.text("template_digest", false), Server: f.text("server", false), ServerVersion: f.text("server_version", false),
	}
	f.read("draws", "a whole number", true, &fail.Draws)
	f.read("passes", "a whole number", true, &fail.Passes)
	f.inner("sampling", '{', true, &fail.Sampling)
	p.Meta = f.meta()
	f.inner("tools", '[', false, &p.Tools)
	p.Answer = f.truth()
	p.Messages = f.messages()
	var whole *data.Message
	fail.Message = data.Message{Role: data.RoleAssistant, Content: f.text("output", true)}
	if f.inner("output_message", '{', false, &whole); whole != nil {
		fail.Message = *whole
	}
	switch {
	case f.err != nil:
		return p, f.err
	case fail.Message.Role != data.RoleAssistant:
		return p, fieldError("output_message", fmt.Errorf("role %q: want assistant", fail.Message.Role))
	case fail.Passes < 0 || fail.Draws <= fail.Passes:
		return p, fmt.Errorf("fields \"draws\" %d and \"passes\" %d: want 0 <= passes < draws, as one draw failed", fail.Draws, fail.Passes)
	}
	p.Failure = fail
	if err := p.Compact(); err != nil {
		return p, err
	}
	return p, p.Check()
}

func (f *failureRow) meta() map[string]json.RawMessage {
	meta, err := decodeMeta(f.value("meta", false))
	if err != nil && f.err == nil {
		f.err = fieldError("meta", err)
	}
	return meta
}

// truth reads JSON of any kind in a string, or the value itself where JSON lines hold it so.
func (f *failureRow) truth() json.RawMessage {
	raw := f.value("answer", false)
	if raw == nil || raw[0] != '"' {
		return raw
	}
	var text string
	if f.read("answer", "a string", false, &text); text == "" {
		return nil
	}
	if f.err == nil && !json.Valid([]byte(text)) {
		f.err = fieldError("answer", errors.New("a string that is not JSON: want the ground truth as JSON, or \"\" for none"))
	}
	return json.RawMessage(text)
}

// messages reads the task's messages, whole ones if the row has them.
func (f *failureRow) messages() []data.Message {
	name := "prompt"
	raw := f.value(name, true)
	if f.err != nil {
		return nil
	}
	var err error
	if whole := f.value("prompt_messages", false); whole != nil {
		name = "prompt_messages"
		raw, err = inString(whole, '[')
	}
	var messages []data.Message
	if err == nil {
		messages, err = decodeMessages(raw)
	}
	if err != nil {
		f.err = fieldError(name, err)
	}
	return messages
}
