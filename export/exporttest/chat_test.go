package exporttest_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"mulligan/data"
	"mulligan/export/exporttest"
	"mulligan/reward"
)

// TestChat: every group is valid; a rollout that trains is one sequence of exact ids, whose loss is the
// reflection and its end token.
func TestChat(t *testing.T) {
	var trained, noSignal int
	excluded := map[string]int{}
	for i, g := range exporttest.Chat() {
		if err := g.Check(); err != nil {
			t.Fatalf("group %d: %v", i, err)
		}
		if g.NoSignal {
			noSignal++
		}
		for k, r := range g.Rollouts {
			excluded[r.Excluded]++
			at := r.Trained()
			if at < 0 {
				continue
			}
			trained++
			all, err := r.Sequences()
			if err != nil || len(all) != 1 || !all[0].Exact || all[0].Source != data.TokensEngine {
				t.Fatalf("group %d: rollout %d: %d sequences, %+v, %v: want one that is exact", i, k, len(all), all, err)
			}
			if err := all[0].Check(); err != nil {
				t.Fatalf("group %d: rollout %d: %v", i, k, err)
			}
			var loss []int32
			for j, id := range all[0].IDs {
				if all[0].Loss[j] {
					loss = append(loss, id)
				}
			}
			if got, want := decode(loss), r.Turns[at].Content+"<257>"; got != want {
				t.Errorf("group %d: rollout %d trains %q, want %q", i, k, got, want)
			}
		}
	}
	if trained != 9 || noSignal != 1 || excluded["truncated"] != 1 || excluded["leak"] != 1 {
		t.Errorf("%d rollouts train, %d groups are without signal, and excluded are %v; want 9, 1, one truncated and one leak", trained, noSignal, excluded)
	}
}

// TestChatIDs has one context as it is written by hand.
func TestChatIDs(t *testing.T) {
	tokens := exporttest.Chat()[3].Rollouts[0].Turns[3].Draw.Tokens
	want := "<256>user\nBilde 10 aus 2 und 5.<257>\n<256>assistant\n<answer>2 * 5</answer><257>\n" +
		"<256>user\nBilde 24 aus 4, 6 und 1 — jede Zahl genau einmal. 数は一度だけ 🙂<257>\n<256>assistant\n"
	if got := decode(tokens.Prompt); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if want := []int32{60, 97, 110, 115, 119, 101, 114, 62, 52, 32, 195, 151, 32, 54, 60, 47, 97, 110, 115, 119, 101, 114, 62, 257}; !slices.Equal(tokens.IDs, want) {
		t.Errorf("ids of <answer>4 × 6</answer> are %v, want %v", tokens.IDs, want)
	}
}

// decode writes ids of the chat tokenizer as text, those that are no bytes in angle brackets.
func decode(ids []int32) string {
	var b []byte
	for _, id := range ids {
		if id < 256 {
			b = append(b, byte(id))
		} else {
			b = append(b, '<', '0'+byte(id/100), '0'+byte(id/10%10), '0'+byte(id%10), '>')
		}
	}
	return string(b)
}

// TestChatVerdicts: what the verifier countdown says of every answer.
func TestChatVerdicts(t *testing.T) {
	countdown, err := reward.NewCountdown(reward.CountdownOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range exporttest.Chat() {
		for _, r := range g.Rollouts {
			for k, turn := range r.Turns {
				if turn.Verdict == nil {
					continue
				}
				got, err := countdown.Verify(context.Background(), g.Prompt, turn.Answer())
				if v := *turn.Verdict; err != nil || got.Pass != v.Pass || got.Score != v.Score || got.Parsed != v.Parsed {
					t.Errorf("group %d: turn %d: %q: %+v, %v; the fixture has %+v", i, k, turn.Content, got, err, v)
				}
			}
		}
	}
}

// TestChatTokenizer holds the ids of Chat against those of the library transformers, which
// MULLIGAN_PYTHON has: of every conversation by its chat template, and which of them an assistant wrote.
func TestChatTokenizer(t *testing.T) {
	python := python(t)
	dir := t.TempDir()
	if err := exporttest.WriteChatTokenizer(dir); err != nil {
		t.Fatal(err)
	}
	type conversation struct {
		Messages []data.Message `json:"messages"`
		Prompt   []int32        `json:"prompt"`
		IDs      []int32        `json:"ids"`
	}
	var all []conversation
	for _, g := range exporttest.Chat() {
		for _, r := range g.Rollouts {
			var c conversation
			for _, turn := range r.Turns {
				if c.Messages = append(c.Messages, turn.Message); turn.Draw != nil && turn.Draw.Stop == data.StopEnd {
					c.Prompt, c.IDs = turn.Draw.Tokens.Prompt, turn.Draw.Tokens.IDs
					all = append(all, conversation{slices.Clone(c.Messages), c.Prompt, c.IDs})
				}
			}
		}
	}
	b, err := json.Marshal(all)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "conversations.json"), b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "chat_tokenizer.py", dir).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// python returns the interpreter that MULLIGAN_PYTHON names. Without one the test is skipped, or
// fails where MULLIGAN_FULL is 1.
func python(t *testing.T) string {
	t.Helper()
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" && os.Getenv("MULLIGAN_FULL") == "1" {
		t.Fatal("MULLIGAN_PYTHON is not set")
	}
	if python == "" {
		t.Skip("MULLIGAN_PYTHON is not set")
	}
	return python
}
