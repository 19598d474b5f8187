package similar

import "slices"

// shingleTokens is the n-gram of near-duplicate detection: datatrove takes 5 (huggingface/datatrove@03a9d9a
// src/datatrove/pipeline/dedup/minhash.py), as does text-dedup.
const shingleTokens = 5

// shingles returns the set of hashes of every n tokens in a row of a text, ascending. A text of fewer tokens has one
// shingle: all of it. Two different shingles of 64 bits meet with a chance of 1 in 10^12 in a pair of texts of 4,000 tokens.
func shingles(dst []uint64, text string, n int) []uint64 {
	tokens := Tokens(text)
	hashes := make([]uint64, len(tokens))
	for i, t := range tokens {
		hashes[i] = hashToken(t)
	}
	n = min(n, len(tokens))
	dst = dst[:0]
	for i := 0; i+n <= len(hashes); i++ {
		h := uint64(n)
		for _, t := range hashes[i : i+n] {
			h = mix(h ^ t)
		}
		dst = append(dst, h)
	}
	slices.Sort(dst)
	return slices.Compact(dst)
}

// hashToken is FNV-1a, spread: the same on every machine and in every version, so that a result can be repeated.
func hashToken(t string) uint64 {
	h := uint64(0xCBF29CE484222325)
	for i := range len(t) {
		h = (h ^ uint64(t[i])) * 0x100000001B3
	}
	return mix(h)
}

// jaccard returns the size of the intersection of two ascending sets over that of their union, or -1 once it is
// clear to be less than least.
func jaccard(a, b []uint64, least float64) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	if float64(len(a)) < least*float64(len(b)) {
		return -1
	}
	// |a∩b| / (|a|+|b|-|a∩b|) >= least holds from this intersection on; one less, for the rounding.
	need := int(least/(1+least)*float64(len(a)+len(b))) - 1
	both, j := 0, 0
	for i, x := range a {
		for j < len(b) && b[j] < x {
			j++
		}
		if j < len(b) && b[j] == x {
			both++
			j++
		} else if both+len(a)-i-1 < need {
			return -1
		}
	}
	s := float64(both) / float64(len(a)+len(b)-both)
	if s < least {
		return -1
	}
	return s
}
