package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ReadJSON makes the tokenizer of a Hugging Face tokenizer.json. It refuses by name what it does not
// understand.
func ReadJSON(b []byte) (*Tokenizer, error) {
	t, err := readJSON(b)
	if err != nil {
		return nil, fmt.Errorf("read tokenizer.json: %w", err)
	}
	return t, nil
}

func readJSON(b []byte) (*Tokenizer, error) {
	f, err := parseFile(b)
	if err != nil {
		return nil, err
	}
	p := parts{tokens: slices.Clone(f.model.tokens), added: f.added}
	if err := p.index(); err != nil {
		return nil, err
	}
	if err := p.addTokens(f.model.size); err != nil {
		return nil, err
	}
	if mentions(f.preTokenizer, "ByteLevel") || mentions(f.normalizer, "ByteLevel") {
		err = readByteLevel(f, &p)
	} else {
		err = readMetaspace(f, &p)
	}
	if err != nil {
		return nil, err
	}
	if p.prefix, p.suffix, err = readPostProcessor(f.postProcessor); err != nil {
		return nil, err
	}
	return build(p)
}

// addTokens puts added tokens among the tokens by id. The library numbers them itself: those that the
// model has by the model, the others from the number of the model's tokens on. A file that says otherwise
// would give other ids there than it says, so it is refused.
func (p *parts) addTokens(next int32) error {
	for _, a := range p.added {
		want, ok := p.ids[a.content]
		if !ok {
			want = next
			next++
		}
		if a.id != want {
			return fmt.Errorf("added token %q has id %d, and Hugging Face's library would number it %d", a.content, a.id, want)
		}
		if ok {
			continue
		}
		for int(a.id) >= len(p.tokens) {
			p.tokens = append(p.tokens, "")
		}
		if p.tokens[a.id] != "" {
			return fmt.Errorf("added token %q has the id of token %q: %d", a.content, p.tokens[a.id], a.id)
		}
		p.tokens[a.id], p.ids[a.content] = a.content, a.id
	}
	return nil
}

// part is one component of a tokenizer.json: a normaliser, a pre-tokenizer, ...
type part struct {
	Type string `json:"type"`
	raw  json.RawMessage
}

// flatten returns the components of a part, those of its Sequences in order. key is the name of the
// list in a Sequence: normalizers, pretokenizers, processors, decoders. nil: none.
func flatten(raw json.RawMessage, key string) ([]part, error) {
	if raw == nil {
		return nil, nil
	}
	var p part
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("type of a part: %w", err)
	}
	if p.Type != "Sequence" {
		p.raw = raw
		return []part{p}, nil
	}
	var lists map[string]json.RawMessage
	if err := json.Unmarshal(raw, &lists); err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(lists[key], &list); err != nil {
		return nil, fmt.Errorf("%s of a Sequence: %w", key, err)
	}
	var all []part
	for _, raw := range list {
		inner, err := flatten(raw, key)
		if err != nil {
			return nil, err
		}
		all = append(all, inner...)
	}
	return all, nil
}

// mentions reports whether a part, or one inside a Sequence, is of a type.
func mentions(raw json.RawMessage, kind string) bool {
	for _, key := range []string{"normalizers", "pretokenizers", "processors", "decoders"} {
		all, err := flatten(raw, key)
		if err == nil && slices.ContainsFunc(all, func(p part) bool { return p.Type == kind }) {
			return true
		}
	}
	return false
}

// unknown is the error for a part that is not understood; known lists those that are.
func unknown(what, name string, known ...string) error {
	slices.Sort(known)
	return fmt.Errorf("%s %q: %w; understood are %s", what, name, ErrNotUnderstood, strings.Join(known, ", "))
}
