package tokenizer

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxNodes bounds the search of one reply: beyond it a reply is given up, not guessed.
const maxNodes = 1 << 17

// place is where a search stands between two pieces.
type place struct {
	at   int  // offset into the text: all before it is explained
	lost bool // inside a flush whose rest the engine dropped
}

// way is one way to explain a piece.
type way struct {
	from, to int     // indices into the places before and after the piece
	entries  []int32 // tokens that it may have been
	seen     bool    // their bytes are in the text, at from
	cut      []byte  // bytes that a stop string took out of the text
}

// layer is what is known of one piece: where it may end, and how it gets there.
type layer struct {
	places []place
	ways   []way
}

// search finds every way in which pieces and text fit: characters that are really U+FFFD, bytes that
// the engine dropped, text that its parsers took out, and a stop string that cut the last piece.
// What it allows is more than the engine does, so that what it finds to be the only way is.
type search struct {
	a       *Aligner
	r       Reply
	layers  []layer // layers[i] follows piece i-1; layers[0] has no ways
	index   map[place]int
	nodes   int
	lengths []int // scratch
}

func (a *Aligner) search(r Reply, split *ownSplit) (matched, error) {
	s := &search{a: a, r: r, layers: make([]layer, 1, len(r.Pieces)+1)}
	s.layers[0].places = []place{{}}
	for i := range r.Pieces {
		s.layers = append(s.layers, layer{})
		s.index = map[place]int{}
		for from, p := range s.layers[i].places {
			s.explain(i, from, p)
		}
		s.nodes += len(s.layers[i+1].places)
		switch {
		case len(s.layers[i+1].places) == 0:
			return matched{}, s.stuck(i)
		case s.nodes > maxNodes:
			return matched{}, s.fail(i, "too many ways to fit it into the text")
		}
	}
	if err := s.prune(); err != nil {
		return matched{}, err
	}
	return s.choose(split)
}

func (s *search) fail(i int, reason string) error {
	return &AlignError{Piece: i, Pieces: len(s.r.Pieces), Text: string(s.r.Pieces[i]), Reason: reason}
}

// stuck says why a piece has no explanation.
func (s *search) stuck(i int) error {
	piece := s.r.Pieces[i]
	_, known := s.a.byBytes[string(piece)]
	if !known && len(s.a.byWire[string(piece)]) == 0 {
		return s.fail(i, "no token of "+s.a.t.Name()+" is spelled so")
	}
	return s.fail(i, fmt.Sprintf("the text of %d bytes does not go on so", len(s.r.Text)))
}

// add adds an explanation of piece i that leads to a place.
func (s *search) add(i, from int, to place, w way) {
	l := &s.layers[i+1]
	k, ok := s.index[to]
	if !ok {
		k = len(l.places)
		s.index[to] = k
		l.places = append(l.places, to)
	}
	w.from, w.to = from, k
	l.ways = append(l.ways, w)
}

// explain adds every explanation of piece i from one place.
func (s *search) explain(i, from int, p place) {
	piece, rest := s.r.Pieces[i], s.r.Text[p.at:]
	clean := !bytes.Contains(piece, []byte(replacement))
	if p.lost {
		s.dropped(i, from, p, s.candidates(piece))
		return
	}
	for n := shortest(piece); n <= min(len(piece), len(rest)); n += len(replacement) - 1 {
		if first, ok := s.a.byBytes[rest[:n]]; ok && sameOnWire(rest[:n], piece) {
			s.add(i, from, place{at: p.at + n}, way{entries: s.a.chain(first), seen: true})
		}
	}
	if !clean {
		s.breaks(i, from, p)
	}
	if s.r.Parsed {
		s.takenOut(i, from, p)
	}
	if i == len(s.r.Pieces)-1 && s.r.Ended && len(s.r.Stops) > 0 {
		s.cutShort(i, from, p, clean)
	}
}

// candidates returns the entries that look like a piece.
func (s *search) candidates(piece []byte) []int32 {
	all := s.a.byWire[string(piece)]
	if first, ok := s.a.byBytes[string(piece)]; ok && !bytes.Contains(piece, []byte(replacement)) {
		all = s.a.chain(first)
	}
	return all
}

// dropped explains a piece that follows an invalid byte of its flush, so that its own bytes are not in
// the text. The flush goes on if the piece ends inside a character, or if a stop string is awaited.
func (s *search) dropped(i, from int, p place, candidates []int32) {
	var on, off []int32
	for _, k := range candidates {
		b := s.a.entries[k].bytes
		tail := onlyContinues(b)
		if unfinished(b) || tail || len(s.r.Stops) > 0 {
			on = append(on, k)
		}
		if !unfinished(b) {
			off = append(off, k)
		}
	}
	if len(on) > 0 {
		s.add(i, from, place{at: p.at, lost: true}, way{entries: on})
	}
	if len(off) > 0 {
		s.add(i, from, place{at: p.at}, way{entries: off})
	}
}

// breaks explains a piece that holds the first invalid byte of its flush: what is before it is in the text.
func (s *search) breaks(i, from int, p place) {
	rest := s.r.Text[p.at:]
	pending := s.awaited(s.r.Text[:p.at])
	byLength := map[int][]int32{}
	for _, k := range s.a.byWire[string(s.r.Pieces[i])] {
		b := s.a.entries[k].bytes
		for n := range b {
			if n == 0 && !pending {
				continue // nothing of the flush would have been returned
			}
			if n > len(rest) || rest[:n] != string(b[:n]) {
				break
			}
			if n < len(rest) && !utf8.RuneStart(rest[n]) {
				continue
			}
			if r, size := utf8.DecodeRune(b[n:]); r == utf8.RuneError && size == 1 {
				byLength[n] = append(byLength[n], k)
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(byLength)) {
		s.dropped(i, from, place{at: p.at + n}, byLength[n])
	}
}

// awaited reports whether text ends in what may become a stop string, so that it is held back.
func (s *search) awaited(text string) bool {
	return slices.ContainsFunc(s.r.Stops, func(stop string) bool {
		for n := 1; n <= len(stop); n++ {
			if strings.HasSuffix(text, stop[:n]) {
				return true
			}
		}
		return false
	})
}

// takenOut explains a piece that a parser took out of the text, or one stretch of which it took out.
func (s *search) takenOut(i, from int, p place) {
	rest := s.r.Text[p.at:]
	byLength := map[int][]int32{}
	for _, k := range s.candidates(s.r.Pieces[i]) {
		s.lengths = left(string(s.a.entries[k].bytes), rest, append(s.lengths[:0], 0))
		slices.Sort(s.lengths)
		for _, n := range slices.Compact(s.lengths) {
			byLength[n] = append(byLength[n], k)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(byLength)) {
		s.add(i, from, place{at: p.at + n}, way{entries: byLength[n]})
	}
}

// left appends every number of bytes that text may begin with, of a piece that lost one stretch at
// either end or in its middle.
func left(piece, text string, lengths []int) []int {
	for i := 1; i < len(piece); i++ { // lost at the start, perhaps also at the end
		for n := 0; i+n < len(piece) && n < len(text) && piece[i+n] == text[n]; n++ {
			lengths = append(lengths, n+1)
		}
	}
	for i := 0; i < len(piece)-1 && i < len(text) && piece[i] == text[i]; i++ { // lost after its first i+1 bytes
		lengths = append(lengths, i+1)
		for n := 1; n < len(piece)-i-1; n++ {
			if strings.HasPrefix(text[i+1:], piece[len(piece)-n:]) {
				lengths = append(lengths, i+1+n)
			}
		}
	}
	return lengths
}

// cutShort explains the last piece, if a stop string begins inside of it.
func (s *search) cutShort(i, from int, p place, clean bool) {
	rest := s.r.Text[p.at:]
	if rest == "" {
		return
	}
	for _, k := range s.candidates(s.r.Pieces[i]) {
		b := s.a.entries[k].bytes
		if len(b) <= len(rest) || string(b[:len(rest)]) != rest {
			continue
		}
		cut := b[len(rest):]
		if slices.ContainsFunc(s.r.Stops, func(stop string) bool {
			return stop != "" && (strings.HasPrefix(stop, string(cut)) || strings.HasPrefix(string(cut), stop))
		}) {
			s.add(i, from, place{at: len(s.r.Text)}, way{entries: []int32{k}, seen: clean, cut: cut})
		}
	}
}

// unfinished reports whether bytes end inside a character (runner/common/stop.go, IncompleteUnicode).
func unfinished(b []byte) bool {
	for i := 1; i <= min(4, len(b)); i++ {
		switch c := b[len(b)-i]; {
		case c&0xC0 == 0x80:
		case c&0xE0 == 0xC0:
			return i < 2
		case c&0xF0 == 0xE0:
			return i < 3
		case c&0xF8 == 0xF0:
			return i < 4
		default:
			return false
		}
	}
	return false
}

// onlyContinues reports whether bytes continue a character and do nothing else.
func onlyContinues(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c&0xC0 != 0x80 })
}
