package data

import (
	"bytes"
	"fmt"
)

// Break says why a sequence does not continue the one before it.
type Break struct {
	Reason BreakReason
	At     int // the first position whose ids differ, in both sequences; the length of the new context where that is shorter; -1 for BreakUnknown
	Turn   int // of the rollout: the turn of the sequence before that sampled At, or in whose context At stands; the one without ids for BreakUnknown
}

// BreakReason is one cause of a Break.
type BreakReason string

const (
	BreakRewritten   BreakReason = "template_rewrote_history" // the context has another text: earlier thinking left out, a date, a trimmed space
	BreakRetokenized BreakReason = "same_text_other_ids"      // the context has the same text in other ids
	BreakDiffer      BreakReason = "ids_differ"               // one of these two: which one cannot be told from the pieces that the engine returned
	BreakUnknown     BreakReason = "ids_unknown"              // a turn between was sampled, and its ids are not known
)

// String tells the break to a person.
func (b Break) String() string {
	if b.Reason == BreakUnknown {
		return fmt.Sprintf("%s of turn %d", b.Reason, b.Turn)
	}
	return fmt.Sprintf("%s at position %d, in turn %d", b.Reason, b.At, b.Turn)
}

// breaks returns why a turn with the given context does not continue s, or nil where it does.
func (r Rollout) breaks(s *Sequence, context []int32, unknown int) *Break {
	if unknown >= 0 {
		return &Break{BreakUnknown, -1, unknown}
	}
	at := 0
	for at < min(len(s.IDs), len(context)) && s.IDs[at] == context[at] {
		at++
	}
	if at == len(s.IDs) {
		return nil
	}
	b := &Break{At: at, Reason: r.spelling().compare(s.IDs[at:], context[at:])}
	for _, span := range s.Spans {
		if b.Turn = span.Turn; at < span.Stop {
			break
		}
	}
	return b
}

// spelling holds the bytes of ids, as far as the rollout's own pieces tell.
type spelling map[int32][]byte

func (r Rollout) spelling() spelling {
	known := spelling{}
	for _, t := range r.Turns {
		if t.Draw == nil || t.Draw.Tokens == nil {
			continue
		}
		ids := t.Draw.Tokens.IDs
		if e := t.Draw.Tokens.End; (e == EndInferred || e == EndScored) && len(ids) == len(t.Draw.Pieces)+1 {
			ids = ids[:len(ids)-1]
		}
		if len(ids) != len(t.Draw.Pieces) {
			continue
		}
		for i, p := range t.Draw.Pieces {
			before, seen := known[ids[i]]
			switch {
			case bytes.Contains(p.Bytes, []byte("\ufffd")): // perhaps a part of a character
				known[ids[i]] = nil
			case !seen:
				known[ids[i]] = p.Bytes
			case !bytes.Equal(before, p.Bytes):
				known[ids[i]] = nil
			}
		}
	}
	return known
}

// compare says of two runs of ids, whose first ones differ, whether the text of the new one begins
// with that of the old. An id without bytes is not known: an engine may show a special token as nothing.
func (k spelling) compare(old, new []int32) BreakReason {
	var a, b []byte // what is left of the ids in hand
	for {
		switch {
		case len(a) == 0 && len(old) == 0:
			return BreakRetokenized
		case len(b) == 0 && len(new) == 0:
			return BreakRewritten
		case len(a) == 0 && len(b) == 0 && old[0] == new[0]:
			old, new = old[1:], new[1:]
			continue
		}
		if len(a) == 0 {
			a, old = k[old[0]], old[1:]
		}
		if len(b) == 0 {
			b, new = k[new[0]], new[1:]
		}
		n := min(len(a), len(b))
		switch {
		case n == 0:
			return BreakDiffer
		case !bytes.Equal(a[:n], b[:n]):
			return BreakRewritten
		}
		a, b = a[n:], b[n:]
	}
}
