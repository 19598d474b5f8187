package pipeline

import (
	"fmt"
	"slices"

	"mulligan/data"
	"mulligan/pipeline/journal"
	"mulligan/stages/llm"
)

// playVersion is the first byte of a finished prompt's body.
const playVersion = 1

// How the message of a turn is found again.
const (
	turnPrompt  = iota // the prompt's message of the same index
	turnDraw           // a draw, by its place in the journal
	turnFailure        // the failed attempt that came with the prompt
	turnText           // written out
)

// play is a finished prompt as the journal holds it: its groups by reference, and what they count.
type play struct {
	Prompt journal.Ref // the record of the prompt
	Policy journal.Ref // the record of the session that finished it
	Tally  Tally
	groups []byte // decoded on demand
}

// encodePlay writes groups; refs tells where each of their draws lies.
func encodePlay(p play, groups []data.Group, refs map[data.Digest]journal.Ref) ([]byte, error) {
	e := &encoder{b: make([]byte, 0, 1024)}
	e.raw([]byte{playVersion})
	e.uint(uint64(p.Prompt))
	e.uint(uint64(p.Policy))
	e.tally(p.Tally)
	e.uint(uint64(len(groups)))
	for _, g := range groups {
		e.text(g.Strategy)
		e.text(g.Arm)
		e.int(int64(g.Index))
		e.text(g.Advantage)
		e.bool(g.NoSignal)
		e.text(g.Filtered)
		e.uint(uint64(g.Context))
		if err := e.turns(g, g.Rollouts[0].Turns, 0, g.Context, refs); err != nil {
			return nil, err
		}
		e.uint(uint64(len(g.Rollouts)))
		for _, r := range g.Rollouts {
			e.optFloat(r.Reward)
			e.optFloat(r.Advantage)
			e.text(r.Excluded)
			e.uint(uint64(len(r.Turns)))
			if err := e.turns(g, r.Turns, g.Context, len(r.Turns), refs); err != nil {
				return nil, err
			}
		}
	}
	return e.b, nil
}

func (e *encoder) turns(g data.Group, turns []data.Turn, from, to int, refs map[data.Digest]journal.Ref) error {
	for i := from; i < to; i++ {
		t := turns[i]
		e.text(t.Step)
		e.bool(t.Sampled)
		e.bool(t.Train)
		e.optBool(t.Leak)
		e.bool(t.Verdict != nil)
		if v := t.Verdict; v != nil {
			e.bool(v.Pass)
			e.float(v.Score)
			e.text(v.Parsed)
			e.text(v.Feedback)
			e.text(v.Reason)
		}
		switch {
		case t.Draw != nil:
			ref, ok := refs[t.Draw.Key]
			if !ok {
				return fmt.Errorf("turn %d (%s): its draw %s is not recorded", i, t.Step, t.Draw.Key.Short())
			}
			e.raw([]byte{turnDraw})
			e.uint(uint64(ref))
		case i < len(g.Prompt.Messages):
			e.raw([]byte{turnPrompt})
		case g.Prompt.Failure != nil && t.Message.Equal(g.Prompt.Failure.Message):
			e.raw([]byte{turnFailure})
		default:
			e.raw([]byte{turnText})
			e.message(t.Message)
		}
	}
	return nil
}

func decodePlay(body []byte) (play, error) {
	d := &decoder{b: body}
	if v := d.byte(); v != playVersion {
		return play{}, fmt.Errorf("finished prompt of version %d: want %d", v, playVersion)
	}
	p := play{Prompt: journal.Ref(d.uint()), Policy: journal.Ref(d.uint()), Tally: d.tally()}
	p.groups = d.b
	return p, d.err
}

// load rebuilds the groups. draw reads a draw from its place in the journal. Without a prompt, what
// would come from it stays empty.
func (p play) load(prompt *data.Prompt, policy data.Policy, draw func(journal.Ref) (llm.Completion, error)) ([]data.Group, error) {
	l := loader{decoder: decoder{b: p.groups}, prompt: prompt, draw: draw}
	var of data.Prompt
	if prompt != nil {
		of = *prompt
	}
	groups := make([]data.Group, l.count())
	for i := range groups {
		g := &groups[i]
		*g = data.Group{Prompt: of, Strategy: l.text(), Arm: l.text(), Index: int(l.int()),
			Advantage: l.text(), NoSignal: l.bool(), Filtered: l.text(), Context: int(l.uint())}
		if g.Context > len(l.b) {
			l.fail(errShort)
			break
		}
		shared := l.turns(nil, g.Context)
		g.Rollouts = make([]data.Rollout, l.count())
		for j := range g.Rollouts {
			r := &g.Rollouts[j]
			*r = data.Rollout{Policy: policy, Reward: l.optFloat(), Advantage: l.optFloat(), Excluded: l.text()}
			n := int(l.uint())
			if n < g.Context || n > g.Context+len(l.b) {
				l.fail(errShort)
				break
			}
			r.Turns = l.turns(shared, n)
		}
	}
	return groups, l.end()
}

// draws returns where the draws of the play lie, each once.
func (p play) draws() ([]journal.Ref, error) {
	var refs []journal.Ref
	_, err := p.load(nil, data.Policy{}, func(ref journal.Ref) (llm.Completion, error) {
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
		return llm.Completion{}, nil
	})
	return refs, err
}

type loader struct {
	decoder
	prompt *data.Prompt // nil: what would come from it stays empty
	draw   func(journal.Ref) (llm.Completion, error)
}

func (l *loader) turns(before []data.Turn, n int) []data.Turn {
	turns := append(make([]data.Turn, 0, n), before...)
	for len(turns) < n && l.err == nil {
		turns = append(turns, l.turn(len(turns)))
	}
	return turns
}

func (l *loader) turn(i int) data.Turn {
	t := data.Turn{Step: l.text(), Sampled: l.bool(), Train: l.bool(), Leak: l.optBool()}
	if l.bool() {
		t.Verdict = &data.Verdict{Pass: l.bool(), Score: l.float(), Parsed: l.text(), Feedback: l.text(), Reason: l.text()}
	}
	switch kind := l.byte(); {
	case l.err != nil:
	case kind == turnDraw:
		c, err := l.draw(journal.Ref(l.uint()))
		if err != nil {
			l.fail(err)
			return t
		}
		t.Message, t.Draw = c.Message, &c.Draw
	case l.prompt == nil && (kind == turnPrompt || kind == turnFailure):
	case kind == turnPrompt && l.prompt != nil && i < len(l.prompt.Messages):
		t.Message = l.prompt.Messages[i]
	case kind == turnFailure && l.prompt != nil && l.prompt.Failure != nil:
		t.Message = l.prompt.Failure.Message
	case kind == turnText:
		t.Message = l.message()
	default:
		l.fail(fmt.Errorf("turn %d: its message is of kind %d, which this prompt does not have", i, kind))
	}
	return t
}
