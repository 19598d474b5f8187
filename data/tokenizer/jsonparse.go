package tokenizer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxID is the highest id that a tokenizer.json may have. Vocabularies are ten times smaller at most.
const maxID = 1<<22 - 1

// parseFile reads a tokenizer.json.
func parseFile(b []byte) (*jsonFile, error) {
	s := &scanner{b: b}
	if s.peek() == 0 {
		return nil, fmt.Errorf("the file is empty")
	}
	f := &jsonFile{}
	seen := false
	err := s.object(func(key string) error {
		var err error
		switch key {
		case "added_tokens":
			f.added, err = s.added()
		case "normalizer":
			f.normalizer, err = s.part()
		case "pre_tokenizer":
			f.preTokenizer, err = s.part()
		case "post_processor":
			f.postProcessor, err = s.part()
		case "decoder":
			f.decoder, err = s.part()
		case "model":
			seen = true
			err = s.model(&f.model)
		default: // version; truncation and padding, which are for batches
			_, err = s.skip()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case s.peek() != 0:
		return nil, s.errorf("text after the end")
	case !seen:
		return nil, fmt.Errorf("no model: this is not a tokenizer.json")
	}
	return f, nil
}

// part reads a value whole; nil for null.
func (s *scanner) part() (json.RawMessage, error) {
	raw, err := s.skip()
	if err != nil || string(raw) == "null" {
		return nil, err
	}
	if !json.Valid(raw) {
		return nil, s.errorf("not JSON")
	}
	return raw, nil
}

func (s *scanner) added() ([]addedToken, error) {
	raw, err := s.part()
	if err != nil || raw == nil {
		return nil, err
	}
	var list []struct {
		ID         *int32  `json:"id"`
		Content    *string `json:"content"`
		SingleWord bool    `json:"single_word"`
		LStrip     bool    `json:"lstrip"`
		RStrip     bool    `json:"rstrip"`
		Normalized bool    `json:"normalized"`
		Special    bool    `json:"special"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	added := make([]addedToken, 0, len(list))
	for i, a := range list {
		switch {
		case a.ID == nil || a.Content == nil:
			return nil, fmt.Errorf("token %d of %d: id or content is missing", i, len(list))
		case *a.ID < 0 || *a.ID > maxID:
			return nil, fmt.Errorf("token %q: id %d, allowed are 0 to %d", *a.Content, *a.ID, maxID)
		case *a.Content == "":
			return nil, fmt.Errorf("token %d of %d: content is empty", i, len(list))
		}
		added = append(added, addedToken{*a.Content, *a.ID, a.SingleWord, a.LStrip, a.RStrip, a.Normalized, a.Special})
	}
	return added, nil
}

// model reads the model. Its members may come in any order.
func (s *scanner) model(m *jsonModel) error {
	var vocab, merges *scanner
	small := map[string]json.RawMessage{}
	err := s.object(func(key string) (err error) {
		switch key {
		case "vocab":
			vocab, err = s.later()
		case "merges":
			merges, err = s.later()
		default:
			small[key], err = s.part()
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := m.readOptions(small); err != nil {
		return err
	}
	if vocab == nil {
		return fmt.Errorf("vocab is missing")
	}
	if m.kind == "Unigram" {
		err = m.readScores(vocab)
	} else {
		err = vocab.vocab(m)
	}
	if err != nil {
		return fmt.Errorf("vocab: %w", err)
	}
	if m.kind == "BPE" {
		if merges == nil {
			return fmt.Errorf("merges are missing")
		}
		if err := merges.merges(m); err != nil {
			return fmt.Errorf("merges: %w", err)
		}
	}
	return nil
}

// readOptions reads everything of a model but its vocabulary and merges.
func (m *jsonModel) readOptions(small map[string]json.RawMessage) error {
	m.kind, m.unkID = "BPE", -1
	var dropout *float64
	var unk, prefix, suffix *string
	var unkID *int32
	fields := map[string]any{
		"type": &m.kind, "dropout": &dropout, "unk_token": &unk, "unk_id": &unkID,
		"continuing_subword_prefix": &prefix, "end_of_word_suffix": &suffix,
		"fuse_unk": &m.fuseUnk, "byte_fallback": &m.byteFallback, "ignore_merges": &m.ignoreMerges,
	}
	for _, key := range slices.Sorted(maps.Keys(small)) {
		field, ok := fields[key]
		if !ok || small[key] == nil {
			continue
		}
		if err := json.Unmarshal(small[key], field); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	if dropout != nil && *dropout != 0 {
		return fmt.Errorf("dropout %g: %w: encoding would be random", *dropout, ErrNotUnderstood)
	}
	for to, from := range map[*string]*string{&m.unk: unk, &m.prefix: prefix, &m.suffix: suffix} {
		if from != nil {
			*to = *from
		}
	}
	if unkID != nil {
		m.unkID = *unkID
	}
	return nil
}

// vocab reads {"token": id, ...}.
func (s *scanner) vocab(m *jsonModel) error {
	tokens := make([]string, 0, (len(s.b)-s.at)/24)
	err := s.object(func(token string) error {
		id, err := s.id(maxID)
		if err != nil {
			return fmt.Errorf("token %q: %w", token, err)
		}
		if m.size++; token == "" {
			return nil // no text becomes it
		}
		for int(id) >= len(tokens) {
			tokens = append(tokens, "")
		}
		if tokens[id] != "" {
			return fmt.Errorf("tokens %q and %q have the same id %d", tokens[id], token, id)
		}
		tokens[id] = token
		return nil
	})
	if err != nil {
		return err
	}
	if m.size == 0 {
		return fmt.Errorf("no tokens")
	}
	m.tokens = tokens
	return nil
}

// merges reads ["a b", ...] and [["a", "b"], ...].
func (s *scanner) merges(m *jsonModel) error {
	m.merges = make([][2]string, 0, (len(s.b)-s.at)/12)
	return s.array(func() error {
		i := len(m.merges)
		if s.peek() == '"' {
			pair, err := s.string()
			if err != nil {
				return fmt.Errorf("merge %d: %w", i, err)
			}
			if strings.HasPrefix(pair, "#version") {
				return nil
			}
			left, right, ok := splitMerge(pair)
			if !ok {
				return fmt.Errorf("merge %d %q: want two tokens with a space between", i, pair)
			}
			m.merges = append(m.merges, [2]string{left, right})
			return nil
		}
		var pair [2]string
		n := 0
		err := s.array(func() error {
			token, err := s.string()
			if n < 2 {
				pair[n] = token
			}
			n++
			return err
		})
		if err != nil {
			return fmt.Errorf("merge %d: %w", i, err)
		}
		if n != 2 || pair[0] == "" || pair[1] == "" {
			return fmt.Errorf("merge %d has %d tokens, want two", i, n)
		}
		m.merges = append(m.merges, pair)
		return nil
	})
}

// readScores reads [["token", score], ...].
func (m *jsonModel) readScores(s *scanner) error {
	raw, err := s.part()
	if err != nil {
		return err
	}
	var list [][2]any
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	for id, pair := range list {
		token, ok1 := pair[0].(string)
		score, ok2 := pair[1].(float64)
		if !ok1 || !ok2 {
			return fmt.Errorf("token %d: want a text and its score", id)
		}
		m.tokens, m.scores = append(m.tokens, token), append(m.scores, float32(score))
		m.size++
	}
	return nil
}
