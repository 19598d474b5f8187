package tokenizer

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// readMetaspace sets kind, model and normalizer of a tokenizer.json that is not byte-level: BPE over
// characters, as Hugging Face's library makes it of SentencePiece models.
func readMetaspace(f *jsonFile, p *parts) error {
	b, err := newMerged(f.model, p.tokens)
	if err != nil {
		return err
	}
	m := &spaced{charBPE: b, tokens: p.tokens, literal: true}
	if p.normalizer, err = readNormalizer(f.normalizer); err != nil {
		return err
	}
	if m.split, err = readCutters(f.preTokenizer); err != nil {
		return err
	}
	if err := m.readDecoder(f.decoder); err != nil {
		return err
	}
	m.rules = rules(func(h *hasher) {
		h.string("merges")
		h.int(len(f.model.merges))
		for _, pair := range f.model.merges {
			h.string(pair[0])
			h.string(pair[1])
		}
		h.string(f.model.unk)
		for _, flag := range []bool{f.model.fuseUnk, f.model.byteFallback, f.model.ignoreMerges} {
			h.bool(flag)
		}
		h.int(len(f.model.tokens))
		h.int(len(m.split))
		for _, s := range m.split {
			s.digest(h)
		}
	})
	p.kind, p.model = "bpe", m
	return nil
}

// newMerged makes the model of a list of merges. tokens are those of the model, and added ones.
func newMerged(j jsonModel, tokens []string) (*charBPE, error) {
	if j.kind != "BPE" {
		return nil, unknown("model", j.kind, "BPE")
	}
	if j.prefix != "" || j.suffix != "" {
		return nil, fmt.Errorf("continuing_subword_prefix %q, end_of_word_suffix %q: %w; understood are empty ones", j.prefix, j.suffix, ErrNotUnderstood)
	}
	b := newCharBPE(tokens)
	b.fuse = j.fuseUnk
	ids := make(map[string]int32, len(j.tokens))
	for id, token := range j.tokens {
		if token == "" {
			continue
		}
		ids[token] = int32(id)
		if r, n := utf8.DecodeRuneInString(token); n == len(token) {
			b.runes.set(r, int32(id))
		}
		if x, ok := byteToken(token); ok && j.byteFallback {
			b.bytes[x] = int32(id)
		}
	}
	if j.unk != "" {
		id, ok := ids[j.unk]
		if !ok {
			return nil, fmt.Errorf("unk_token %q is not in the vocabulary", j.unk)
		}
		b.unk = id
	}
	if j.ignoreMerges {
		b.whole = ids
	}
	b.merges = newMergeTable(len(j.merges))
	spelling := func(id int32) bool { return id == b.unk || b.bytes[byteOf(tokens[id])] == id }
	for rank, pair := range j.merges {
		left, okLeft := ids[pair[0]]
		right, okRight := ids[pair[1]]
		to, ok := ids[pair[0]+pair[1]]
		if !okLeft || !okRight || !ok {
			return nil, fmt.Errorf("merge %d, %q and %q: one of them, or what they become, is not in the vocabulary", rank, pair[0], pair[1])
		}
		b.merges.set(left, right, merge{int32(rank), to})
		b.tokenAcross(pair[0] + pair[1])
		// Such tokens stand for other text than their own.
		b.uncut = b.uncut || spelling(left) || spelling(right)
	}
	return b, nil
}

// byteOf is byteToken for tokens that may be none: 0.
func byteOf(token string) byte {
	x, _ := byteToken(token)
	return x
}

// readDecoder reads the decoder: a Metaspace, or Replace, ByteFallback, Fuse and Strip in this order,
// each at most once. What it does for whole texts is what Decode does, but for one thing: bytes that
// are no UTF-8 stay as they are, and do not become U+FFFD.
func (m *spaced) readDecoder(raw json.RawMessage) error {
	all, err := flatten(raw, "decoders")
	if err != nil {
		return fmt.Errorf("decoder: %w", err)
	}
	order := map[string]int{"Replace": 1, "Metaspace": 1, "ByteFallback": 2, "Fuse": 3, "Strip": 4}
	last := 0
	for _, part := range all {
		at, ok := order[part.Type]
		if !ok {
			return unknown("decoder", part.Type, "Metaspace", "Replace", "ByteFallback", "Fuse", "Strip", "Sequence")
		}
		if at <= last || at == 4 && last != 3 {
			return fmt.Errorf("decoder %s after others: %w; understood are Replace or Metaspace, ByteFallback, Fuse, Strip in this order", part.Type, ErrNotUnderstood)
		}
		last = at
		if err := m.addDecoder(part); err != nil {
			return fmt.Errorf("decoder %s: %w", part.Type, err)
		}
	}
	return nil
}

func (m *spaced) addDecoder(part part) error {
	switch part.Type {
	case "Replace":
		r, err := readReplace(part.raw)
		if err != nil {
			return err
		}
		m.from, m.to = r.from, r.to
	case "Metaspace":
		s, err := readMetaspaceSplit(part.raw)
		if err != nil {
			return err
		}
		m.from, m.to, m.lead = s.replacement, " ", s.scheme != schemeNever
	case "ByteFallback":
		m.literal = false
	case "Strip":
		var o struct {
			Content     string
			Start, Stop int
		}
		if err := json.Unmarshal(part.raw, &o); err != nil {
			return err
		}
		if o.Content != " " || o.Stop != 0 || o.Start < 0 {
			return fmt.Errorf("content %q, start %d, stop %d: %w; understood are spaces at the start", o.Content, o.Start, o.Stop, ErrNotUnderstood)
		}
		m.strip = o.Start
	}
	return nil
}
