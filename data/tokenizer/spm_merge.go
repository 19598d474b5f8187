package tokenizer

// fewSymbols is up to where looking through all pairs beats a heap.
const fewSymbols = 24

// merger merges the symbols of one word, and holds the memory for it. It is for one goroutine.
type merger struct {
	symbols []int32
	pairs   []merge // of each symbol with the next; rank maxRank: none
	next    []int32 // index of the next symbol; len(symbols): none
	prev    []int32 // index of the one before; -1: none
	heap    []candidate
}

const maxRank = 1<<31 - 1

// candidate is a pair that may merge, if both its symbols are still there when its turn comes.
type candidate struct {
	order       uint64 // rank<<32 | at: lowest rank first, leftmost on ties
	left, right int32
	to          int32
}

// run merges m.symbols: the pair of lowest rank first, the leftmost on ties, until no pair is in the
// table. What is left is in m.symbols.
func (m *merger) run(t *mergeTable) {
	if len(m.symbols) <= fewSymbols {
		m.few(t)
	} else {
		m.many(t)
	}
}

// few merges in place and needs no memory but a pair for each symbol.
func (m *merger) few(t *mergeTable) {
	s := m.symbols
	pairs := m.pairs[:0]
	for i := range s {
		pairs = append(pairs, pairAt(t, s, i))
	}
	for {
		best, rank := -1, int32(maxRank)
		for i := range pairs {
			if pairs[i].rank < rank {
				best, rank = i, pairs[i].rank
			}
		}
		if best < 0 {
			break
		}
		s[best] = pairs[best].to
		s = append(s[:best+1], s[best+2:]...)
		pairs = append(pairs[:best+1], pairs[best+2:]...)
		pairs[best] = pairAt(t, s, best)
		if best > 0 {
			pairs[best-1] = pairAt(t, s, best-1)
		}
	}
	m.symbols, m.pairs = s, pairs
}

func pairAt(t *mergeTable, s []int32, i int) merge {
	if i+1 < len(s) {
		if p, ok := t.get(s[i], s[i+1]); ok {
			return p
		}
	}
	return merge{rank: maxRank}
}

// many merges with a heap: time grows as n log n.
func (m *merger) many(t *mergeTable) {
	n := int32(len(m.symbols))
	m.next, m.prev, m.heap = m.next[:0], m.prev[:0], m.heap[:0]
	for i := range n {
		m.next, m.prev = append(m.next, i+1), append(m.prev, i-1)
	}
	for i := range n {
		m.consider(t, i)
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	for len(m.heap) > 0 {
		c := m.pop()
		at := int32(uint32(c.order))
		if m.symbols[at] != c.left || m.next[at] == n || m.symbols[m.next[at]] != c.right {
			continue // one of the two has merged since
		}
		gone := m.next[at]
		m.symbols[at], m.symbols[gone] = c.to, dead
		m.next[at] = m.next[gone]
		if m.next[at] < n {
			m.prev[m.next[at]] = at
		}
		for _, i := range [2]int32{m.prev[at], at} {
			if i >= 0 && m.consider(t, i) {
				m.up(len(m.heap) - 1)
			}
		}
	}
	left := m.symbols[:0]
	for i := int32(0); i < n; {
		next := m.next[i] // before its place is written: i never runs behind len(left)
		left = append(left, m.symbols[i])
		i = next
	}
	m.symbols = left
}

// dead is the place of a symbol that has merged into the one before. No candidate names it.
const dead = -1 << 31

// consider appends the pair that begins at i to the heap, without ordering it, if there is one.
func (m *merger) consider(t *mergeTable, i int32) bool {
	next := m.next[i]
	if int(next) == len(m.symbols) {
		return false
	}
	p, ok := t.get(m.symbols[i], m.symbols[next])
	if ok {
		m.heap = append(m.heap, candidate{uint64(p.rank)<<32 | uint64(i), m.symbols[i], m.symbols[next], p.to})
	}
	return ok
}

func (m *merger) pop() candidate {
	top, last := m.heap[0], len(m.heap)-1
	m.heap[0] = m.heap[last]
	m.heap = m.heap[:last]
	m.down(0)
	return top
}

func (m *merger) up(i int) {
	for i > 0 && m.heap[i].order < m.heap[(i-1)/2].order {
		m.heap[i], m.heap[(i-1)/2] = m.heap[(i-1)/2], m.heap[i]
		i = (i - 1) / 2
	}
}

func (m *merger) down(i int) {
	for {
		least := i
		for _, child := range [2]int{2*i + 1, 2*i + 2} {
			if child < len(m.heap) && m.heap[child].order < m.heap[least].order {
				least = child
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}
