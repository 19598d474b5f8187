package reward_test

import (
	"context"
	"encoding/json"
	"testing"

	"mulligan/reward"
	"mulligan/reward/rewardtest"
)

func exact(t testing.TB, opts reward.ExactOptions) *reward.Exact {
	t.Helper()
	v, err := reward.NewExact(opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestExact(t *testing.T) {
	for _, c := range []struct {
		opts        reward.ExactOptions
		text, reply string
		pass        bool
	}{
		{reward.ExactOptions{}, "Paris", "Paris", true},
		{reward.ExactOptions{}, "Paris", " Paris\n", true},
		{reward.ExactOptions{}, " Paris ", "Paris", true},
		{reward.ExactOptions{}, "Paris", "paris", false},
		{reward.ExactOptions{}, "Paris", "Paris.", false},
		{reward.ExactOptions{}, "Paris", "It is Paris", false},
		{reward.ExactOptions{KeepSpace: true}, "Paris", "Paris\n", false},
		{reward.ExactOptions{KeepSpace: true}, "Paris\n", "Paris\n", true},
		{reward.ExactOptions{FoldCase: true}, "Σίσυφος", "ΣΊΣΥΦΟΣ", true}, // ς, σ and Σ are one
		{reward.ExactOptions{FoldCase: true}, "Paris", "PARIS", true},
		{reward.ExactOptions{FoldCase: true}, "Paris", "PARI", false},
		{reward.ExactOptions{Tag: "answer"}, "Paris", "<answer>Rome</answer>, no: <answer> Paris </answer>.", true},
		{reward.ExactOptions{Tag: "answer"}, "Paris", "Paris", false},
		{reward.ExactOptions{Tag: "b"}, "Paris", "<b>Paris</b> <b>Rome</b>", false},
	} {
		truth, _ := json.Marshal(map[string]string{"text": c.text})
		got, err := exact(t, c.opts).Verify(context.Background(), prompt("", string(truth)), c.reply)
		if err != nil || got.Pass != c.pass {
			t.Errorf("%+v: %q for %q: pass %t, error %v; want %t", c.opts, c.reply, c.text, got.Pass, err, c.pass)
		}
	}
	if _, err := reward.NewExact(reward.ExactOptions{Tag: "<b>"}); err == nil {
		t.Error("the tag <b> is accepted")
	}
}

func TestExactConformance(t *testing.T) {
	cases := []rewardtest.Case{{
		Prompt:    prompt("The capital of France?", `{"text":"Paris"}`),
		Gold:      []string{"Paris", " Paris\n"},
		Wrong:     []string{"Rome", "Paris, France"},
		Leaks:     []string{"I should have said Paris.", "(Paris)"},
		Clean:     []string{"the Parisians", "paris", "xParis", "ParisParis"},
		BadTruths: []json.RawMessage{[]byte(`{"text":""}`), []byte(`{"text":" "}`), []byte(`{"text":7}`), []byte(`{"text":null}`)},
	}, {
		Prompt: prompt("Which is larger, 2 or -3?", `{"text":"2"}`),
		Gold:   []string{"2"},
		Clean:  []string{"It is 2.", "12"},
	}, {
		Prompt: prompt("What does f return?", `{"text":"->"}`),
		Gold:   []string{"->"},
		Leaks:  []string{"a->b", "so ->"},
		Clean:  []string{"- >"},
	}}
	for _, opts := range []reward.ExactOptions{{}, {KeepSpace: true}} {
		if opts.KeepSpace {
			cases[0].Gold = []string{"Paris"}
		}
		if err := rewardtest.Check(exact(t, opts), cases); err != nil {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}
