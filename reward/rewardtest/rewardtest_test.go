package rewardtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"mulligan/data"
	"mulligan/reward"
	"mulligan/reward/rewardtest"
)

// fake is a right verifier of {"word":"..."}, with a way to break it.
type fake struct {
	verify func(truth, answer string) (reward.Verdict, error)
	leaks  func(truth, text string) bool
	deaf   bool // does not look at the context
	loose  bool // accepts any ground truth
}

func (f fake) truth(p data.Prompt) (string, error) {
	var in struct{ Word string }
	err := json.Unmarshal(p.Answer, &in)
	if (err != nil || in.Word == "") && !f.loose {
		return "", fmt.Errorf("no word: %v", err)
	}
	return in.Word, nil
}

func (f fake) CheckTruth(p data.Prompt) error {
	_, err := f.truth(p)
	return err
}

func (f fake) Verify(ctx context.Context, p data.Prompt, answer string) (reward.Verdict, error) {
	if err := context.Cause(ctx); err != nil && !f.deaf {
		return reward.Verdict{}, err
	}
	truth, err := f.truth(p)
	if err != nil {
		return reward.Verdict{}, err
	}
	if f.verify != nil {
		return f.verify(truth, answer)
	}
	return judge(truth, answer)
}

func judge(truth, answer string) (reward.Verdict, error) {
	if answer == truth {
		return reward.Verdict{Pass: true, Score: 1}, nil
	}
	return reward.Verdict{Feedback: "wrong"}, nil
}

func (f fake) Leaks(ctx context.Context, p data.Prompt, text string) (bool, error) {
	if err := context.Cause(ctx); err != nil {
		return false, err
	}
	truth, err := f.truth(p)
	if f.leaks != nil {
		return f.leaks(truth, text), err
	}
	return strings.Contains(text, truth), err
}

// TestCheck breaks each promise in turn: Check must name it.
func TestCheck(t *testing.T) {
	ask := func(truth string) data.Prompt {
		return data.Prompt{Messages: []data.Message{{Role: data.RoleUser, Content: "say it"}}, Answer: json.RawMessage(truth)}
	}
	cases := []rewardtest.Case{
		{Prompt: ask(`{"word":"apple"}`), Gold: []string{"apple"}, Wrong: []string{"plum"}, Leaks: []string{"an apple"}, Clean: []string{"a pear"}},
		{Prompt: ask(`{"word":"pear"}`), Gold: []string{"pear"}},
	}
	var calls atomic.Int64
	var big []byte
	for _, c := range []struct {
		name string
		v    fake
		want string // "": nothing is broken
	}{
		{"right", fake{}, ""},
		{"gold fails", fake{verify: func(a, b string) (reward.Verdict, error) { return reward.Verdict{}, nil }}, "promise 1"},
		{"gold scores 0.9", fake{verify: func(a, b string) (reward.Verdict, error) { return reward.Verdict{Pass: a == b, Score: 0.9}, nil }}, "promise 1"},
		{"any fruit passes", fake{verify: func(a, b string) (reward.Verdict, error) {
			if b == "apple" || b == "pear" {
				return reward.Verdict{Pass: true, Score: 1}, nil
			}
			return judge(a, b)
		}}, "promise 2"},
		{"wrong passes", fake{verify: func(a, b string) (reward.Verdict, error) { return judge("x", strings.ReplaceAll("x", b, "x")) }}, "promise 3"},
		{"empty is an error", fake{verify: func(a, b string) (reward.Verdict, error) {
			if b == "" {
				return reward.Verdict{}, errors.New("empty")
			}
			return judge(a, b)
		}}, "promise 3"},
		{"feedback tells", fake{verify: func(a, b string) (reward.Verdict, error) {
			v, err := judge(a, b)
			v.Feedback = "it is " + a
			return v, err
		}}, "promise 4"},
		{"any truth", fake{loose: true, leaks: func(a, b string) bool { return a != "" && strings.Contains(b, a) }}, "promise 5"},
		{"changes its mind", fake{verify: func(a, b string) (reward.Verdict, error) {
			v, err := judge(a, b)
			v.Reason = fmt.Sprint(calls.Add(1))
			return v, err
		}}, "promise 6"},
		{"deaf", fake{deaf: true}, "promise 7"},
		{"greedy", fake{verify: func(a, b string) (reward.Verdict, error) {
			if strings.HasPrefix(b, "word word") {
				big = make([]byte, 1<<30+1)
			}
			return judge(a, b)
		}}, "promise 8"},
		{"sees no leak", fake{leaks: func(a, b string) bool { return false }}, "promise 9"},
		{"sees leaks everywhere", fake{leaks: func(a, b string) bool { return true }}, "promise 9"},
	} {
		err := rewardtest.Check(c.v, cases)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %.500v, want %q", c.name, err, c.want)
		}
	}
	_ = big
	if err := rewardtest.Check(fake{}, cases[:1]); err == nil {
		t.Error("one case is enough, want at least 2")
	}
}
