package tokenizer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"strings"
)

// spaced is the model of vocabularies that spell a space as U+2581 and bytes as <0x0A>. The
// normaliser has put U+2581 where spaces were.
type spaced struct {
	*charBPE
	tokens []string
	split  []cutter // pre-tokenizers, in order
	gguf   bool     // the vocabulary is of a GGUF file
	rules  []byte   // digest of what the fields were made of

	// What Hugging Face's decoder does.
	from, to string // Replace: from becomes to in each token; from "": nothing does
	strip    int    // Strip: spaces that are taken away where the text begins
	lead     bool   // Metaspace: U+2581 of the first token are left out
	literal  bool   // without ByteFallback: <0x0A> is text
}

// encode implements model.
func (m *spaced) encode(dst []int32, text string, first bool) []int32 {
	return m.pieces(dst, text, first, m.split)
}

func (m *spaced) pieces(dst []int32, text string, first bool, split []cutter) []int32 {
	if len(split) == 0 {
		return m.charBPE.encode(dst, text)
	}
	split[0].cut(text, first, func(part string, first bool) {
		dst = m.pieces(dst, part, first, split[1:])
	})
	return dst
}

// piece implements model.
func (m *spaced) piece(id int32) []byte {
	token := m.tokens[id]
	if x, ok := byteToken(token); ok && !m.literal {
		return []byte{x}
	}
	return []byte(m.decoded(token))
}

// addedPiece implements addedDecoder. GGUF spells the spaces of added tokens as spaces; Hugging
// Face's decoder knows no difference between added tokens and others.
func (m *spaced) addedPiece(a addedToken) []byte {
	if m.gguf {
		return []byte(a.content)
	}
	return m.piece(a.id)
}

// decoded returns a token's text inside another text.
func (m *spaced) decoded(token string) string {
	if m.from == "" {
		return token
	}
	return strings.ReplaceAll(token, m.from, m.to)
}

// decode implements decoder.
func (m *spaced) decode(pieces []byte, ids []int32) []byte {
	if m.lead && len(ids) > 0 {
		rest := pieces[len(m.piece(ids[0])):]
		pieces = append([]byte(strings.ReplaceAll(m.tokens[ids[0]], m.from, "")), rest...)
	}
	for range m.strip {
		pieces = bytes.TrimPrefix(pieces, []byte(" "))
	}
	return pieces
}

// digest implements model.
func (m *spaced) digest(h *hasher) {
	h.string("spaced")
	h.string(string(m.rules))
}

// rules returns the digest of the fields that write writes.
func rules(write func(h *hasher)) []byte {
	sum := sha256.New()
	h := &hasher{bufio.NewWriterSize(sum, 1<<16)}
	write(h)
	h.w.Flush()
	return sum.Sum(nil)
}
