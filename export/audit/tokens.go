package audit

import (
	"cmp"
	"slices"

	"mulligan/data"
)

// tokens counts draws by where their ids come from.
type tokens struct{ counts map[TokenCount]*TokenCount }

func newTokens() *tokens { return &tokens{map[TokenCount]*TokenCount{}} }

func (s *tokens) add(x *exam) {
	for o := range x.own() {
		key := TokenCount{Step: o.step, Source: string(data.TokensNone), ContextSource: string(data.TokensNone), LogprobsMode: string(data.LogprobsNone)}
		n, _ := tokensIn(o.turn)
		var complete, missing bool
		if d := o.turn.Draw; d != nil {
			if t := d.Tokens; t != nil {
				key.Source, key.Exact = string(t.Source), t.Exact()
				if t.Prompt != nil {
					key.ContextSource = string(t.PromptSource)
				}
				n, complete, missing = len(t.IDs), t.Complete(), t.End == data.EndMissing
			}
			if d.LogprobsMode != "" && (d.Pieces != nil || d.Tokens != nil && d.Tokens.Logprobs != nil) {
				key.LogprobsMode = string(d.LogprobsMode)
			}
		}
		c := s.counts[key]
		if c == nil {
			copied := key
			c = &copied
			s.counts[key] = c
		}
		c.Draws++
		c.Tokens += n
		c.Complete += one(complete)
		c.EndMissing += one(missing)
		if o.turn.Train {
			c.Trained += n
		}
	}
}

func (s *tokens) report(r *Report) {
	r.Tokens = []TokenCount{}
	for _, c := range s.counts {
		r.Tokens = append(r.Tokens, *c)
	}
	place := func(step string) int {
		if i := slices.Index(steps, step); i >= 0 {
			return i
		}
		return len(steps)
	}
	slices.SortFunc(r.Tokens, func(a, b TokenCount) int {
		return cmp.Or(cmp.Compare(place(a.Step), place(b.Step)), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Source, b.Source),
			cmp.Compare(a.ContextSource, b.ContextSource), cmp.Compare(a.LogprobsMode, b.LogprobsMode))
	})
}
