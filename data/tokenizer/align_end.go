package tokenizer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// endNames are tokens that llama.cpp takes for the end of a turn wherever a vocabulary has them
// (llama-vocab.cpp, special_eog_ids; its later versions know more names than Ollama v0.17.4's, and so
// does this list: a name too many makes an end missing, a name too few makes a wrong one).
var endNames = []string{
	"<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>",
	"<|endoftext|>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>",
	"<eos>", "<turn|>", "<|tool_response>", "<\uFF5Cend\u2581of\u2581sentence\uFF5C>", "[e~[",
	"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", // padding, repository and file marks of infilling
	"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
}

// possibleEnds returns every token that one engine or another takes for the end of a turn, sorted.
func possibleEnds(t *Tokenizer) []int32 {
	ends := t.Ends()
	has := func(name string) bool { _, ok := t.ID(name); return ok }
	for _, name := range endNames {
		// gpt-oss: <|end|> goes on, where these are known
		if name == "<|end|>" && has("<|return|>") && has("<|call|>") {
			continue
		}
		if id, ok := t.ID(name); ok {
			ends = append(ends, id)
		}
	}
	slices.Sort(ends)
	return slices.Compact(ends)
}

// PossibleEnds returns the tokens that may have ended a turn that says no more than that it ended.
func (a *Aligner) PossibleEnds() []int32 { return slices.Clone(a.ends) }

// Closers returns the tokens that may have been the last of a reply that ended with one token more than
// it has pieces, sorted: those that end a turn, and special ones that a stop string made the last.
// False: it may also have been ordinary text that is a stop string.
func (a *Aligner) Closers(stops []string) ([]int32, bool) {
	ids, only := a.PossibleEnds(), true
	for _, stop := range stops {
		if stop != "" {
			c := a.cover(stop)
			ids, only = append(ids, c.special...), only && !c.text
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), only
}

// finish decides what ended the turn, and adds the end token where it can be named. It reports
// whether the count proves that no piece is missing in between.
func (a *Aligner) finish(r Reply, cut []byte, out *Alignment) (bool, error) {
	n, told := len(r.Pieces), r.Count >= 0
	extra := r.Count - n
	wrong := func(why string) error {
		return &AlignError{Piece: -1, Pieces: n, Reason: fmt.Sprintf("the engine counted %d tokens and returned %d pieces: %s", r.Count, n, why)}
	}
	out.End = EndNone
	switch {
	case told && extra < 0:
		return false, wrong("more pieces than tokens")
	case !r.Ended && !told:
		return false, nil
	case !r.Ended && extra > 0:
		return false, wrong("a reply that was cut has as many; tokens inside an unfinished character, or behind a parser, are not returned")
	case !r.Ended:
		return true, nil
	}
	stop := a.cheapest(r.Stops, cut)
	switch {
	case cut != nil && told && extra < stop.tokens:
		return false, wrong(fmt.Sprintf("the stop string takes at least %d more", stop.tokens))
	case cut != nil:
		return told && extra == stop.tokens, nil
	case !told && len(r.Stops) > 0:
		out.End = EndMissing
		return false, nil
	case !told:
		a.appendEnd(out, false)
		return false, nil
	case extra == 0:
		return true, nil
	case extra == 1 && stop.text:
		out.End = EndMissing // or a stop string of one token
		return true, nil
	case extra == 1:
		a.appendEnd(out, len(stop.special) > 0)
		return true, nil
	case len(r.Stops) == 0 || extra < stop.tokens:
		return false, wrong("an end token is one more; tokens inside an unfinished character, or behind a parser, are not returned")
	}
	return extra == stop.tokens, nil
}

// appendEnd adds the end token, where it is known. more: a special token that is no end token may
// have ended the turn too, as a stop string.
func (a *Aligner) appendEnd(out *Alignment, more bool) {
	switch {
	case len(a.ends) == 1 && !more:
		out.IDs, out.End = append(out.IDs, a.ends[0]), EndInferred
	case slices.Contains(a.ends, a.end):
		out.IDs, out.End = append(out.IDs, a.end), EndAssumed
	default:
		out.End = EndMissing
	}
}

// cover says in how few tokens a stop string can have been sampled.
type cover struct {
	tokens  int     // at least
	text    bool    // an ordinary token is enough
	special []int32 // special tokens that are enough, one of them, and end no turn by themselves
}

// cheapest returns the cover of the stop string that needs the fewest tokens beyond the bytes that a
// piece already brought.
func (a *Aligner) cheapest(stops []string, cut []byte) cover {
	best := cover{tokens: int(^uint(0) >> 1)}
	for _, stop := range stops {
		if stop == "" {
			continue
		}
		rest := ""
		switch {
		case len(cut) >= len(stop) && strings.HasPrefix(string(cut), stop):
		case strings.HasPrefix(stop, string(cut)):
			rest = stop[len(cut):]
		default:
			continue
		}
		c := a.cover(rest)
		best.tokens, best.text = min(best.tokens, c.tokens), best.text || c.text
		best.special = append(best.special, c.special...)
	}
	return best
}

func (a *Aligner) cover(s string) cover {
	if c, ok := a.covers.Load(s); ok {
		return c.(cover)
	}
	const never = int(^uint(0) >> 2)
	var c cover
	least := make([]int, len(s)+1) // by offset: tokens for what follows
	for i := len(s) - 1; i >= 0; i-- {
		least[i] = never
		rest := []byte(s[i:])
		for _, e := range a.entries {
			if len(e.bytes) == 0 {
				continue
			}
			switch {
			case bytes.HasPrefix(e.bytes, rest):
				least[i] = 1
				switch {
				case i > 0 || slices.Contains(a.ends, e.id):
				case a.t.Special(e.id):
					c.special = append(c.special, e.id)
				default:
					c.text = true
				}
			case bytes.HasPrefix(rest, e.bytes):
				least[i] = min(least[i], 1+least[i+len(e.bytes)])
			}
		}
	}
	c.tokens = least[0]
	a.covers.Store(s, c)
	return c
}
