// Package audittest holds a small data set as a run makes it, to audit: products, which a policy that is written down here gets
// right or wrong. Its verdicts, leaks and advantages are those of the real code, so that an audit finds nothing wrong.
package audittest

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"

	"mulligan/data"
	"mulligan/export"
	"mulligan/export/exporttest"
	"mulligan/reward"
)

// Arithmetic makes groups. Every token is a word, and its id a hash of it.
type Arithmetic struct {
	Tasks   int
	From    int // number of the first task
	Control int // retries without a reflection
	Policy  data.Policy
	Skill   uint32 // first attempts of 100 that pass
	Seed    string // of all that is left to chance
}

// Usual is the data set of docs/audit.md.
func Usual() Arithmetic {
	return Arithmetic{Tasks: 12, Control: 2, Policy: exporttest.Policy, Skill: 45, Seed: "a"}
}

// dice is the same number from 0 to 99 for the same place.
func (a Arithmetic) dice(place ...any) uint32 {
	h := fnv.New32a()
	fmt.Fprint(h, a.Seed, place)
	x := h.Sum32()
	x ^= x >> 16
	x *= 0x7feb352d
	x ^= x >> 15
	return x % 100
}

func (a Arithmetic) prompt(i int) data.Prompt {
	x, y := 3+i%7, 4+i%5
	source, level := "products/small", `"easy"`
	if i%3 == 2 {
		source, level, x, y = "products/large", `"hard"`, 13+i, 17+2*i
	}
	return data.Prompt{
		Source:   source,
		Messages: []data.Message{{Role: data.RoleSystem, Content: "Answer with a number."}, {Role: data.RoleUser, Content: fmt.Sprintf("Task %d: what is %d times %d?", i, x, y)}},
		Answer:   json.RawMessage(fmt.Sprintf(`{"value":"%d"}`, x*y)),
		Meta:     map[string]json.RawMessage{"difficulty": json.RawMessage(level)},
	}
}

func truth(p data.Prompt) string {
	var answer struct{ Value string }
	json.Unmarshal(p.Answer, &answer)
	return answer.Value
}

// Verifier is the one that judged.
func Verifier() reward.Verifier {
	v, err := reward.NewNumber(reward.NumberOptions{})
	if err != nil {
		panic(err)
	}
	return v
}

func ids(text string) []int32 {
	all := []int32{}
	for _, w := range strings.SplitAfter(text, " ") {
		h := fnv.New32a()
		h.Write([]byte(w))
		all = append(all, int32(h.Sum32()%32000))
	}
	return all
}

// transcript grows a conversation and its ids.
type transcript struct {
	turns []data.Turn
	ids   []int32
}

func (t transcript) ask(step, role, text string) transcript {
	t.turns = append(t.turns[:len(t.turns):len(t.turns)], data.Turn{Message: data.Message{Role: role, Content: text}, Step: step})
	t.ids = append(t.ids[:len(t.ids):len(t.ids)], append(ids("<"+role+">"), ids(text)...)...)
	return t
}

func (t transcript) say(step, text string, v *data.Verdict, path ...int) transcript {
	own := append(ids(text), 2) // the end token
	logprobs := make([]float32, len(own))
	pieces := strings.SplitAfter(text, " ")
	draw := &data.Draw{Path: path, Seed: int64(len(t.ids)), Sampling: exporttest.Sampling, Stop: data.StopEnd, LogprobsMode: data.LogprobsRaw, Tries: 1}
	for i := range logprobs {
		logprobs[i] = -0.125 * float32(own[i]%16)
	}
	for i, p := range pieces {
		draw.Pieces = append(draw.Pieces, data.Piece{Bytes: []byte(p), Logprob: logprobs[i]})
	}
	n, m := len(t.ids), len(own)
	draw.PromptTokens, draw.CompletionTokens = &n, &m
	draw.Tokens = &data.Tokens{Prompt: t.ids, PromptSource: data.TokensEngine, IDs: own, Logprobs: logprobs, Source: data.TokensEngine, End: data.EndReturned}
	if strings.HasSuffix(text, "and then") {
		draw.Stop = data.StopLength
	}
	t.turns = append(t.turns[:len(t.turns):len(t.turns)], data.Turn{Message: data.Message{Role: data.RoleAssistant, Content: text}, Step: step, Sampled: true, Draw: draw, Verdict: v})
	t.ids = append(t.ids[:len(t.ids):len(t.ids)], own...)
	return t
}

func (a Arithmetic) answer(p data.Prompt, pass bool, place ...any) (string, *data.Verdict) {
	text := "The answer is " + truth(p) + "."
	if !pass {
		text = fmt.Sprintf("I think it is %s%d.", truth(p), a.dice("wrong", place))
	}
	v, err := Verifier().Verify(context.Background(), p, text)
	if err != nil {
		panic(err)
	}
	return text, &v
}

var reflections = []string{
	"I multiplied too fast and lost a carry.", "I should write the product in steps: tens first, ones after.",
	"My last digit cannot be right, because I added where I should have multiplied two numbers.", "I was careless.",
}

// Groups returns the groups of all prompts, in order.
func (a Arithmetic) Groups() []data.Group {
	var all []data.Group
	for i := a.From; i < a.From+a.Tasks; i++ {
		all = append(all, a.Group(i)...)
	}
	return all
}

// Group returns the groups of task i.
func (a Arithmetic) Group(i int) []data.Group {
	p := a.prompt(i)
	t := transcript{}.ask(data.StepPrompt, data.RoleSystem, p.Messages[0].Content).ask(data.StepPrompt, data.RoleUser, p.Messages[1].Content)
	attempts := data.Group{Prompt: p, Strategy: "reflect_retry", Arm: data.ArmAttempts, Context: 2}
	var failed *transcript
	for k := 0; k < 2 && failed == nil; k++ {
		text, v := a.answer(p, a.dice("attempt", i, k) < a.Skill, i, k)
		played := t.say(data.StepAttempt, text, v, k)
		attempts.Rollouts = append(attempts.Rollouts, data.Rollout{Policy: a.Policy, Turns: played.turns})
		if !v.Pass {
			failed = &played
		}
	}
	groups := []data.Group{attempts}
	if failed == nil {
		return groups
	}
	groups = append(groups, a.reflected(i, p, failed.ask(data.StepReflect, data.RoleUser, "That is wrong. Say in one sentence what went wrong.")))
	if a.Control == 0 {
		return groups
	}
	again := failed.ask(data.StepQuestion, data.RoleUser, "That is wrong. Answer again.")
	control := data.Group{Prompt: p, Strategy: "reflect_retry", Arm: data.ArmControl, Context: len(again.turns)}
	for k := range a.Control {
		text, v := a.answer(p, a.dice("control", i, k) < 20, i, k)
		control.Rollouts = append(control.Rollouts, data.Rollout{Policy: a.Policy, Turns: again.say(data.StepRetry, text, v, 0, -1, k).turns})
	}
	return append(groups, control)
}

func (a Arithmetic) reflected(i int, p data.Prompt, t transcript) data.Group {
	g := data.Group{Prompt: p, Strategy: "reflect_retry", Arm: data.ArmReflection, Context: len(t.turns), Advantage: reward.AdvantagePopulation}
	var rewards []float64
	for k := range 4 {
		text := reflections[int(a.dice("text", i, k))%len(reflections)]
		switch {
		case i == 4 && k == 1:
			text = "It is " + truth(p) + " of course."
		case i == 7 && k == 2:
			text = "I think that I went too fast and then"
		case i == 10 && k == 0:
			text = "Ich habe zu schnell gerechnet und den Übertrag vergessen, das war der Fehler."
		}
		r := t.say(data.StepReflection, text, nil, 0, k)
		leak, err := Verifier().(reward.Leaker).Leaks(context.Background(), p, text)
		if err != nil {
			panic(err)
		}
		r.turns[len(r.turns)-1].Leak = &leak
		answer, v := a.answer(p, a.dice("retry", i, k) < 55, i, k, "retry")
		full := r.ask(data.StepQuestion, data.RoleUser, "Now answer again.").say(data.StepRetry, answer, v, 0, k, 0)
		out := data.Rollout{Policy: a.Policy, Turns: append([]data.Turn{}, full.turns...)}
		earned := v.Score
		out.Reward = &earned
		if out.Turns[len(t.turns)].Draw.Truncated() {
			out.Excluded = "truncated"
		} else {
			out.Turns[len(t.turns)].Train = true
			rewards = append(rewards, earned)
		}
		g.Rollouts = append(g.Rollouts, out)
	}
	adv, noSignal, err := reward.Advantages(g.Advantage, rewards)
	if err != nil {
		panic(err)
	}
	g.NoSignal = noSignal
	for k, next := 0, 0; k < len(g.Rollouts); k++ {
		if g.Rollouts[k].Excluded == "" {
			g.Rollouts[k].Advantage = &adv[next]
			next++
		}
	}
	return g
}

// Info says of it what an export wants to know.
var Info = export.Info{Run: "0a1b2c3d4e5f", Dataset: "products", Verifier: "number", VerifierVersion: 1, VerifierOptions: `{"tolerance":0}`, LogprobsMode: "raw",
	Strategy: "reflect_retry", Reward: "binary"}
