package tokenizer

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
)

// hasher makes a digest of typed fields, each written with its length, so that no two different
// sequences of fields have the same bytes.
type hasher struct{ w *bufio.Writer }

func (h *hasher) int(n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	h.w.Write(b[:])
}

func (h *hasher) string(s string) {
	h.int(len(s))
	h.w.WriteString(s)
}

func (h *hasher) float32(f float32) { h.int(int(math.Float32bits(f))) }

func (h *hasher) bool(b bool) {
	if b {
		h.int(1)
	} else {
		h.int(0)
	}
}

// digest returns the SHA-256 of everything that decides ids, in hexadecimal.
func digest(p parts) string {
	sum := sha256.New()
	h := &hasher{bufio.NewWriterSize(sum, 1<<16)}
	h.string("tokenizer")
	h.int(len(p.tokens))
	for _, token := range p.tokens {
		h.string(token)
	}
	h.string("model")
	p.model.digest(h)
	h.string("normalizer")
	if p.normalizer != nil {
		p.normalizer.digest(h)
	}
	h.string("added")
	h.int(len(p.added))
	for _, a := range p.added {
		h.string(a.content)
		h.int(int(a.id))
		for _, flag := range []bool{a.singleWord, a.lstrip, a.rstrip, a.normalized, a.special} {
			h.bool(flag)
		}
	}
	for _, ids := range [][]int32{p.prefix, p.suffix} {
		h.int(len(ids))
		for _, id := range ids {
			h.int(int(id))
		}
	}
	h.w.Flush()
	return hex.EncodeToString(sum.Sum(nil))
}
