package data

import (
	"strings"
	"testing"
)

// Rollouts of one group must have been drawn from the same ids: a template that changed between two
// draws makes rewards of two contexts.
func TestGroupOfTwoContexts(t *testing.T) {
	p := Prompt{Messages: []Message{{Role: RoleUser, Content: "2+2"}}}
	rollout := func(source TokenSource, prompt ...int32) Rollout {
		return Rollout{Turns: []Turn{
			{Message: p.Messages[0], Step: StepPrompt},
			{Message: Message{Role: RoleAssistant, Content: "4"}, Step: StepAttempt, Sampled: true,
				Draw: &Draw{Tokens: &Tokens{Prompt: prompt, PromptSource: source, IDs: []int32{4}, Source: TokensEngine}}},
		}}
	}
	g := Group{Prompt: p, Arm: ArmAttempts, Context: 1, Rollouts: []Rollout{rollout(TokensRendered, 1, 2, 3), rollout(TokensEngine, 1, 2, 3)}}
	if err := g.Check(); err != nil {
		t.Errorf("the same ids: %v", err)
	}
	g.Rollouts[1] = rollout(TokensEngine, 1, 2, 7, 3)
	if err := g.Check(); err == nil || !strings.Contains(err.Error(), "contexts of 3 and 4 ids part at 2") {
		t.Errorf("other ids: %v", err)
	}
	g.Rollouts[1] = rollout(TokensRetokenized, 1, 2, 7, 3)
	if err := g.Check(); err != nil {
		t.Errorf("ids that may be wrong prove nothing: %v", err)
	}
}
