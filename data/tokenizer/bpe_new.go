package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"
)

// newByteLevel sets kind, model and normalizer of a GGUF vocabulary of model "gpt2".
func newByteLevel(v Vocabulary, p *parts) error {
	pre, ok := preTokenizers[v.Pre]
	if !ok {
		return unknown("pre-tokenizer", v.Pre, knownPreTokenizers()...)
	}
	m, err := newBPE(v.Tokens, p.ids, pre.steps, len(v.Merges), func(i int) (string, string, bool) {
		return splitMerge(v.Merges[i])
	})
	if err != nil {
		return err
	}
	if pre.wholeWords {
		m.takeWholeWords(func(id int) bool { return v.Types[id] == typeNormal })
	}
	if pre.nfc {
		p.normalizer = nfc{}
	}
	p.kind, p.model = "gpt2/"+v.Pre, m
	return nil
}

// readByteLevel sets kind, model and normalizer of a tokenizer.json with ByteLevel.
func readByteLevel(f *jsonFile, p *parts) error {
	j := &f.model
	switch {
	case j.kind != "BPE":
		return unknown("model", j.kind, "BPE")
	case j.unk != "":
		return fmt.Errorf("byte-level BPE with unk_token %q: %w", j.unk, ErrNotUnderstood)
	case j.byteFallback || j.fuseUnk:
		return fmt.Errorf("byte-level BPE with byte_fallback or fuse_unk: %w", ErrNotUnderstood)
	case j.prefix != "" || j.suffix != "":
		return fmt.Errorf("byte-level BPE with continuing_subword_prefix %q, end_of_word_suffix %q: %w", j.prefix, j.suffix, ErrNotUnderstood)
	}
	steps, space, err := readSteps(f.preTokenizer)
	if err != nil {
		return fmt.Errorf("pre-tokenizer: %w", err)
	}
	if p.normalizer, err = readByteNormalizer(f.normalizer); err != nil {
		return fmt.Errorf("normaliser: %w", err)
	}
	all, err := flatten(f.decoder, "decoders")
	if err != nil {
		return fmt.Errorf("decoder: %w", err)
	}
	if len(all) != 1 || all[0].Type != "ByteLevel" {
		return fmt.Errorf("decoder %s: %w; understood is ByteLevel where the pre-tokenizer is", f.decoder, ErrNotUnderstood)
	}
	m, err := newBPE(j.tokens, p.ids, steps, len(j.merges), func(i int) (string, string, bool) {
		return j.merges[i][0], j.merges[i][1], true
	})
	if err != nil {
		return err
	}
	m.prefixSpace = space
	if j.ignoreMerges {
		m.takeWholeWords(func(int) bool { return true })
	}
	p.kind, p.model = "bpe/ByteLevel", m
	return nil
}

// readByteNormalizer reads the normaliser of a byte-level tokenizer.json: none, or NFC.
func readByteNormalizer(raw json.RawMessage) (normalizer, error) {
	all, err := flatten(raw, "normalizers")
	if err != nil {
		return nil, err
	}
	var n normalizer
	for _, p := range all {
		if p.Type != "NFC" {
			return nil, unknown("type", p.Type, "NFC", "Sequence")
		}
		n = nfc{}
	}
	return n, nil
}

// takeWholeWords makes words that are a token of their own (ignore_merges), of those that may be.
func (m *byteLevel) takeWholeWords(may func(id int) bool) {
	m.wholeWords, m.whole = true, make(map[string]int32, len(m.spelled))
	for id, bytes := range m.spelled {
		if bytes != "" && m.formed[id] && may(id) {
			m.whole[bytes] = int32(id)
		}
	}
}

// splitMerge splits a merge that is written "a b".
func splitMerge(s string) (left, right string, ok bool) {
	left, right, ok = strings.Cut(s, " ")
	return left, right, ok && left != "" && right != "" && !strings.Contains(right, " ")
}

// newBPE makes the model of tokens by id ("": none), and ids of these and of more. pair returns the two parts of merge i.
func newBPE(tokens []string, ids map[string]int32, steps []step, merges int, pair func(i int) (left, right string, ok bool)) (*byteLevel, error) {
	m := &byteLevel{steps: steps, spelled: make([]string, len(tokens)), formed: make([]bool, len(tokens)),
		merges: newMergeTable(merges), order: make([][2]int32, merges)}
	var err error
	if m.stages, err = newStages(steps); err != nil {
		return nil, fmt.Errorf("pre-tokenizer: %w", err)
	}
	if merges == 0 {
		return nil, fmt.Errorf("no merges: byte-level BPE needs them")
	}
	for b := range m.bytes {
		m.bytes[b] = -1
	}
	for id, token := range tokens {
		if token == "" {
			continue
		}
		bytes, ok := spelledBytes(token)
		if !ok {
			bytes = token // no text becomes this token: it is an added one, or never used
		} else if len(bytes) == 1 {
			m.bytes[bytes[0]] = int32(id)
		}
		m.spelled[id], m.formed[id] = bytes, ok
	}
	lookup := func(token []byte) (int32, bool) {
		id, ok := ids[string(token)]
		return id, ok && int(id) < len(tokens) && tokens[id] != ""
	}
	var joined []byte
	for i := range merges {
		left, right, ok := pair(i)
		if !ok {
			return nil, fmt.Errorf("merge %d: want two tokens with a space between", i)
		}
		joined = append(append(joined[:0], left...), right...)
		a, okA := lookup(joined[:len(left)])
		b, okB := lookup(joined[len(left):])
		to, okTo := lookup(joined)
		if !okA || !okB || !okTo {
			missing := left
			switch {
			case okA && okB:
				missing = left + right
			case okA:
				missing = right
			}
			return nil, fmt.Errorf("merge %d of %q and %q: token %q is not in the vocabulary", i, left, right, missing)
		}
		m.merges.set(a, b, merge{rank: int32(i), to: to})
		m.order[i] = [2]int32{a, b}
	}
	return m, nil
}
