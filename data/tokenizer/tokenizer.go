package tokenizer

import (
	"fmt"
	"slices"
)

// Tokenizer turns text into token ids and back. It is immutable and safe for concurrent use.
type Tokenizer struct {
	name    string
	tokens  []string // by id, as the vocabulary spells them; "" where it has none
	ids     map[string]int32
	pieces  [][]byte // by id: the bytes inside a text; nil where the vocabulary has no token
	special []bool   // by id
	ends    []int32  // sorted
	digest  string

	normalizer normalizer // nil: text is taken as it is
	asIs       normalizer // the same without Unicode normalisation, for Options.Raw
	model      model
	raw        *matcher // added tokens looked for before the normaliser; nil: none
	normalized *matcher // added tokens looked for after it; nil: none
	prefix     []int32  // what AddSpecial puts before
	suffix     []int32  // what AddSpecial puts after
}

// Options say how special tokens are treated, and whose ids are wanted.
type Options struct {
	Plain      bool // special tokens in the text are ordinary text; added tokens that are not special still count
	AddSpecial bool // add what the tokenizer itself adds: BOS, EOS, the post-processor's tokens
	Raw        bool // take the text as it is, without Unicode normalisation (NFC): the ids that llama.cpp and Ollama work with
}

// Encode returns the ids of a text of any bytes: those that Hugging Face's library gives where the
// text is UTF-8, but for Options.Raw. See the package comment for bytes that are not.
func (t *Tokenizer) Encode(text string, o Options) []int32 {
	dst := make([]int32, 0, len(text)/3+len(t.prefix)+len(t.suffix)+1)
	if o.AddSpecial {
		dst = append(dst, t.prefix...)
	}
	normalizer := t.normalizer
	if o.Raw {
		normalizer = t.asIs
	}
	t.raw.split(text, o.Plain, func(part string, at int, id int32) {
		if id >= 0 {
			dst = append(dst, id)
			return
		}
		first := at == 0
		if normalizer != nil {
			part = normalizer.normalize(part, first)
		}
		t.normalized.split(part, o.Plain, func(part string, at int, id int32) {
			if id >= 0 {
				dst = append(dst, id)
				return
			}
			dst = t.model.encode(dst, part, first && at == 0)
		})
	})
	if o.AddSpecial {
		dst = append(dst, t.suffix...)
	}
	return dst
}

// Decode returns the bytes that ids stand for, special tokens included. It is the inverse of Encode
// without AddSpecial for every text that the normaliser leaves as it is, and for any with Raw. An id outside the
// vocabulary is an error.
func (t *Tokenizer) Decode(ids []int32) ([]byte, error) {
	n := 0
	for i, id := range ids {
		if id < 0 || int(id) >= len(t.pieces) || t.pieces[id] == nil {
			return nil, fmt.Errorf("decode token %d of %d: no id %d in %s", i+1, len(ids), id, t.name)
		}
		n += len(t.pieces[id])
	}
	dst := make([]byte, 0, n)
	for _, id := range ids {
		dst = append(dst, t.pieces[id]...)
	}
	if d, ok := t.model.(decoder); ok {
		return d.decode(dst, ids), nil
	}
	return dst, nil
}

// Piece returns the bytes that a token stands for inside a text. The caller must not change them.
// False: the vocabulary has no such id.
func (t *Tokenizer) Piece(id int32) ([]byte, bool) {
	if id < 0 || int(id) >= len(t.pieces) || t.pieces[id] == nil {
		return nil, false
	}
	return t.pieces[id], true
}

// Token returns a token as the vocabulary spells it. False: it has no such id.
func (t *Tokenizer) Token(id int32) (string, bool) {
	if _, ok := t.Piece(id); !ok {
		return "", false
	}
	return t.tokens[id], true
}

// ID returns the id of a token by the vocabulary's spelling. False: it has no such token.
func (t *Tokenizer) ID(token string) (int32, bool) {
	id, ok := t.ids[token]
	return id, ok
}

// Size returns the number of ids: one more than the highest.
func (t *Tokenizer) Size() int { return len(t.tokens) }

// Special reports whether an id is a control token or an added token marked as special.
func (t *Tokenizer) Special(id int32) bool {
	return id >= 0 && int(id) < len(t.special) && t.special[id]
}

// Ends returns the tokens that end a turn, sorted. A tokenizer.json does not say: none.
func (t *Tokenizer) Ends() []int32 { return slices.Clone(t.ends) }

// Digest returns the SHA-256, in hexadecimal, of everything that decides the tokenizer's ids.
func (t *Tokenizer) Digest() string { return t.digest }

// Name says what the tokenizer is, for people: "gpt2/smollm, 49152 tokens".
func (t *Tokenizer) Name() string { return t.name }
