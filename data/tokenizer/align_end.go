package tokenizer

import (
	"slices"
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
// False: it may also have been ordinary text that is a stop string, or holds one.
func (a *Aligner) Closers(stops []string) ([]int32, bool) {
	ids, only := a.PossibleEnds(), true
	for _, stop := range stops {
		c := a.cover(stop)
		ids, only = append(ids, c.special...), only && !c.text && !c.inside
	}
	slices.Sort(ids)
	return slices.Compact(ids), only
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
