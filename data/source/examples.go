package source

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"mulligan/data"
)

// WithExamples puts solved examples before every prompt of src: after a leading system message and
// before the rest. examples alternates between the user and the assistant, the assistant last;
// anything else is the first error of Prompts and Digest. The examples are part of the Digest and
// of the prompts' IDs.
func WithExamples(src Source, examples []data.Message) Source {
	if len(examples) == 0 {
		return src
	}
	return &exampled{src, slices.Clone(examples), CheckExamples(examples)}
}

// CheckExamples returns an error if examples are not pairs of a user and an assistant message.
func CheckExamples(examples []data.Message) error {
	for i, m := range examples {
		want := data.RoleUser
		if i%2 == 1 {
			want = data.RoleAssistant
		}
		if m.Role != want {
			return fmt.Errorf("examples: message %d has role %q: want pairs of user and assistant", i, m.Role)
		}
		if m.Content == "" && len(m.ToolCalls) == 0 {
			return fmt.Errorf("examples: message %d is empty", i)
		}
	}
	if len(examples)%2 != 0 {
		return errors.New("examples: the last message is not answered: want pairs of user and assistant")
	}
	return nil
}

type exampled struct {
	Source
	examples []data.Message
	err      error
}

// Prompts adds the examples to each prompt.
func (e *exampled) Prompts(ctx context.Context) iter.Seq2[data.Prompt, error] {
	return func(yield func(data.Prompt, error) bool) {
		if e.err != nil {
			yield(data.Prompt{}, e.err)
			return
		}
		for p, err := range e.Source.Prompts(ctx) {
			if err == nil {
				p.Messages = insertExamples(p.Messages, e.examples)
			}
			if !yield(p, err) {
				return
			}
		}
	}
}

// Digest covers the source and the examples.
func (e *exampled) Digest(ctx context.Context) (data.Digest, error) {
	if e.err != nil {
		return data.Digest{}, e.err
	}
	inner, err := e.Source.Digest(ctx)
	if err != nil {
		return data.Digest{}, err
	}
	h := data.NewHasher("source")
	h.String("examples")
	h.Bytes(inner[:])
	h.Int(len(e.examples))
	for _, m := range e.examples {
		m.Hash(h)
	}
	return h.Sum(), nil
}

// insertExamples returns the messages with examples after a leading system message.
func insertExamples(messages, examples []data.Message) []data.Message {
	head := 0
	if len(messages) > 0 && messages[0].Role == data.RoleSystem {
		head = 1
	}
	return slices.Concat(messages[:head], examples, messages[head:])
}
