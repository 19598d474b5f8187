package rewardtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"mulligan/reward"
)

// garbage is what a small model says when it says nothing.
var garbage = []string{
	"", " ", "\n\n\n", "\x00", "\xff\xfe\x80", "I do not know.", "<answer></answer>", "<answer> </answer>",
	"<answer>", "</answer>", "</answer><answer>", "<answer><answer></answer></answer>", "<answer>()</answer>",
	"<answer>)(</answer>", "<answer>+</answer>", "<answer>?</answer>", "[", "]", "[]]", "{", "}", "{]", "[{}]",
	"[null]", "[[]]", "```", "```json\n```", "```json\n{\"name\":", "<tool_call>", "<tool_call></tool_call>",
	"<think>", "NaN", "-", "()", "f(", "f(=)", "\"", "'", "\\", "\u202e\ufeff", strings.Repeat("🙂", 50),
}

// verdicts checks promises 1 to 4.
func (c *checker) verdicts(ctx context.Context) {
	for i, cs := range c.cases {
		for _, gold := range cs.Gold {
			switch v, err := c.v.Verify(ctx, cs.Prompt, gold); {
			case err != nil:
				c.fail(1, i, gold, err)
			case !v.Pass || v.Score != 1:
				c.fail(1, i, gold, fmt.Errorf("pass %t with score %g, want true with 1: %s", v.Pass, v.Score, v.Reason))
			}
		}
		for j, other := range c.cases {
			if i == j || bytes.Equal(cs.Prompt.Answer, other.Prompt.Answer) || cs.Abstain {
				continue
			}
			for _, gold := range other.Gold {
				c.wrong(ctx, 2, i, gold)
			}
		}
		for _, reply := range cs.Wrong {
			c.wrong(ctx, 3, i, reply)
		}
		for _, reply := range garbage {
			c.wrong(ctx, 3, i, reply)
		}
	}
}

// wrong checks that a reply is a verdict that does not pass, and that its feedback tells nothing.
func (c *checker) wrong(ctx context.Context, promise, i int, reply string) {
	cs := c.cases[i]
	v, err := c.v.Verify(ctx, cs.Prompt, reply)
	if err != nil {
		c.fail(promise, i, reply, fmt.Errorf("an error, want a verdict: %w", err))
		return
	}
	if v.Pass && cs.Abstain && promise == 3 && !contains(cs.Wrong, reply) {
		return
	}
	if v.Pass || v.Score >= 1 || math.IsNaN(v.Score) || math.IsInf(v.Score, 0) {
		c.fail(promise, i, reply, fmt.Errorf("pass %t with score %g, want false with less than 1", v.Pass, v.Score))
	}
	c.feedback(ctx, i, reply, v)
}

func (c *checker) feedback(ctx context.Context, i int, reply string, v reward.Verdict) {
	cs := c.cases[i]
	for _, secrets := range [][]string{cs.Secrets, cs.Gold, {string(cs.Prompt.Answer)}} {
		for _, s := range secrets {
			if s != "" && strings.Contains(v.Feedback, s) {
				c.fail(4, i, reply, fmt.Errorf("feedback %q contains the secret %q", v.Feedback, s))
			}
		}
	}
	if l, ok := c.v.(reward.Leaker); ok && v.Feedback != "" && !cs.Abstain {
		if leaks, err := l.Leaks(ctx, cs.Prompt, v.Feedback); err != nil || leaks {
			c.fail(4, i, reply, fmt.Errorf("feedback %q leaks: %t, error: %v", v.Feedback, leaks, err))
		}
	}
}

// badTruths have no shape that any verifier that looks at its ground truth can use.
var badTruths = []json.RawMessage{nil, {}, []byte(`null`), []byte(`{}`), []byte(`[]`), []byte(`7`), []byte(`"text"`),
	[]byte(`true`), []byte(`{"unrelated":1}`), []byte(`{"`), []byte(`[[[[`)}

// truths checks promise 5.
func (c *checker) truths(ctx context.Context) {
	t, ok := c.v.(reward.TruthChecker)
	if !ok {
		return
	}
	for i, cs := range c.cases {
		if err := t.CheckTruth(cs.Prompt); err != nil {
			c.fail(5, i, "", fmt.Errorf("check truth: %w", err))
		}
		reply := "x"
		if len(cs.Gold) > 0 {
			reply = cs.Gold[0]
		}
		for _, bad := range append(append([]json.RawMessage(nil), badTruths...), cs.BadTruths...) {
			p := cs.Prompt
			p.Answer = bad
			if err := t.CheckTruth(p); err == nil {
				c.fail(5, i, "", fmt.Errorf("check truth accepts the ground truth %q", bad))
			}
			for _, r := range []string{reply, ""} {
				if v, err := c.v.Verify(ctx, p, r); err == nil {
					c.fail(5, i, r, fmt.Errorf("ground truth %q gives a verdict (pass %t), want an error", bad, v.Pass))
				}
			}
		}
	}
}

// leaks checks promise 9.
func (c *checker) leaks(ctx context.Context) {
	l, ok := c.v.(reward.Leaker)
	if !ok {
		return
	}
	seen := 0
	for i, cs := range c.cases {
		var question strings.Builder
		for _, m := range cs.Prompt.Messages {
			question.WriteString(m.Content + "\n")
		}
		check := func(text string, want bool) {
			if got, err := l.Leaks(ctx, cs.Prompt, text); err != nil {
				c.fail(9, i, text, err)
			} else if got != want {
				c.fail(9, i, text, fmt.Errorf("leaks: %t, want %t", got, want))
			}
		}
		for _, text := range cs.Leaks {
			check(text, true)
			seen++
		}
		for _, text := range append([]string{"", question.String()}, cs.Clean...) {
			if !cs.Abstain || contains(cs.Clean, text) {
				check(text, false)
			}
		}
	}
	if seen == 0 {
		c.fail(9, 0, "", errors.New("the verifier tells leaks, but no case has a text that leaks"))
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
