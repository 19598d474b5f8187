// Package rewardtest holds the promises that every verifier keeps, as one call for its tests.
package rewardtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"mulligan/data"
	"mulligan/reward"
)

// Case is one prompt and what is known about replies to it.
type Case struct {
	Prompt data.Prompt
	Gold   []string // replies that pass with score 1; at least one, unless Abstain
	Wrong  []string // replies that are verdicts and do not pass

	// Abstain says that a reply that answers nothing is right here (no call is wanted, say), so
	// that garbage may pass.
	Abstain bool

	// Secrets are texts of the ground truth that no feedback on a failing reply may contain. The
	// gold replies and the compact Prompt.Answer always count as secrets.
	Secrets []string

	BadTruths []json.RawMessage // ground truths that must be refused, besides those of every verifier

	// Leaks are texts that contain a right answer, Clean are texts that contain none. They are
	// for verifiers that are a reward.Leaker.
	Leaks []string
	Clean []string
}

// Check returns the promises that v breaks on the cases, joined, ten times each at most; nil if there
// is none. No gold
// reply of a case may be right for another case, unless their ground truths are equal.
//
//  1. A gold reply passes with score 1. Anything else that passes is a defect of the case or of v.
//  2. The gold reply of another prompt does not pass.
//  3. An empty, wrong or garbled reply is a verdict with a score under 1, never an error.
//  4. Feedback on a failing reply contains no secret and does not leak.
//  5. A ground truth that is missing or has the wrong shape is an error of Verify and of
//     CheckTruth; that of each case is none. (Only for a reward.TruthChecker.)
//  6. The same prompt and reply give the same verdict, from 8 goroutines too, and the prompt is as
//     it was.
//  7. When the context has ended, the answer is an error that wraps the context's cause.
//  8. A reply of 1 MB, 10,000 levels of nesting or exponents that would fill memory end in bounded
//     time and memory, with a verdict or an error, and do not pass.
//  9. Leaks tells Leaks from Clean, and neither the question nor an empty text leaks. (Only for a
//     reward.Leaker.)
func Check(v reward.Verifier, cases []Case) error {
	if len(cases) < 2 {
		return fmt.Errorf("check verifier: %d cases, want at least 2", len(cases))
	}
	c := &checker{v: v, cases: cases, ids: make([]data.Digest, len(cases)), count: map[int]int{}}
	for i, cs := range cases {
		if err := cs.Prompt.Check(); err != nil {
			return fmt.Errorf("check verifier: prompt of case %d: %w", i, err)
		}
		if len(cs.Gold) == 0 && !cs.Abstain {
			return fmt.Errorf("check verifier: case %d has no gold reply", i)
		}
		c.ids[i] = cs.Prompt.ID()
	}
	ctx := context.Background()
	c.verdicts(ctx)
	c.truths(ctx)
	c.cancelled()
	c.leaks(ctx)
	c.concurrent(ctx)
	c.hostile(ctx)
	for i, cs := range cases {
		if cs.Prompt.ID() != c.ids[i] {
			c.fail(6, i, "", errors.New("the prompt was changed"))
		}
	}
	return errors.Join(c.errs...)
}

// checker gathers the broken promises of one verifier.
type checker struct {
	v     reward.Verifier
	cases []Case
	ids   []data.Digest // of the prompts, before
	errs  []error
	count map[int]int // errors by promise
}

func (c *checker) fail(promise, i int, reply string, err error) {
	if c.count[promise]++; c.count[promise] <= 10 {
		c.errs = append(c.errs, fmt.Errorf("promise %d, case %d, reply %s: %w", promise, i, brief(reply), err))
	}
}

// brief quotes the beginning of a reply.
func brief(s string) string {
	if len(s) > 80 {
		return fmt.Sprintf("%.80q... (%d bytes)", s, len(s))
	}
	return fmt.Sprintf("%q", s)
}
