package similar

import "fmt"

// NearOptions says which texts are near-duplicates. The zero value is the field's usual rule.
type NearOptions struct {
	Threshold float64 // least Jaccard similarity of the sets of shingles, 0.5 to 1; 0: 0.8
	N         int     // tokens of a shingle, 1 to 100; 0: 5
	Common    *Common // shingles that do not count, complete before the first Add; nil: all count
}

// Near finds near-duplicates in a stream of texts: candidates by MinHash and bands, which are then compared by their
// real Jaccard similarity, so that what it reports is above the threshold. It misses 0.2% of the pairs exactly at the
// threshold at most, and fewer above it. The same texts in the same order have the same result on every machine.
//
// Only texts that duplicate none are kept, and later ones are compared with these alone: no two kept texts are found
// to be near-duplicates. A kept text takes 8 bytes for each different shingle and about 400 bytes for the bands. It is
// not safe for concurrent use.
type Near struct {
	threshold float64
	n, rows   int
	common    *Common
	perms     permutations
	buckets   buckets

	ids   []int
	sets  [][]uint64 // of the kept texts, each in a block
	block []uint64   // the free end of the last block
	stats NearStats

	shingles  []uint64 // of the text that is being added
	signature []uint32
	keys      []uint32
	met       []uint32 // kept texts that share a bucket with it
}

// Duplicate says which kept text a text repeats.
type Duplicate struct {
	Of         int     // id of the most similar kept text; the earliest of several
	Similarity float64 // their real Jaccard similarity, Threshold to 1; 1: the same set of shingles
}

// NearStats says what a Near has seen.
type NearStats struct {
	Texts      int
	Kept       int
	Duplicates int
	Undecided  int     // of Kept: they met buckets too full to search, so that a near-duplicate may have been missed
	Recall     float64 // expected share of the pairs exactly at the threshold that are found
}

// NewNear returns a Near that has seen no text. Errors: an option out of range, another N than that of Common.
func NewNear(opts NearOptions) (*Near, error) {
	if opts.Threshold == 0 {
		opts.Threshold = 0.8
	}
	if opts.N == 0 {
		opts.N = shingleTokens
	}
	if !(opts.Threshold >= 0.5 && opts.Threshold <= 1) {
		return nil, fmt.Errorf("find near-duplicates: threshold %g: want 0.5 to 1", opts.Threshold)
	}
	if opts.N < 1 || opts.N > 100 {
		return nil, fmt.Errorf("find near-duplicates: shingles of %d tokens: want 1 to 100", opts.N)
	}
	if opts.Common != nil && opts.Common.n != opts.N {
		return nil, fmt.Errorf("find near-duplicates: shingles of %d tokens, and common ones of %d: want the same", opts.N, opts.Common.n)
	}
	bands, rows := bandsFor(opts.Threshold)
	return &Near{
		threshold: opts.Threshold, n: opts.N, rows: rows, common: opts.Common,
		perms: newPermutations(bands * rows), buckets: buckets{bands: bands + 1},
		signature: make([]uint32, bands*rows), keys: make([]uint32, bands+1),
		stats: NearStats{Recall: found(opts.Threshold, bands, rows)},
	}, nil
}

// Add takes a text under the caller's id. It returns the kept text that it duplicates, and whether there is one;
// if there is none, the text is kept.
func (n *Near) Add(id int, text string) (Duplicate, bool) {
	n.stats.Texts++
	n.shingles = shingles(n.shingles, text, n.n)
	if n.common != nil {
		n.shingles = n.common.drop(n.shingles)
	}
	n.hashBands()
	var full bool
	n.met, full = n.buckets.meet(n.met[:0], n.keys)
	best := Duplicate{Similarity: -1}
	for _, k := range n.met { // ascending, so that the earliest of equals wins
		if s := jaccard(n.shingles, n.sets[k], max(n.threshold, best.Similarity)); s > best.Similarity {
			best = Duplicate{Of: n.ids[k], Similarity: s}
		}
	}
	if best.Similarity >= n.threshold {
		n.stats.Duplicates++
		return best, true
	}
	n.stats.Kept++
	n.ids = append(n.ids, id)
	n.sets = append(n.sets, n.store(n.shingles))
	if !n.buckets.insert(n.keys) || full {
		n.stats.Undecided++
	}
	return Duplicate{}, false
}

// Stats returns what n has seen so far.
func (n *Near) Stats() NearStats { return n.stats }

// hashBands sets the keys of the text's buckets: one for each band of its signature, and one for all of its shingles,
// which finds texts of the same set even where every band's bucket is full.
func (n *Near) hashBands() {
	all := uint64(len(n.shingles))
	for _, h := range n.shingles {
		all = mix(all ^ h)
	}
	n.keys[0] = uint32(all)
	n.perms.signature(n.signature, n.shingles)
	for b := range len(n.keys) - 1 {
		h := uint64(b + 1)
		for _, v := range n.signature[b*n.rows : (b+1)*n.rows] {
			h = mix(h ^ uint64(v))
		}
		n.keys[b+1] = uint32(h)
	}
}

// store copies a set into the last block, so that a million small sets are a few hundred allocations.
func (n *Near) store(set []uint64) []uint64 {
	if len(set) > len(n.block) {
		n.block = make([]uint64, max(1<<16, len(set)))
	}
	kept := n.block[:len(set):len(set)]
	n.block = n.block[len(set):]
	copy(kept, set)
	return kept
}
