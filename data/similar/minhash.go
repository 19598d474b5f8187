package similar

import "math"

// hashes is the length of a signature: 126 to 128 minima, as text-dedup (128) and datatrove (112) take them.
const hashes = 128

// missed is the share of the pairs at the threshold that the bands may miss.
const missed = 0.002

// bandsFor returns the rows and the number of bands for a threshold: the longest bands, and so the fewest useless
// comparisons, that miss at most 0.2% of the pairs exactly at the threshold. A pair of similarity s meets in
// some band with the chance 1 - (1-s^rows)^bands (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, 3.4.2).
func bandsFor(threshold float64) (bands, rows int) {
	rows = 1
	for r := 2; r <= 16 && 1-found(threshold, hashes/r, r) <= missed; r++ {
		rows = r
	}
	return hashes / rows, rows
}

// found is the chance that a pair of this similarity meets in a band.
func found(similarity float64, bands, rows int) float64 {
	return 1 - math.Pow(1-math.Pow(similarity, float64(rows)), float64(bands))
}

// permutations hold the constants of the hash functions, the same in every run.
type permutations struct{ xor, mul []uint64 }

func newPermutations(n int) permutations {
	p := permutations{make([]uint64, n), make([]uint64, n)}
	for i := range n {
		p.xor[i] = mix(0x6D696E68617368 + 2*uint64(i))
		p.mul[i] = mix(0x6D696E68617368+2*uint64(i)+1) | 1
	}
	return p
}

// signature writes the minimum of each hash function over a set.
func (p permutations) signature(dst []uint32, set []uint64) {
	for i := range dst {
		x, m := p.xor[i], p.mul[i]
		least := uint64(math.MaxUint64)
		for _, h := range set {
			least = min(least, (h^x)*m)
		}
		dst[i] = uint32(least >> 32)
	}
}
