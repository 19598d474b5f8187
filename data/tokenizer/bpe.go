package tokenizer

import (
	"sync"
)

// byteLevel is byte-level BPE: text is cut into words by the stages of a pre-tokenizer, and the bytes
// of each word are merged into tokens, the pair of lowest rank first.
type byteLevel struct {
	steps       []step
	stages      []splitter
	prefixSpace bool             // a space is put before each stretch that does not begin with one
	wholeWords  bool             // a word that is a token is that token, whether its merges lead there or not
	spelled     []string         // by id: the bytes of a token of the model; "" where there is none
	formed      []bool           // by id: spelled in stand-ins for bytes, so that text can become it
	whole       map[string]int32 // by bytes; nil without wholeWords
	bytes       [256]int32       // by byte: its token; -1: none, and it is left out, as the library does
	merges      mergeTable
	order       [][2]int32 // merges, in order of rank: for the digest
	encoders    sync.Pool  // of *byteEncoder
}

// encode implements model.
func (m *byteLevel) encode(dst []int32, text string, _ bool) []int32 {
	if m.prefixSpace && text[0] != ' ' {
		text = " " + text
	}
	e, ok := m.encoders.Get().(*byteEncoder)
	if !ok {
		e = new(byteEncoder)
	}
	dst = m.cut(dst, m.stages, text, e)
	if cap(e.symbols) > 1<<16 {
		e.merger = merger{} // one very long word is no reason to keep its memory
	}
	m.encoders.Put(e)
	return dst
}

// cut appends the ids of a piece that stages are still to cut.
func (m *byteLevel) cut(dst []int32, stages []splitter, piece string, e *byteEncoder) []int32 {
	if len(stages) == 0 {
		return m.word(dst, piece, e)
	}
	for i := 0; i < len(piece); {
		end := stages[0].next(piece, i)
		dst = m.cut(dst, stages[1:], piece[i:end], e)
		i = end
	}
	return dst
}

// word appends the ids of a word.
func (m *byteLevel) word(dst []int32, word string, e *byteEncoder) []int32 {
	if len(word) > knownWord {
		return m.merge(dst, word, e)
	}
	slot, ok := e.known(word)
	if ok {
		return append(dst, slot.ids[:slot.n]...)
	}
	from := len(dst)
	dst = m.merge(dst, word, e)
	slot.keep(word, dst[from:])
	return dst
}

func (m *byteLevel) merge(dst []int32, word string, e *byteEncoder) []int32 {
	if id, ok := m.whole[word]; ok {
		return append(dst, id)
	}
	e.symbols = e.symbols[:0]
	for i := range len(word) {
		if id := m.bytes[word[i]]; id >= 0 {
			e.symbols = append(e.symbols, id)
		}
	}
	e.run(&m.merges)
	return append(dst, e.symbols...)
}

// piece implements model.
func (m *byteLevel) piece(id int32) []byte {
	if int(id) < len(m.spelled) {
		return []byte(m.spelled[id])
	}
	return []byte{}
}

// digest implements model.
func (m *byteLevel) digest(h *hasher) {
	h.string("byte-level BPE")
	h.int(len(m.steps))
	for _, s := range m.steps {
		h.string(s.kind)
		h.string(s.regex)
	}
	h.bool(m.prefixSpace)
	h.bool(m.wholeWords)
	h.int(len(m.order))
	for _, pair := range m.order {
		h.int(int(pair[0])<<32 | int(pair[1]))
	}
}
