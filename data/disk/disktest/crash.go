package disktest

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is the smallest piece that a disk writes whole, in bytes.
const sector = 512

// Crash returns the disk as it is found after a power cut at this moment. All that was synced is
// there. Of what was not, nothing is where rng is nil; else chance decides, for each change of a
// folder, for the length of each file, and for each sector of 512 bytes, which holds zeros where it
// was not written. No lock is held, nothing is set to fail, and f is as before.
func (f *FS) Crash(rng *rand.Rand) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	after := make(map[*node]map[string]*node) // folders that differ from what is durable
	for _, c := range f.pending {
		if rng == nil || rng.IntN(2) == 0 {
			continue
		}
		for _, e := range c {
			if after[e.dir] == nil {
				after[e.dir] = maps.Clone(e.dir.durable)
			}
			set(after[e.dir], e)
		}
	}
	entries := func(n *node) map[string]*node {
		if changed, ok := after[n]; ok {
			return changed
		}
		return n.durable
	}
	return f.clone(entries, func(n *node) []byte { return n.survive(rng) })
}

// Kill returns the disk as it is found after the death of the process at this moment: all that
// was written is there, but no lock is held. What was not synced is still not. Nothing is set to
// fail, and f is as before.
func (f *FS) Kill() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	made := make(map[*node]*node)
	var copyNode func(n *node) *node
	copyMap := func(from map[string]*node) map[string]*node {
		if from == nil {
			return nil
		}
		to := make(map[string]*node, len(from))
		for name, n := range from {
			to[name] = copyNode(n)
		}
		return to
	}
	copyNode = func(n *node) *node {
		if n == nil || made[n] != nil {
			return made[n]
		}
		m := &node{data: slices.Clip(n.data), synced: n.synced, kept: n.kept, lost: slices.Clone(n.lost)}
		made[n] = m
		m.entries, m.durable = copyMap(n.entries), copyMap(n.durable)
		return m
	}
	g := New()
	g.root, g.used = copyNode(f.root), f.used
	for _, c := range f.pending {
		d := slices.Clone(c)
		for i := range d {
			d[i].dir, d[i].node = copyNode(d[i].dir), copyNode(d[i].node)
		}
		g.pending = append(g.pending, d)
	}
	return g
}

// clone returns a file system on whose disk is what entries and content say.
func (f *FS) clone(entries func(*node) map[string]*node, content func(*node) []byte) *FS {
	g := New()
	made := make(map[*node]*node) // a file may be found under two names
	var copyNode func(n *node) *node
	copyNode = func(n *node) *node {
		if m := made[n]; m != nil {
			return m
		}
		if n.entries == nil {
			data := content(n)
			made[n] = &node{data: data, synced: data, kept: len(data)}
			g.used += int64(len(data))
			return made[n]
		}
		m := newDir()
		made[n] = m
		list := entries(n)
		for _, name := range slices.Sorted(maps.Keys(list)) {
			m.entries[name] = copyNode(list[name])
		}
		m.durable = maps.Clone(m.entries)
		return m
	}
	g.root = copyNode(f.root)
	return g
}

// survive returns the content that a power cut leaves.
func (n *node) survive(rng *rand.Rand) []byte {
	if rng == nil {
		return slices.Clip(n.synced)
	}
	if n.kept < len(n.synced) && rng.IntN(2) == 0 { // a truncation, and what came after it, is lost
		return slices.Clip(n.synced)
	}
	from := n.kept
	data := slices.Clone(n.data)
	for _, s := range n.lost {
		clear(data[s.from:s.to])
	}
	switch rng.IntN(4) {
	case 0:
		return data[:from:from]
	case 1:
		return data
	case 2:
		return slices.Clip(data[:from+rng.IntN(len(data)-from+1)])
	}
	data = data[:from+rng.IntN(len(data)-from+1)]
	for at := from; at < len(data); {
		end := min(at/sector*sector+sector, len(data))
		if rng.IntN(2) == 0 {
			clear(data[at:end])
		}
		at = end
	}
	return slices.Clip(data)
}
