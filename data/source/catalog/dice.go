package catalog

import "math/bits"

// Dice is a small random generator (SplitMix64) whose numbers never change with a version of Go,
// so that the same seed makes the same tasks for good. It is not safe for concurrent use.
type Dice struct{ state uint64 }

// NewDice starts the stream of task index of a seed; lane keeps apart streams for different ends.
// Streams do not depend on each other: task 7 is the same whether or not tasks 0 to 6 were made.
func NewDice(seed int64, lane, index uint64) Dice {
	d := Dice{uint64(seed)}
	d.state = d.Uint64() ^ lane
	d.state = d.Uint64() ^ index
	d.state = d.Uint64()
	return d
}

// Uint64 returns 64 random bits.
func (d *Dice) Uint64() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// N returns a number from 0 to n-1, each equally likely (Lemire's method). n must be positive.
func (d *Dice) N(n int) int {
	hi, lo := bits.Mul64(d.Uint64(), uint64(n))
	for lo < uint64(n) && lo < -uint64(n)%uint64(n) {
		hi, lo = bits.Mul64(d.Uint64(), uint64(n))
	}
	return int(hi)
}

// Between returns a number from low to high, both included.
func (d *Dice) Between(low, high int) int { return low + d.N(high-low+1) }

// Chance is true in num of den cases.
func (d *Dice) Chance(num, den int) bool { return d.N(den) < num }

// Pick returns one of the elements.
func Pick[T any](d *Dice, from []T) T { return from[d.N(len(from))] }

// Draw returns n different elements in random order; n is at most len(from).
func Draw[T any](d *Dice, from []T, n int) []T {
	rest := append([]T(nil), from...)
	for i := range n {
		j := i + d.N(len(rest)-i)
		rest[i], rest[j] = rest[j], rest[i]
	}
	return rest[:n]
}
