package tokenizer

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotUnderstood is wrapped by the errors of New and ReadJSON where a vocabulary is well formed
// but of a kind that this package has no exact rules for.
var ErrNotUnderstood = errors.New("not understood")

// model turns stretches of text without added tokens into ids. One for each family of vocabularies:
// byteLevel (bpe.go), and those of spm.go. Implementations are immutable and safe for concurrent use.
type model interface {
	// encode appends the ids of a normalised, non-empty stretch of text. first: it begins where
	// the input begins, with no added token before it.
	encode(dst []int32, text string, first bool) []int32

	// piece returns the bytes that a token of the model's vocabulary stands for inside a text, never
	// nil for one that exists. It is called once for each id that has a token, except for added
	// tokens, which stand for their own spelling.
	piece(id int32) []byte

	// digest adds everything that decides the model's ids beyond tokens by id, which are added
	// already: merges in order, scores, types, names of pre-tokenizers, options.
	digest(h *hasher)
}

// decoder is implemented by models whose text is not the pieces one after the other.
type decoder interface {
	// decode returns the text of ids that are all in the vocabulary. pieces are their bytes one
	// after the other, in a slice that decode may change and return.
	decode(pieces []byte, ids []int32) []byte
}

// addedDecoder is implemented by models for which added tokens do not stand for their own spelling.
type addedDecoder interface {
	// addedPiece returns the bytes that an added token stands for inside a text, never nil.
	addedPiece(a addedToken) []byte
}

// normalizer rewrites text before it is split: nfc (nfc.go), and those of normalize.go.
// Implementations are immutable and safe for concurrent use.
type normalizer interface {
	// normalize returns the normalised form of a non-empty stretch between raw added tokens.
	// first: as for model.encode.
	normalize(text string, first bool) string

	// digest adds the normaliser's kind and options.
	digest(h *hasher)
}

// parts are what New and ReadJSON make a Tokenizer of.
type parts struct {
	kind       string           // "gpt2/smollm"
	tokens     []string         // by id, added tokens included; "" where there is none
	ids        map[string]int32 // by token; index makes it
	model      model
	normalizer normalizer // nil: none
	added      []addedToken
	prefix     []int32 // what AddSpecial puts before
	suffix     []int32 // what AddSpecial puts after
	ends       []int32 // in any order, -1 for none
}

// index makes ids. It refuses tokens that are there twice.
func (p *parts) index() error {
	p.ids = make(map[string]int32, len(p.tokens)+len(p.added))
	for id, token := range p.tokens {
		if token == "" {
			continue
		}
		n := len(p.ids)
		if p.ids[token] = int32(id); len(p.ids) > n {
			continue
		}
		return fmt.Errorf("token %q is there twice, as %d and %d", token, slices.Index(p.tokens, token), id)
	}
	return nil
}

// build makes the Tokenizer, of tokens that are indexed. It refuses ids outside the vocabulary.
func build(p parts) (*Tokenizer, error) {
	t := &Tokenizer{
		tokens: p.tokens, ids: p.ids,
		pieces: make([][]byte, len(p.tokens)), special: make([]bool, len(p.tokens)),
		normalizer: p.normalizer, asIs: withoutNFC(p.normalizer), model: p.model, prefix: p.prefix, suffix: p.suffix,
	}
	for _, a := range p.added {
		if a.id < 0 || int(a.id) >= len(p.tokens) {
			return nil, fmt.Errorf("added token %q has id %d, outside of %d tokens", a.content, a.id, len(p.tokens))
		}
		t.pieces[a.id] = []byte(a.content)
		if m, ok := p.model.(addedDecoder); ok {
			t.pieces[a.id] = m.addedPiece(a)
		}
		t.special[a.id] = a.special
	}
	for id, token := range p.tokens {
		if token != "" && t.pieces[id] == nil {
			t.pieces[id] = p.model.piece(int32(id))
		}
	}
	for _, ids := range [][]int32{p.prefix, p.suffix, p.ends} {
		for _, id := range ids {
			if _, ok := t.Piece(id); !ok && id != -1 {
				return nil, fmt.Errorf("special token %d is not in the vocabulary of %d", id, len(p.tokens))
			}
		}
	}
	for _, id := range p.ends {
		if id >= 0 {
			t.ends = append(t.ends, id)
		}
	}
	slices.Sort(t.ends)
	t.ends = slices.Compact(t.ends)
	var err error
	if t.raw, t.normalized, err = newMatchers(p.added, p.normalizer); err != nil {
		return nil, err
	}
	t.name = fmt.Sprintf("%s, %d tokens", p.kind, len(t.ids))
	t.digest = digest(p)
	return t, nil
}
