package tokenizer

import (
	"fmt"
	"strings"
)

// What the count says. A reply of n pieces and of n+extra tokens leaves tokens that were not returned. Each
// of them was
//
//	E  the end token, the last of a turn: at most one, and no stop string then
//	S  of a stop string, or behind it: the last ones of a turn
//	F  of a flush without a valid byte: any number, anywhere, in any reply
//	D  of a chunk of which a parser left nothing: any number, anywhere, where Parsed
//
// A stop string that begins inside the last piece takes S no further than what is left of it: none, if the piece
// holds all of it. Only without F and D are IDs what was sampled from the first on. So, by extra:
//
//	                              0        1                        2 and more
//	cut by length                 aligned  error: F, D              error: F, D
//	ended, no stop strings        aligned  aligned: E               error: F+E, D+E
//	  special ones                aligned  aligned: E, S            error: F+E; S only if spelled in ordinary tokens
//	  ordinary ones               aligned  aligned, missing: E, S   retokenized, missing: S, F+E, F+S; error if no stop string is as long
//	  cut inside the last piece   aligned  aligned, none: S         aligned, none, if it takes no fewer: S; else retokenized: S, F+S
//	  perhaps inside it           aligned  retokenized, missing     as above
//	ended, Parsed                 aligned  as above, and as         error
//	                                       "perhaps" if it fits
//
// Aligned with extra 0 has no end in IDs (EndNone): none was counted. "Perhaps" is a stop string that lies inside
// the last piece, or begins there and needs one token more, where the text does not tell: behind an invalid byte, or where a
// parser was at work. Extra 0 is an error where a cut is certain and its stop string takes more.
// Where tokens were not counted nothing is certain.

// finish decides what ended the turn, and adds the end token where it can be named. It reports
// whether the count proves that no token is missing in between.
func (a *Aligner) finish(r Reply, m matched, out *Alignment) (bool, error) {
	n := len(r.Pieces)
	extra := r.Count - n
	wrong := func(why string) error {
		return &AlignError{Piece: -1, Pieces: n, Reason: fmt.Sprintf("the engine counted %d tokens and returned %d pieces: %s", r.Count, n, why)}
	}
	const lost = "tokens inside an unfinished character, or behind a parser, are not returned"
	out.End = EndNone
	switch {
	case r.Count < 0:
		if r.Ended && len(r.Stops) > 0 {
			out.End = EndMissing
		} else if r.Ended {
			a.appendEnd(out, false)
		}
		return false, nil
	case extra < 0:
		return false, wrong("more pieces than tokens")
	case !r.Ended && extra > 0:
		return false, wrong("a reply that was cut has as many; " + lost)
	case r.Parsed && extra > 1:
		return false, wrong("an end token is one more; " + lost)
	case m.cut != nil && !m.either && !r.Parsed:
		least, most := a.goesOn(r.Stops, m.cut)
		if extra < least || extra > most {
			return false, wrong(fmt.Sprintf("the rest of the stop string takes %d to %d; %s", least, most, lost))
		}
		return extra == least, nil
	case extra == 0:
		return true, nil
	case extra > 1:
		if least, most := a.ordinary(r.Stops); extra < least || extra > most {
			return false, wrong("an end token is one more; " + lost)
		}
		out.End = EndMissing
		return false, nil
	case m.either || m.unseen && n > 0 && a.mayStop(r.Pieces[n-1], r.Stops):
		out.End = EndMissing
		return false, nil
	}
	special := false
	for _, stop := range r.Stops {
		c := a.cover(stop)
		if c.text || c.hidden || c.inside && r.Parsed {
			out.End = EndMissing // its last token, or the end token
			return true, nil
		}
		special = special || len(c.special) > 0
	}
	a.appendEnd(out, special)
	return true, nil
}

// goesOn returns in how few and how many tokens a stop string can go on that begins with cut.
func (a *Aligner) goesOn(stops []string, cut []byte) (least, most int) {
	least = never
	for _, stop := range stops {
		rest, ok := strings.CutPrefix(stop, string(cut))
		if !ok && !(stop != "" && strings.HasPrefix(string(cut), stop)) {
			continue
		}
		if !ok {
			rest = ""
		}
		least, most = min(least, a.cover(rest).tokens), max(most, len(rest))
	}
	return least, most
}

// ordinary returns in how few and how many tokens a stop string can have been sampled that is not the
// spelling of a special token.
func (a *Aligner) ordinary(stops []string) (least, most int) {
	least = never
	for _, stop := range stops {
		if id, ok := a.t.ID(stop); ok && a.t.Special(id) {
			continue
		}
		least, most = min(least, a.cover(stop).tokens), max(most, len(stop))
	}
	return least, most
}

// mayStop reports whether a stop string may have begun inside a token that looks like piece, with at most
// one token behind it.
func (a *Aligner) mayStop(piece []byte, stops []string) bool {
	for _, k := range (&search{a: a}).candidates(piece) {
		b := string(a.entries[k].bytes)
		for _, stop := range stops {
			if stop == "" || strings.Contains(b, stop) {
				return true
			}
			for n := 1; n < len(stop); n++ {
				if strings.HasSuffix(b, stop[:n]) && a.cover(stop[n:]).tokens == 1 {
					return true
				}
			}
		}
	}
	return false
}
