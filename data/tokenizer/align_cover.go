package tokenizer

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// never is more tokens than a reply has.
const never = int(^uint(0) >> 2)

// cover says in which tokens a stop string can have been sampled.
type cover struct {
	tokens  int     // at least
	text    bool    // an ordinary token is enough that begins with it
	inside  bool    // some token has it behind other bytes
	hidden  bool    // some token has it behind an invalid byte, so that all of the token is lost
	special []int32 // special tokens that are enough, one of them, and end no turn by themselves
}

func (a *Aligner) cover(s string) cover {
	if c, ok := a.covers.Load(s); ok {
		return c.(cover)
	}
	c := cover{text: s == ""}      // found in any token
	least := make([]int, len(s)+1) // by offset: tokens for what follows
	for i := len(s) - 1; i >= 0; i-- {
		least[i] = never
		rest := []byte(s[i:])
		for _, e := range a.entries {
			if len(e.bytes) == 0 {
				continue
			}
			switch {
			case bytes.HasPrefix(e.bytes, rest):
				least[i] = 1
				if i == 0 {
					a.first(e, &c)
				}
			case bytes.HasPrefix(rest, e.bytes):
				least[i] = min(least[i], 1+least[i+len(e.bytes)])
			case i == 0 && bytes.Contains(e.bytes, rest) && !slices.Contains(a.ends, e.id):
				r, n := utf8.DecodeRune(e.bytes)
				c.inside, c.hidden = true, c.hidden || r == utf8.RuneError && n == 1
			}
		}
	}
	c.tokens = least[0]
	a.covers.Store(s, c)
	return c
}

// first notes a token that begins with the stop string.
func (a *Aligner) first(e entry, c *cover) {
	switch {
	case slices.Contains(a.ends, e.id):
	case a.t.Special(e.id):
		c.special = append(c.special, e.id)
	default:
		c.text = true
	}
}
