// Package exporttest holds groups to export: a fixture with all that is hard to keep apart in a
// file, and a generator of random valid ones. readback.py reads an export with the readers that
// its users have, and compares every value.
package exporttest

import (
	"encoding/json"
	"iter"
	"time"

	"mulligan/data"
)

// Policy is who wrote the fixtures.
var Policy = data.Policy{
	Model:          "tiny:1b",
	Revision:       "sha256:0f0f",
	Quantization:   "Q4_K_M",
	TemplateDigest: "ab12",
	Server:         "script",
	ServerVersion:  "0.1",
}

// Sampling is how they were drawn. Its zeros are values.
var Sampling = data.Sampling{Temperature: 1, TopP: 1, MaxTokens: 64, Context: 2048, RepeatPenalty: 1}

// All yields groups as an export takes them.
func All(groups []data.Group) iter.Seq2[data.Group, error] {
	return func(yield func(data.Group, error) bool) {
		for _, g := range groups {
			if !yield(g, nil) {
				return
			}
		}
	}
}

// Groups returns the fixture: five prompts with what is hard to keep apart in a file. It is made
// anew in each call.
func Groups() []data.Group {
	var all []data.Group
	all = append(all, plain()...)
	all = append(all, hostile()...)
	all = append(all, given()...)
	all = append(all, tokens()...)
	return append(all, filtered()...)
}

// plain is the usual case: two attempts, one kept failure, two reflections of which one helps, a control.
func plain() []data.Group {
	p := data.Prompt{
		Source:   "fixture/train",
		Messages: []data.Message{{Role: "system", Content: "Answer with a number."}, {Role: "user", Content: "What is 6 times 7?"}},
		Answer:   json.RawMessage(`{"value":"42"}`),
		Meta:     map[string]json.RawMessage{"z": json.RawMessage(`0`), "a": json.RawMessage(`"<&>"`)},
	}
	failed := Attempt("41", []int{0}, Judged(false, 0, "41"))
	reflect := func(text string, k int, pass bool) data.Rollout {
		r := Retried(p, failed, text, k, pass)
		r.Turns[4].Leak = ptr(false)
		return r
	}
	group := Reflection(p, 0, reflect("I multiplied wrongly.", 0, true), reflect("6 and 7 are small.", 1, false))
	group.Advantage, group.Rollouts[0].Advantage, group.Rollouts[1].Advantage = "population", ptr(1.0), ptr(-1.0)
	return []data.Group{
		Attempts(p, failed, Attempt("42", []int{1}, Judged(true, 1, "42"))),
		group,
		Control(p, 0, Again(p, failed, 0, false), Again(p, failed, 1, true)),
	}
}

// hostile has empty texts, zeros, NUL bytes, split characters, other scripts, a cut reflection and a
// leak; its group is without signal.
func hostile() []data.Group {
	p := data.Prompt{
		Source:   "fixture/train",
		Messages: []data.Message{{Role: "user", Content: "日本語 — \u0000 \u2028 \"quotes\" 🙂 \r\n\tend"}},
		Answer:   json.RawMessage(`null`),
		Meta:     map[string]json.RawMessage{},
	}
	failed := Attempt("", []int{0}, &data.Verdict{Feedback: "nothing there", Reason: "no answer"})
	failed.Draw.Pieces, failed.Draw.PromptTokens, failed.Draw.CompletionTokens = []data.Piece{}, ptr(0), ptr(0)
	cut := Retried(p, failed, "I should", 0, false)
	cut.Turns[3].Draw.Stop, cut.Turns[3].Train, cut.Excluded = data.StopLength, false, "truncated"
	leak := Retried(p, failed, "The answer is \x00.", 1, false)
	leak.Turns[3].Leak = ptr(true)
	leak.Turns[3].Draw.Pieces = []data.Piece{{Bytes: []byte{}, Logprob: 0}, {Bytes: []byte{0}, Logprob: -0.5}, {Bytes: []byte("\ufffd"), Logprob: -12.25}}
	leak.Turns[3].Draw.Sampling.Stop = []string{"", "###"}
	plain := Retried(p, failed, "é", 2, false)
	group := Reflection(p, 0, cut, leak, plain)
	group.Advantage, group.NoSignal = "mean_only", true
	group.Rollouts[1].Advantage, group.Rollouts[2].Advantage = ptr(0.0), ptr(0.0)
	return []data.Group{Attempts(p, failed), group}
}

// given starts from a failure of an earlier run and another model, and has tools that the engine parses.
func given() []data.Group {
	call := data.ToolCall{Name: "weather", Arguments: json.RawMessage(`{"city":"Zürich","days":0}`)}
	p := data.Prompt{
		Source:   "fixture/tools",
		Messages: []data.Message{{Role: "user", Content: "Weather in Zurich?"}},
		Tools:    []data.Tool{{Name: "weather", Description: "Tells the weather", Parameters: json.RawMessage(`{"type":"object"}`)}},
		Answer:   json.RawMessage(`[{"name":"weather","arguments":{"city":"Zurich"}}]`),
		Failure: &data.Failure{
			Message:  data.Message{Role: "assistant", ToolCalls: []data.ToolCall{call}},
			Policy:   data.Policy{Model: "older:7b"},
			Sampling: data.Sampling{Temperature: 0.5, TopP: 1, RepeatPenalty: 1, Think: "low"},
			Draws:    8, Passes: 3, Reason: "city differs",
		},
	}
	failed := data.Turn{Message: p.Failure.Message, Step: data.StepAttempt}
	r := Retried(p, failed, "The city was misspelt.", 0, true)
	r.Turns[3].Thinking = "They wrote Zurich."
	return []data.Group{Reflection(p, 0, r)}
}

// tokens has ids of every source, with log-probabilities that are known of all, some and no
// tokens, where a context extends what came before it and where it does not.
func tokens() []data.Group {
	p := data.Prompt{Messages: []data.Message{{Role: "user", Content: "2+2"}}}
	failed := Attempt("5", []int{0}, Judged(false, 0, "5"))
	failed.Draw.LogprobsMode = data.LogprobsRaw
	failed.Draw.Tokens = &data.Tokens{Prompt: []int32{1, 2}, PromptSource: data.TokensEngine, IDs: []int32{5}, Logprobs: []float32{-0.25}, Source: data.TokensEngine, End: data.EndMissing}
	r := Retried(p, failed, "No.", 0, true)
	r.Turns[3].Draw.LogprobsMode = data.LogprobsRaw
	r.Turns[3].Draw.Tokens = &data.Tokens{
		Prompt: []int32{1, 2, 5, 9}, PromptSource: data.TokensRendered, IDs: []int32{0, 6, 7}, Logprobs: []float32{-1, 0, data.Unknown()},
		Source: data.TokensAligned, End: data.EndInferred, Vocabulary: "c0ffee",
	}
	r.Turns[3].Draw.Pieces = []data.Piece{{Bytes: []byte("N"), Logprob: -1}, {Bytes: []byte("o."), Logprob: 0}}
	r.Turns[5].Draw.Tokens = &data.Tokens{Prompt: []int32{1, 2, 5, 9, 0, 8}, PromptSource: data.TokensRetokenized, IDs: []int32{4, 0}, Source: data.TokensRetokenized, End: data.EndNone}
	r.Advantage = ptr(0.0)
	g := Reflection(p, 0, r)
	g.Advantage, g.NoSignal = "population", true
	return []data.Group{Attempts(p, failed), g}
}

// filtered has failures that were not reflected on.
func filtered() []data.Group {
	p := data.Prompt{Messages: []data.Message{{Role: "user", Content: "Prove it."}}, Answer: json.RawMessage(`""`)}
	g := Attempts(p, Attempt("no", []int{0}, Judged(false, 0, "")), Attempt("no!", []int{1}, Judged(false, 0.5, "")))
	g.Filtered = "pass rate 0 below 0.1"
	return []data.Group{g}
}

// Judged is a verdict with a score of its own.
func Judged(pass bool, score float64, parsed string) *data.Verdict {
	return &data.Verdict{Pass: pass, Score: score, Parsed: parsed}
}

// Attempt is a sampled answer.
func Attempt(text string, path []int, v *data.Verdict) data.Turn {
	return data.Turn{
		Message: data.Message{Role: data.RoleAssistant, Content: text},
		Step:    data.StepAttempt,
		Sampled: true,
		Draw:    drawn(path),
		Verdict: v,
	}
}

func drawn(path []int) *data.Draw {
	return &data.Draw{
		Path: path, Seed: int64(7 * len(path)), Sampling: Sampling, Stop: data.StopEnd, Tries: 1,
		Started: time.Date(2030, 1, 2, 3, 4, 5, 6789, time.UTC), Duration: 1500 * time.Millisecond,
	}
}

// Attempts is the group of a prompt's first attempts.
func Attempts(p data.Prompt, attempts ...data.Turn) data.Group {
	g := data.Group{Prompt: p, Strategy: "reflect_retry", Arm: data.ArmAttempts, Context: len(p.Messages)}
	for _, a := range attempts {
		g.Rollouts = append(g.Rollouts, data.Rollout{Policy: Policy, Turns: append(asked(p), a)})
	}
	return g
}

// Reflection is the group of the rollouts from one failed attempt.
func Reflection(p data.Prompt, index int, rollouts ...data.Rollout) data.Group {
	return data.Group{Prompt: p, Strategy: "reflect_retry", Arm: data.ArmReflection, Index: index, Context: len(p.Messages) + 2, Rollouts: rollouts}
}

// Control is the group of the retries without a reflection.
func Control(p data.Prompt, index int, rollouts ...data.Rollout) data.Group {
	g := Reflection(p, index, rollouts...)
	g.Arm, g.Context = data.ArmControl, len(p.Messages)+1
	return g
}

func asked(p data.Prompt) []data.Turn {
	var turns []data.Turn
	for _, m := range p.Messages {
		turns = append(turns, data.Turn{Message: m, Step: data.StepPrompt})
	}
	return turns
}

// Retried is a rollout with a reflection that trains and a retry that passes or not.
func Retried(p data.Prompt, failed data.Turn, reflection string, k int, pass bool) data.Rollout {
	reward := 0.0
	if pass {
		reward = 1
	}
	turns := append(asked(p), failed,
		data.Turn{Message: data.Message{Role: data.RoleUser, Content: "That was wrong. Reflect."}, Step: data.StepReflect},
		data.Turn{Message: data.Message{Role: data.RoleAssistant, Content: reflection}, Step: data.StepReflection, Sampled: true, Train: true, Draw: drawn([]int{0, k})},
		data.Turn{Message: data.Message{Role: data.RoleUser, Content: "Again:"}, Step: data.StepQuestion},
		retry(k, pass, []int{0, k, 0}),
	)
	return data.Rollout{Policy: Policy, Turns: turns, Reward: &reward}
}

// Again is a rollout with a retry that follows the failed attempt without a reflection.
func Again(p data.Prompt, failed data.Turn, k int, pass bool) data.Rollout {
	turns := append(asked(p), failed,
		data.Turn{Message: data.Message{Role: data.RoleUser, Content: "Again:"}, Step: data.StepQuestion},
		retry(k, pass, []int{0, -1, k}),
	)
	return data.Rollout{Policy: Policy, Turns: turns}
}

func retry(k int, pass bool, path []int) data.Turn {
	score := 0.0
	if pass {
		score = 1
	}
	t := Attempt("retry", path, Judged(pass, score, "retry"))
	t.Step = data.StepRetry
	return t
}

func ptr[T any](v T) *T { return &v }
