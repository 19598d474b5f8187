package similar

import (
	"fmt"
	"slices"
)

// commonCounters bounds the memory of a Common: about 40 MB.
const commonCounters = 1 << 20

// Common finds the shingles that a good part of all texts hold: the template of a task family. It is filled by Add
// for every text, and then given to NearOptions, so that Near compares what is left. A text that holds nothing
// but common shingles is then only a duplicate of texts with the same set of them.
//
// Counting is by Misra and Gries (Finding repeated elements, 1982), in about 40 MB and 50 bytes for each different
// text: what it calls common is held by more than share of the texts, and by at least 11. It may miss shingles that
// are held by only a little more: by up to one text for every million different shingles seen. It is not safe for concurrent use.
type Common struct {
	n      int
	share  float64
	texts  int
	exact  *Exact
	counts map[uint64]uint32
	limit  int

	shingles []uint64
}

// NewCommon returns a Common that has seen no text, for shingles of n tokens (0: 5) that more than share of the
// different texts hold. Errors: n not 0 to 100, share not above 0 and below 1.
func NewCommon(n int, share float64) (*Common, error) {
	if n == 0 {
		n = shingleTokens
	}
	if n < 1 || n > 100 {
		return nil, fmt.Errorf("find common shingles: shingles of %d tokens: want 1 to 100", n)
	}
	if !(share > 0 && share < 1) {
		return nil, fmt.Errorf("find common shingles: share %g: want above 0 and below 1", share)
	}
	return &Common{n: n, share: share, exact: NewExact(), counts: map[uint64]uint32{}, limit: commonCounters}, nil
}

// Add counts the shingles of a text, once. A text that is the same as an earlier one does not count again: copies are
// duplicates and no template.
func (c *Common) Add(text string) {
	if _, duplicate := c.exact.Add(0, text); duplicate {
		return
	}
	c.texts++
	c.shingles = shingles(c.shingles, text, c.n)
	for _, h := range c.shingles {
		c.counts[h]++
	}
	for len(c.counts) > c.limit {
		for h, n := range c.counts {
			if n == 1 {
				delete(c.counts, h)
			} else {
				c.counts[h] = n - 1
			}
		}
	}
}

// Len returns the number of common shingles among the texts so far.
func (c *Common) Len() int {
	n := 0
	for h := range c.counts {
		if c.has(h) {
			n++
		}
	}
	return n
}

func (c *Common) has(shingle uint64) bool {
	n := c.counts[shingle]
	return n > templateTexts && float64(n) > c.share*float64(c.texts)
}

// drop removes the common shingles of a set; a set of nothing else becomes one shingle that stands for it.
func (c *Common) drop(set []uint64) []uint64 {
	all := uint64(len(set))
	for _, h := range set {
		all = mix(all ^ h)
	}
	left := slices.DeleteFunc(set, c.has)
	if len(left) == 0 {
		return append(left, all)
	}
	return left
}
