package tokenizer

import (
	"fmt"
	"slices"
)

// prune removes every way that leads to no place at the end of the text.
func (s *search) prune() error {
	n := len(s.r.Pieces)
	alive := make([]bool, len(s.layers[n].places))
	some := false
	for k, p := range s.layers[n].places {
		alive[k] = p.at == len(s.r.Text)
		some = some || alive[k]
	}
	if !some {
		reached := 0
		for _, p := range s.layers[n].places {
			reached = max(reached, p.at)
		}
		return &AlignError{Piece: -1, Pieces: n,
			Reason: fmt.Sprintf("they end at byte %d of a text of %d", reached, len(s.r.Text))}
	}
	for i := n; i > 0; i-- {
		before := make([]bool, len(s.layers[i-1].places))
		s.layers[i].ways = slices.DeleteFunc(s.layers[i].ways, func(w way) bool {
			if alive[w.to] {
				before[w.from] = true
			}
			return !alive[w.to]
		})
		alive = before
	}
	return nil
}

// choose takes the way that has the most in common with the tokenizer's own split. It is an error
// if bytes that are not in the text may have been those of several tokens.
func (s *search) choose(split *ownSplit) (matched, error) {
	n := len(s.r.Pieces)
	m := matched{ids: make([]int32, n, n+1), unseen: s.r.Parsed}
	for i := range n {
		ids, err := s.possible(i)
		if err != nil {
			return m, err
		}
		if len(ids) > 1 {
			m.decided = append(m.decided, i)
		}
	}
	if n > 0 {
		m.unseen = m.unseen || slices.ContainsFunc(s.layers[n].ways, func(w way) bool { return !w.seen && w.cut == nil })
		m.either = s.cutsDiffer()
	}
	if m.either {
		m.decided = append(m.decided, n-1)
		m.decided = slices.Compact(m.decided)
	}
	best := s.best(split)
	at := slices.Index(s.layers[n].places, place{at: len(s.r.Text)})
	if lost := slices.Index(s.layers[n].places, place{at: len(s.r.Text), lost: true}); at < 0 || best[n][at].way < 0 && n > 0 {
		at = lost
	}
	for i := n; i > 0; i-- {
		w := s.layers[i].ways[best[i][at].way]
		from := s.layers[i-1].places[w.from].at
		if m.ids[i-1] = s.a.entries[w.entries[0]].id; len(w.entries) > 1 {
			m.ids[i-1] = s.a.prefer(w.entries, split, from, len(s.a.entries[w.entries[0]].bytes))
		}
		if i == n {
			m.cut = w.cut
		}
		at = w.from
	}
	return m, nil
}

// cutsDiffer reports whether a stop string may have cut the last piece in several ways, or not at all.
func (s *search) cutsDiffer() bool {
	ways := s.layers[len(s.r.Pieces)].ways
	return slices.ContainsFunc(ways, func(w way) bool { return string(w.cut) != string(ways[0].cut) })
}

// possible returns the ids that piece i may have been.
func (s *search) possible(i int) ([]int32, error) {
	var ids []int32
	unseen := false
	forms := map[string]bool{}
	for _, w := range s.layers[i+1].ways {
		unseen = unseen || !w.seen
		for _, k := range w.entries {
			e := s.a.entries[k]
			forms[string(e.bytes)] = true
			if !slices.Contains(ids, e.id) {
				ids = append(ids, e.id)
			}
		}
	}
	if unseen && len(ids) > 1 && len(forms) > 1 {
		return nil, s.fail(i, fmt.Sprintf("the engine dropped its bytes from the text, and %d tokens look like it", len(ids)))
	}
	return ids, nil
}

// arrival is the best way to a place: the most tokens in common with the tokenizer's own split.
type arrival struct{ score, way int } // way -1: none

func (s *search) best(split *ownSplit) [][]arrival {
	best := make([][]arrival, len(s.layers))
	best[0] = []arrival{{way: -1}}
	for i := 1; i < len(s.layers); i++ {
		best[i] = make([]arrival, len(s.layers[i].places))
		for k := range best[i] {
			best[i][k] = arrival{score: -1, way: -1}
		}
		for k, w := range s.layers[i].ways {
			score := best[i-1][w.from].score
			if score < 0 {
				continue
			}
			if w.seen {
				e := s.a.entries[w.entries[0]]
				own, ok := split.id(s.layers[i-1].places[w.from].at, len(e.bytes))
				if ok && slices.ContainsFunc(w.entries, func(k int32) bool { return s.a.entries[k].id == own }) {
					score++
				}
			}
			if score > best[i][w.to].score {
				best[i][w.to] = arrival{score, k}
			}
		}
	}
	return best
}
