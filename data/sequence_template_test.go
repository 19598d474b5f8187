package data_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mulligan/data"
)

// played is a line of testdata/templates.py: a conversation as transformers renders and masks it.
type played struct {
	Template     string
	Conversation string
	Missing      string // the vocabulary that is not there
	Turns        []struct {
		Prompt, IDs []int32
		Pieces      []string
	}
	InputIDs []int32 `json:"input_ids"`
	Mask     []int8
	Text     []string
	Breaks   []*struct {
		At       int
		SameText bool `json:"same_text"`
	}
}

// templateCase is what is known of one template: where its {% generation %} takes in more than what was sampled, namely the end of the
// generation prompt, which the engine was given, or what is written after the end token; and where it rewrites history.
type templateCase struct {
	before, after string         // what its mask takes in around each reply
	sequences     map[string]int // that a rollout becomes, by conversation; 1 where it is not named
}

func all(n int) map[string]int {
	return map[string]int{"plain": n, "hard": n, "thinks": n, "spaces": n}
}

var trimmed = map[string]int{"spaces": 3} // the template trims what was sampled

var templateCases = map[string]templateCase{
	"qwen3_training":               {after: "\n"},
	"qwen3":                        {sequences: all(3)}, // drops earlier thinking, also an empty one
	"qwen3_instruct_2507_training": {after: "\n"},
	"qwen3_5_think_training":       {before: "<think>\n", after: "\n", sequences: map[string]int{"plain": 3, "hard": 3, "spaces": 3}}, // an empty thinking: "\n", "\n" becomes one token
	"qwen2_5_training":             {before: "\n", after: "\n"},                                                                       // adds a system prompt
	"llama3_training":              {sequences: trimmed},
	"gemma_training":               {after: "\n", sequences: trimmed},
	"gemma3_training":              {after: "\n", sequences: trimmed},
	"cohere_training":              {sequences: trimmed},
	"deepseekv3_training":          {sequences: all(3)},                                   // the generation prompt opens thinking, the history has none
	"gptoss_training":              {sequences: all(3)},                                   // <|return|> ends a reply, <|end|> an earlier one
	"glm4moe_training":             {sequences: map[string]int{"thinks": 3, "spaces": 3}}, // the stop is the head of the next message
	"phi3_training":                {after: "\n"},
	"lfm2_training":                {after: "\n"},
}

// TestSequencesAgreeWithTransformers compares masks and breaks with those of transformers and the templates of TRL, token by token. MULLIGAN_PYTHON names
// a Python with transformers 5.23.0 and trl 1.16.0; MULLIGAN_VOCABULARIES a folder as .ci/vocabularies.sh fills it.
func TestSequencesAgreeWithTransformers(t *testing.T) {
	python, vocabularies := os.Getenv("MULLIGAN_PYTHON"), os.Getenv("MULLIGAN_VOCABULARIES")
	if python == "" || vocabularies == "" {
		if os.Getenv("MULLIGAN_FULL") == "1" {
			t.Fatal("MULLIGAN_PYTHON or MULLIGAN_VOCABULARIES is not set")
		}
		t.Skip("MULLIGAN_PYTHON or MULLIGAN_VOCABULARIES is not set")
	}
	var stderr bytes.Buffer
	cmd := exec.Command(python, "testdata/templates.py", vocabularies)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	whole, broken := 0, map[data.BreakReason]int{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var p played
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if p.Missing != "" {
			t.Logf("%s: no vocabulary %s", p.Template, p.Missing)
			if os.Getenv("MULLIGAN_FULL") == "1" {
				t.Fail()
			}
			continue
		}
		t.Run(p.Template+"/"+p.Conversation, func(t *testing.T) {
			if p.agrees(t, broken) {
				whole++
			}
		})
	}
	t.Logf("%d conversations of one sequence, masked alike; breaks where the renderings differ: %v", whole, broken)
	if whole < 4 || broken[data.BreakRewritten] == 0 {
		t.Error("too little was compared")
	}
}

// agrees compares one conversation, and reports whether it is one sequence with a mask.
func (p played) agrees(t *testing.T, broken map[data.BreakReason]int) bool {
	known, ok := templateCases[p.Template]
	if !ok {
		t.Fatal("no such case")
	}
	steps := []string{data.StepAttempt, data.StepReflection, data.StepRetry}
	var r data.Rollout
	for i, turn := range p.Turns {
		draw := &data.Draw{Tokens: &data.Tokens{
			Prompt: turn.Prompt, PromptSource: data.TokensEngine, IDs: turn.IDs, Source: data.TokensEngine, End: data.EndReturned,
		}}
		for _, piece := range turn.Pieces {
			draw.Pieces = append(draw.Pieces, data.Piece{Bytes: []byte(piece)})
		}
		r.Turns = append(r.Turns, data.Turn{Step: data.StepQuestion}, data.Turn{Step: steps[i], Sampled: true, Train: i == 1, Draw: draw})
	}
	sequences, err := r.Sequences()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sequences {
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
	}
	if n := max(1, known.sequences[p.Conversation]); len(sequences) != n {
		t.Fatalf("%d sequences, want %d", len(sequences), n)
	}
	p.checkBreaks(t, sequences, broken)
	if len(sequences) > 1 || p.Mask == nil {
		return false
	}
	p.checkMask(t, sequences[0], known)
	return true
}

// checkBreaks: a sequence starts anew at the token where the rendered texts, or their tokens, differ.
func (p played) checkBreaks(t *testing.T, sequences []data.Sequence, broken map[data.BreakReason]int) {
	next := 1
	for i, want := range p.Breaks {
		if want == nil {
			continue
		}
		if next == len(sequences) {
			t.Fatalf("no break at turn %d, want one at token %d", i+1, want.At)
		}
		s := sequences[next]
		next++
		if s.Spans[0].Turn != 2*(i+1)+1 || s.Break.At != want.At || s.Break.Turn != 2*i+1 {
			t.Errorf("turn %d: break %v, want one at token %d", s.Spans[0].Turn, s.Break, want.At)
		}
		if no := map[bool]data.BreakReason{true: data.BreakRewritten, false: data.BreakRetokenized}[want.SameText]; s.Break.Reason == no {
			t.Errorf("turn %d: break %v, but same_text is %t", s.Spans[0].Turn, s.Break, want.SameText)
		}
		broken[s.Break.Reason]++
	}
	if next != len(sequences) {
		t.Errorf("%d sequences, want %d", len(sequences), next)
	}
}

// checkMask: the sequence is transformers' rendering up to the last end token, and what was sampled is what it masks, but for
// what the template's mask is known to take in before and after each reply.
func (p played) checkMask(t *testing.T, s data.Sequence, known templateCase) {
	n := len(s.IDs)
	if n > len(p.InputIDs) || !slices.Equal(s.IDs, p.InputIDs[:n]) {
		t.Fatalf("ids %v, want the first of %v", s.IDs, p.InputIDs)
	}
	sampled := append(slices.Clone(s.Sampled), make([]bool, len(p.InputIDs)-n)...)
	want := slices.Clone(sampled)
	for _, span := range s.Spans {
		from, to := span.Start, span.Stop
		for strings.Join(p.Text[from:span.Start], "") != known.before {
			if from--; len(strings.Join(p.Text[from:span.Start], "")) > len(known.before) {
				t.Fatalf("before turn %d stands %q, want %q", span.Turn, p.Text[from:span.Start], known.before)
			}
			want[from] = true
		}
		for strings.Join(p.Text[span.Stop:to], "") != known.after {
			want[to] = true
			if to++; len(strings.Join(p.Text[span.Stop:to], "")) > len(known.after) {
				t.Fatalf("after turn %d stands %q, want %q", span.Turn, p.Text[span.Stop:to], known.after)
			}
		}
	}
	for i, m := range p.Mask {
		if (m == 1) != want[i] {
			t.Errorf("token %d, %q: transformers masks it as %d, sampled is %t", i, p.Text[i], m, sampled[i])
		}
	}
	labels := s.Labels()
	for i := range s.IDs {
		span := s.Spans[1]
		if inside := i >= span.Start && i < span.Stop; inside != (labels[i] == s.IDs[i]) || !inside && labels[i] != data.NoLabel {
			t.Errorf("token %d, %q: label %d", i, p.Text[i], labels[i])
		}
	}
}
