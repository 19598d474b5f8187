package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
)

// Digest is the SHA-256 of some content. Things of the same digest are the same thing.
type Digest [sha256.Size]byte

// String returns all 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Short returns the first 12 hexadecimal digits: enough for a person to tell two apart.
func (d Digest) Short() string { return hex.EncodeToString(d[:6]) }

// MarshalText writes the hexadecimal form.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the hexadecimal form.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return fmt.Errorf("read digest: %d characters, want %d", len(text), 2*len(d))
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// Hasher makes a Digest of typed fields. Each field is written with its length, so that no two
// different sequences of fields have the same bytes.
type Hasher struct{ h hash.Hash }

// NewHasher starts a digest of the given kind; digests of different kinds never collide.
func NewHasher(kind string) *Hasher {
	h := &Hasher{sha256.New()}
	h.String(kind)
	return h
}

// String adds a text.
func (h *Hasher) String(s string) {
	h.Int(len(s))
	h.h.Write([]byte(s))
}

// Bytes adds raw bytes.
func (h *Hasher) Bytes(b []byte) {
	h.Int(len(b))
	h.h.Write(b)
}

// Int adds a number.
func (h *Hasher) Int(n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	h.h.Write(b[:])
}

// Float adds a number by its bits.
func (h *Hasher) Float(f float64) { h.Int(int(math.Float64bits(f))) }

// Sum returns the digest of the fields so far.
func (h *Hasher) Sum() (d Digest) {
	h.h.Sum(d[:0])
	return d
}
