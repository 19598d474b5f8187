package source

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"mulligan/data"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The first tasks of each level; a difference is a new functionCallsVersion.
func TestFunctionCallsGolden(t *testing.T) {
	var got bytes.Buffer
	for _, opts := range []FunctionCallsOptions{
		{Count: 3, Seed: 1, Level: "easy", Examples: 1},
		{Count: 3, Seed: 1, Level: "normal", ToolsIn: ToolsInEngine},
		{Count: 3, Seed: 1, Level: "hard"},
	} {
		for _, p := range collect(t, must(NewFunctionCalls("", opts)), nil) {
			if err := Write(&got, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	const file = "testdata/function_calls.golden"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Errorf("task %d\n got %s\nwant %s", i, gotLines[i], wantLines[i])
		}
	}
	if len(gotLines) != len(wantLines) {
		t.Errorf("%d tasks, want %d", len(gotLines)-1, len(wantLines)-1)
	}
}

// gold is the ground truth of a task.
func gold(t *testing.T, p data.Prompt) (answer functionCallAnswer) {
	t.Helper()
	if err := json.Unmarshal(p.Answer, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestFunctionCallsLevels(t *testing.T) {
	for _, c := range []struct {
		opts         FunctionCallsOptions
		tools        int
		calls        []int // the numbers of calls that occur
		arguments    int   // most of one call
		calledByName string
	}{
		{FunctionCallsOptions{Level: "easy"}, 1, []int{1}, 2, ""},
		{FunctionCallsOptions{}, 3, []int{1}, 5, ""},
		{FunctionCallsOptions{Level: "hard"}, 6, []int{1, 2, 3}, 5, ""},
		{FunctionCallsOptions{Level: "easy", Tools: 4, Calls: Range{2, 2}}, 4, []int{2}, 2, ""},
		{FunctionCallsOptions{Level: "easy", Calls: Range{5, 5}, Examples: 10}, 1, []int{5}, 2, ""},
	} {
		c.opts.Count, c.opts.Seed = 400, 5
		numbers := map[int]bool{}
		for _, p := range collect(t, must(NewFunctionCalls("", c.opts)), nil) {
			a := gold(t, p)
			numbers[len(a.Calls)] = true
			if len(a.Tools) != c.tools {
				t.Fatalf("%+v: %d tools, want %d", c.opts, len(a.Tools), c.tools)
			}
			var names []string
			for _, tool := range a.Tools {
				names = append(names, tool.Name)
			}
			seen := map[string]bool{}
			for _, call := range a.Calls {
				var arguments map[string]any
				if err := json.Unmarshal(call.Arguments, &arguments); err != nil {
					t.Fatal(err)
				}
				key := call.Name + string(call.Arguments)
				if len(arguments) > c.arguments || !slices.Contains(names, call.Name) || seen[key] {
					t.Fatalf("%+v: call %s of the tools %v", c.opts, key, names)
				}
				seen[key] = true
			}
			if n := 2 + 2*c.opts.Examples; len(p.Messages) != n {
				t.Fatalf("%+v: %d messages, want %d", c.opts, len(p.Messages), n)
			}
		}
		for _, n := range c.calls {
			if !numbers[n] {
				t.Errorf("%+v: no task with %d calls", c.opts, n)
			}
		}
		if len(numbers) != len(c.calls) {
			t.Errorf("%+v: numbers of calls %v, want %v", c.opts, numbers, c.calls)
		}
	}
}

// The examples of a task are pairs about its tools, show the form asked for, and never hold its answer.
func TestFunctionCallsExamples(t *testing.T) {
	opts := FunctionCallsOptions{Count: 500, Seed: 2, Level: "easy", Examples: 3}
	with := collect(t, must(NewFunctionCalls("", opts)), nil)
	opts.Examples = 0
	without := collect(t, must(NewFunctionCalls("", opts)), nil)
	for i, p := range with {
		q := without[i]
		if !p.Messages[0].Equal(q.Messages[0]) || !p.Messages[7].Equal(q.Messages[1]) || !bytes.Equal(p.Answer, q.Answer) {
			t.Fatalf("task %d: examples change the task", i)
		}
		if err := CheckExamples(p.Messages[1:7]); err != nil {
			t.Fatal(err)
		}
		a := gold(t, p)
		right, err := encodeJSON(a.Calls)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{p.Messages[7].Content: true}
		for j := 1; j < 7; j += 2 {
			var calls []data.ToolCall
			if err := json.Unmarshal([]byte(p.Messages[j+1].Content), &calls); err != nil || len(calls) != 1 || calls[0].Name != a.Tools[0].Name {
				t.Fatalf("task %d: example reply %s: %v", i, p.Messages[j+1].Content, err)
			}
			if p.Messages[j+1].Content == string(right) || seen[p.Messages[j].Content] {
				t.Fatalf("task %d: the example %q gives the answer away, or comes twice", i, p.Messages[j].Content)
			}
			seen[p.Messages[j].Content] = true
		}
	}
}

func TestFunctionCallsToolsIn(t *testing.T) {
	opts := FunctionCallsOptions{Count: 1, Seed: 1, ToolsIn: ToolsInEngine}
	p := collect(t, must(NewFunctionCalls("", opts)), nil)[0]
	if len(p.Messages) != 1 || len(p.Tools) != 3 {
		t.Errorf("engine: %d messages and %d tools, want 1 and 3", len(p.Messages), len(p.Tools))
	}
	opts.ToolsIn, opts.System = ToolsInPrompt, "Call one of {{.tools}}"
	p = collect(t, must(NewFunctionCalls("", opts)), nil)[0]
	tools, err := encodeJSON(gold(t, p).Tools)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Call one of " + string(tools); p.Messages[0].Content != want || p.Tools != nil {
		t.Errorf("prompt: %q and %d tools, want %q and none", p.Messages[0].Content, len(p.Tools), want)
	}
}

func TestBadFunctionCalls(t *testing.T) {
	for want, opts := range map[string]FunctionCallsOptions{
		"source function_calls: count -1: want 1 or more":                                                                                             {Count: -1},
		`source function_calls: level "medium": want easy, normal or hard`:                                                                            {Count: 1, Level: "medium"},
		"source function_calls: calls 0-2: want a number or a range within 1-5":                                                                       {Count: 1, Calls: Range{0, 2}},
		"source function_calls: tools 99: want 1 to 61, as many as the level has":                                                                     {Count: 1, Tools: 99},
		"source function_calls: examples 11: want 0 to 10":                                                                                            {Count: 1, Examples: 11},
		`source function_calls: tools_in "both": want prompt or engine`:                                                                               {Count: 1, ToolsIn: "both"},
		"source function_calls: examples with tools_in: engine: the engine gives calls their form, so examples cannot show it: want tools_in: prompt": {Count: 1, Examples: 1, ToolsIn: ToolsInEngine},
	} {
		wantError(t, firstError(NewFunctionCalls("", opts)), "", want)
	}
}

// How often a task comes twice bounds how many are worth making.
func TestFunctionCallsRepeat(t *testing.T) {
	for level, most := range map[string]int{"easy": 1500, "normal": 10, "hard": 0} {
		seen, again := map[string]bool{}, 0
		for _, p := range collect(t, must(NewFunctionCalls("", FunctionCallsOptions{Count: 3000, Seed: 9, Level: level})), nil) {
			key := p.Messages[1].Content + string(p.Answer)
			if seen[key] {
				again++
			}
			seen[key] = true
		}
		if again > most {
			t.Errorf("%s: %d of 3000 tasks come again, want at most %d", level, again, most)
		}
		t.Logf("%s: %d of 3000 tasks come again", level, again)
	}
}

func BenchmarkFunctionCalls(b *testing.B) {
	for _, level := range []string{"easy", "normal", "hard"} {
		b.Run(level, func(b *testing.B) {
			b.ReportAllocs()
			if err := firstError(NewFunctionCalls("", FunctionCallsOptions{Count: b.N, Level: level, Examples: 3})); err != nil {
				b.Fatal(err)
			}
		})
	}
}
