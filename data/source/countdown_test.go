package source

import (
	"encoding/json"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"mulligan/data"
)

// The first tasks of seed 1; another wording, number or order is another version.
func TestCountdownGolden(t *testing.T) {
	const task = "Use the numbers %s to make an expression that equals %d. You may use +, -, *, / and parentheses. Use every number exactly once."
	const plain = " Put the expression alone between <answer> and </answer>, for example <answer>(1 + 2) / 3</answer>."
	const tags = " Reason between <think> and </think>, then put the expression alone between <answer> and </answer>, for example <answer>(1 + 2) / 3</answer>."
	first := []struct {
		numbers string
		target  int
	}{
		{"[31, 44, 45, 62]", 46},
		{"[57, 6, 3, 23]", 33},
		{"[15, 19, 78, 35]", 39},
	}
	for wording, want := range map[string]func(question string) []data.Message{
		"plain": func(q string) []data.Message { return []data.Message{{Role: "user", Content: q + plain}} },
		"base": func(q string) []data.Message {
			return []data.Message{{Role: "user", Content: "The following is a conversation between a user and an assistant. The assistant reasons first and then answers the user.\n" +
				"User: " + q + tags + "\nAssistant: I will work it out step by step.\n<think>"}}
		},
		"qwen-instruct": func(q string) []data.Message {
			return []data.Message{{Role: "system", Content: "You are a helpful assistant. You reason first and then answer the user."}, {Role: "user", Content: q + tags}}
		},
	} {
		got := collect(t, must(NewCountdown("", CountdownOptions{Count: 3, Seed: 1, Prompt: wording})), nil)
		for i, f := range first {
			if messages := want(fmt.Sprintf(task, f.numbers, f.target)); !slices.EqualFunc(got[i].Messages, messages, data.Message.Equal) {
				t.Errorf("%s, task %d\n got %q\nwant %q", wording, i, got[i].Messages, messages)
			}
			if answer := fmt.Sprintf(`{"numbers":%s,"target":%d}`, strings.ReplaceAll(f.numbers, " ", ""), f.target); string(got[i].Answer) != answer {
				t.Errorf("task %d: answer %s, want %s", i, got[i].Answer, answer)
			}
			if got[i].Source != "mulligan/countdown" {
				t.Errorf("source %q", got[i].Source)
			}
		}
	}
}

func TestCountdownTemplate(t *testing.T) {
	got := collect(t, must(NewCountdown("", CountdownOptions{Count: 1, Seed: 1, Template: "{{.numbers}} make {{.target}}", System: "Count to {{.target}}."})), nil)[0]
	var answer struct {
		Numbers []int
		Target  int
	}
	if err := json.Unmarshal(got.Answer, &answer); err != nil {
		t.Fatal(err)
	}
	want := []data.Message{
		{Role: "system", Content: fmt.Sprintf("Count to %d.", answer.Target)},
		{Role: "user", Content: strings.ReplaceAll(fmt.Sprint(answer.Numbers), " ", ", ") + fmt.Sprintf(" make %d", answer.Target)},
	}
	if !slices.EqualFunc(got.Messages, want, data.Message.Equal) {
		t.Errorf("got %q, want %q", got.Messages, want)
	}
}

// Every task can be solved, within the ranges asked for, and sizes and targets are equally likely.
func TestCountdownTasks(t *testing.T) {
	for name, opts := range map[string]CountdownOptions{
		"as the data set": {Count: 3000},
		"two small":       {Count: 300, Numbers: Range{2, 2}, NumberMax: 9, TargetMin: 1, TargetMax: 20},
		"six":             {Count: 200, Numbers: Range{6, 6}, NumberMax: 100, TargetMin: 100, TargetMax: 999},
		"eight":           {Count: 5, Numbers: Range{8, 8}},
	} {
		t.Run(name, func(t *testing.T) {
			opts.Seed = 7
			c, err := newCountdown(opts)
			if err != nil {
				t.Fatal(err)
			}
			sizes, low := map[int]int{}, 0
			for _, p := range collect(t, must(NewCountdown("", opts)), nil) {
				var task struct {
					Numbers []int
					Target  int
				}
				if err := json.Unmarshal(p.Answer, &task); err != nil {
					t.Fatal(err)
				}
				sizes[len(task.Numbers)]++
				if task.Target < (c.TargetMin+c.TargetMax+1)/2 {
					low++
				}
				if task.Target < c.TargetMin || task.Target > c.TargetMax || slices.Min(task.Numbers) < 1 || slices.Max(task.Numbers) > c.NumberMax {
					t.Fatalf("task %s leaves the ranges", p.Answer)
				}
				checkSolution(t, task.Numbers, task.Target)
			}
			if len(sizes) != c.Numbers.Max-c.Numbers.Min+1 {
				t.Errorf("sizes %v, want %s", sizes, c.Numbers)
			}
			if name == "as the data set" && (sizes[3] < 1350 || sizes[3] > 1650 || low < 1350 || low > 1650) { // 5 standard deviations
				t.Errorf("sizes %v, %d of 3000 targets in the lower half: want about one half", sizes, low)
			}
		})
	}
}

// checkSolution evaluates what Solve gives with Go's own arithmetic.
func checkSolution(t *testing.T, numbers []int, target int) {
	t.Helper()
	text, ok := Solve(numbers, target)
	if !ok {
		t.Errorf("%v make %d: no solution", numbers, target)
		return
	}
	value, err := types.Eval(token.NewFileSet(), nil, token.NoPos, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if got, exact := constant.Int64Val(value.Value); !exact || got != int64(target) {
		t.Errorf("%s = %s, want %d", text, value.Value, target)
	}
	var used []int
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return c < '0' || c > '9' }) {
		var n int
		fmt.Sscan(word, &n)
		used = append(used, n)
	}
	want := slices.Clone(numbers)
	slices.Sort(want)
	if slices.Sort(used); !slices.Equal(used, want) {
		t.Errorf("%s uses %v, want %v", text, used, want)
	}
}

func TestSolve(t *testing.T) {
	for _, c := range []struct {
		numbers []int
		target  int
		want    string // "": there is none
	}{
		{[]int{44, 19, 35}, 98, "(44 + 19) + 35"},
		{[]int{2, 3, 8}, 40, "8 * (3 + 2)"},
		{[]int{7}, 7, "7"},
		{[]int{6, 3}, 2, "6 / 3"},
		{[]int{6, 4}, 1, ""},        // 6 / 4 is no whole number
		{[]int{3, 5}, -2, ""},       // nor is a negative one a target
		{[]int{5, 5}, 0, ""},        // nor zero
		{[]int{3, 3, 8, 8}, 24, ""}, // only 8 / (3 - 8/3)
		{nil, 1, ""},
		{[]int{1, 1, 1, 1, 1, 1, 1, 1, 1}, 9, ""}, // more than it looks at
	} {
		if got, ok := Solve(c.numbers, c.target); got != c.want || ok != (c.want != "") {
			t.Errorf("%v make %d: %q, want %q", c.numbers, c.target, got, c.want)
		}
	}
}

// The fast search agrees with one that tries everything.
func TestSolvable(t *testing.T) {
	for a := 1; a <= 12; a++ {
		for b := 1; b <= 12; b++ {
			for _, numbers := range [][]int{{a, b}, {a, b, 7}, {a, 3, b, 10}} {
				reached := map[int]bool{}
				everything(numbers, reached)
				for target := 1; target < 150; target++ {
					if got := solvable(numbers, target); got != reached[target] {
						t.Fatalf("%v make %d: %t, want %t", numbers, target, got, reached[target])
					}
				}
			}
		}
	}
}

// everything marks all that can be made of the numbers.
func everything(numbers []int, reached map[int]bool) {
	if len(numbers) == 1 {
		reached[numbers[0]] = true
	}
	for i, a := range numbers {
		for j, b := range numbers {
			if i == j {
				continue
			}
			made := []int{a + b, a * b}
			if a > b {
				made = append(made, a-b)
			}
			if a%b == 0 {
				made = append(made, a/b)
			}
			for _, v := range made {
				everything(without(numbers, i, j, v), reached)
			}
		}
	}
}

func TestBadCountdown(t *testing.T) {
	for want, opts := range map[string]CountdownOptions{
		"source countdown: count 0: want 1 or more":                                                                                 {},
		"source countdown: numbers 1-4: want a number or a range within 2-8":                                                        {Count: 1, Numbers: Range{1, 4}},
		"source countdown: numbers 5-4: want a number or a range within 2-8":                                                        {Count: 1, Numbers: Range{5, 4}},
		"source countdown: number_max -1: want 1 to 10000":                                                                          {Count: 1, NumberMax: -1},
		"source countdown: target_min 10, target_max 9: want a range within 1 to 1000000":                                           {Count: 1, TargetMax: 9},
		`source countdown: prompt "chat": want plain, base or qwen-instruct`:                                                        {Count: 1, Prompt: "chat"},
		"make task 0: no 2 numbers up to 9 found that make a target of 500 to 500: want larger or more numbers, or smaller targets": {Count: 1, Numbers: Range{2, 2}, NumberMax: 9, TargetMin: 500, TargetMax: 500},
	} {
		wantError(t, firstError(NewCountdown("", opts)), "", want)
	}
}

// More tasks only come at the end; another seed or option makes others.
func TestCountdownSeeds(t *testing.T) {
	few := collect(t, must(NewCountdown("", CountdownOptions{Count: 5, Seed: 3})), nil)
	sameIDs(t, collect(t, must(NewCountdown("", CountdownOptions{Count: 50, Seed: 3})), nil)[:5], few)
	seen := map[data.Digest]string{}
	for name, opts := range map[string]CountdownOptions{
		"seed": {Count: 5, Seed: 4}, "count": {Count: 6, Seed: 3}, "same": {Count: 5, Seed: 3}, "numbers": {Count: 5, Seed: 3, Numbers: Range{4, 4}},
		"target": {Count: 5, Seed: 3, TargetMax: 101}, "prompt": {Count: 5, Seed: 3, Prompt: "base"},
	} {
		d := digest(t, must(NewCountdown("", opts)), nil)
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[d] = name
	}
}

func BenchmarkCountdown(b *testing.B) {
	b.ReportAllocs()
	if err := firstError(NewCountdown("", CountdownOptions{Count: b.N})); err != nil {
		b.Fatal(err)
	}
}
