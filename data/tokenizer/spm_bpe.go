package tokenizer

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// metaspace is the character that stands for a space in SentencePiece vocabularies.
const metaspace = "\u2581"

// charBPE merges the characters of a text into tokens. Symbols are ids of tokens, and above them
// characters that are no token but part of one.
//
// Text is cut where no token reaches across, before U+2581 in most vocabularies, and the words are
// merged on their own: the ids are those of merging the whole text, in less time.
type charBPE struct {
	runes    runeTable
	merges   mergeTable
	spelled  []string         // characters that are symbols and no tokens: symbol len(tokens)+i
	size     int32            // tokens; from here on symbols are in spelled
	bytes    [256]int32       // what stands for a byte of a character that is no token; -1: nothing
	unk      int32            // what stands for a character without tokens for its bytes; -1: it is left out
	fuse     bool             // neighbouring unknown characters are one token
	whole    map[string]int32 // ignore_merges: texts that are a token as they are; nil: not so
	across   [256]bool        // bytes that stand before U+2581 inside a token
	uncut    bool             // text is never cut
	encoders sync.Pool        // of *charEncoder
}

// charEncoder is the memory of one encoding at a time.
type charEncoder struct {
	merger
	known map[string]span // words encoded before
	ids   []int32         // of known words
}

type span struct{ from, to int32 }

// Bounds of what an encoder remembers: words of few bytes, and so many ids that it stays below 8 MB.
const (
	knownBytes = 32
	knownIDs   = 1 << 16
)

// newCharBPE returns a model without merges: nothing is known, and unknown characters are left out.
func newCharBPE(tokens []string) *charBPE {
	b := &charBPE{size: int32(len(tokens)), unk: -1}
	for x := range b.bytes {
		b.bytes[x] = -1
	}
	return b
}

// tokenAcross notes that a token may form of this text, so that text is not cut inside it.
func (b *charBPE) tokenAcross(token string) {
	for i := 1; i < len(token); i++ {
		if strings.HasPrefix(token[i:], metaspace) {
			b.across[token[i-1]] = true
		}
	}
}

// symbol returns the symbol of a character that is part of a token, making one if it is no token.
func (b *charBPE) symbol(r rune) int32 {
	if s := b.runes.get(r); s >= 0 {
		return s
	}
	s := b.size + int32(len(b.spelled))
	b.spelled = append(b.spelled, string(r))
	b.runes.set(r, s)
	return s
}

// encode appends the ids of a text.
func (b *charBPE) encode(dst []int32, text string) []int32 {
	if id, ok := b.whole[text]; ok {
		return append(dst, id)
	}
	e, ok := b.encoders.Get().(*charEncoder)
	if !ok {
		e = &charEncoder{known: map[string]span{}}
	}
	for len(text) > 0 {
		n := b.cut(text)
		dst = b.word(dst, text[:n], e)
		text = text[n:]
	}
	if cap(e.symbols) > 1<<16 {
		e.merger = merger{} // one very long text is no reason to keep its memory
	}
	b.encoders.Put(e)
	return dst
}

// cut returns how many bytes of a text, at least one, no token after them reaches into.
func (b *charBPE) cut(text string) int {
	if b.uncut {
		return len(text)
	}
	for i := 1; i < len(text); i++ {
		n := strings.Index(text[i:], metaspace)
		if n < 0 {
			break
		}
		if i += n; !b.across[text[i-1]] {
			return i
		}
	}
	return len(text)
}

// word appends the ids of a stretch that is merged on its own.
func (b *charBPE) word(dst []int32, word string, e *charEncoder) []int32 {
	if len(word) > knownBytes {
		return b.merge(dst, word, e)
	}
	if s, ok := e.known[word]; ok {
		return append(dst, e.ids[s.from:s.to]...)
	}
	from := len(dst)
	dst = b.merge(dst, word, e)
	if len(e.ids) > knownIDs {
		e.ids = e.ids[:0]
		clear(e.known)
	}
	at := int32(len(e.ids))
	e.ids = append(e.ids, dst[from:]...)
	e.known[strings.Clone(word)] = span{at, int32(len(e.ids))}
	return dst
}

func (b *charBPE) merge(dst []int32, word string, e *charEncoder) []int32 {
	e.symbols = b.symbols(e.symbols[:0], word)
	e.run(&b.merges)
	for _, s := range e.symbols {
		if s < b.size {
			dst = append(dst, s)
		} else if spelled, ok := b.spellBytes(dst, b.spelled[s-b.size]); ok {
			dst = spelled
		} else if b.unk >= 0 {
			dst = append(dst, b.unk)
		}
	}
	return dst
}

// symbols appends a symbol for each character, or for each of its bytes. Unknown characters are
// written late where characters of bytes follow them, as Hugging Face's BPE does.
func (b *charBPE) symbols(dst []int32, word string) []int32 {
	unknown := false
	for i := 0; i < len(word); {
		r, n := rune(word[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(word[i:])
		}
		char := word[i : i+n]
		i += n
		if r != utf8.RuneError || n > 1 {
			if s := b.runes.get(r); s >= 0 {
				if unknown {
					dst, unknown = append(dst, b.unk), false
				}
				dst = append(dst, s)
				continue
			}
		}
		var ok bool
		if dst, ok = b.spellBytes(dst, char); ok || b.unk < 0 {
			continue
		}
		if unknown && !b.fuse {
			dst = append(dst, b.unk)
		}
		unknown = true
	}
	if unknown {
		dst = append(dst, b.unk)
	}
	return dst
}

// spellBytes appends the tokens of a character's bytes. False: at least one has none, and nothing is appended.
func (b *charBPE) spellBytes(dst []int32, char string) ([]int32, bool) {
	for i := range len(char) {
		if b.bytes[char[i]] < 0 {
			return dst, false
		}
	}
	for i := range len(char) {
		dst = append(dst, b.bytes[char[i]])
	}
	return dst, true
}
