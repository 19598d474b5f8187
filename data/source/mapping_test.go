package source

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"mulligan/data"
)

// The rows of data sets that people have, and the mappings that read them.
func TestKnownDataSets(t *testing.T) {
	numbers := json.RawMessage(`{"numbers":[44,19,35],"target":98}`)
	for name, c := range map[string]struct{ row, plan, question, answer string }{
		"Jiayi-Pan/Countdown-Tasks-3to4": {
			row: `{"target": 98, "nums": [44, 19, 35]}`,
			plan: `
template: "Using the numbers {{.nums}}, make {{.target}}."
answer: {numbers: nums, target: target}`,
			question: "Using the numbers [44, 19, 35], make 98.",
			answer:   string(numbers),
		},
		"Trinity countdown": {
			row: `{"question": "Make 98 of 44, 19 and 35.", "answer": "{\"numbers\": [44, 19, 35], \"target\": 98}"}`,
			plan: `
prompt: question
answer: answer`,
			question: "Make 98 of 44, 19 and 35.",
			answer:   string(numbers),
		},
		"verl rows": {
			row: `{"data_source":"c","prompt":[{"role":"user","content":"Make 98."}],"reward_model":{"style":"rule","ground_truth":{"target":98,"numbers":[44,19,35]}}}`,
			plan: `
prompt: prompt
answer: {numbers: reward_model.ground_truth.numbers, target: reward_model.ground_truth.target}`,
			question: "Make 98.",
			answer:   string(numbers),
		},
		"a template of the answer": {
			row: `{"q":"6 x 7?","solution":"6 x 7 = 42\n#### 42","n":42.0}`,
			plan: `
prompt: q
answer: '{"value": {{json (print .n)}}, "why": {{json .solution}}}'`,
			question: "6 x 7?",
			answer:   `{"value":"42.0","why":"6 x 7 = 42\n#### 42"}`,
		},
		"plain text": {
			row:      `{"q":"Capital of France?","a":"Paris"}`,
			plan:     "prompt: q\nanswer: {text: a}",
			question: "Capital of France?",
			answer:   `{"text":"Paris"}`,
		},
		"no ground truth": {
			row:      `{"q":"Say something."}`,
			plan:     "prompt: q\nanswer: none",
			question: "Say something.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			base, _ := tempFile(t, "train.v2.jsonl", c.row)
			var opts JSONLOptions
			decodeStrict(t, "path: train.v2.jsonl\n"+c.plan, &opts)
			got := collect(t, must(NewJSONL(base, opts)), nil)
			want := data.Prompt{Source: "train", Messages: []data.Message{{Role: "user", Content: c.question}}}
			if c.answer != "" {
				want.Answer = json.RawMessage(c.answer)
			}
			if !reflect.DeepEqual(got, []data.Prompt{want}) {
				t.Errorf("\n got %+v, answer %s\nwant %+v, answer %s", got[0], got[0].Answer, want, want.Answer)
			}

			var again JSONLOptions // as a run directory keeps the plan
			text, err := yaml.Marshal(opts)
			if err != nil {
				t.Fatal(err)
			}
			if decodeStrict(t, string(text), &again); !reflect.DeepEqual(again, opts) {
				t.Errorf("plan written and read again\n got %+v\nwant %+v", again, opts)
			}
		})
	}
}

func decodeStrict(t *testing.T, text string, v any) {
	t.Helper()
	if err := yaml.UnmarshalWithOptions([]byte(text), v, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestMappingParts(t *testing.T) {
	base, _ := tempFile(t, "t.jsonl", `{"q":"What?","lang":"Dutch","a":1,"tools":[{"type":"function","function":{"name":"f"}}],"none":null,"x":{"y":[1.0,"<é>"]},"id":7}`)
	read := func(m Mapping) data.Prompt {
		t.Helper()
		m.Answer = AnswerMapping{Column: "a"}
		return collect(t, must(NewJSONL(base, JSONLOptions{"t.jsonl", m})), nil)[0]
	}
	p := read(Mapping{Template: "{{.q}} {{if .none}}no{{else}}{{.x}}{{end}} {{range .x.y}}[{{.}}]{{end}} {{json .q}}", System: "Answer in {{.lang}}.", Tools: "tools", Meta: MetaMapping{All: true}, Source: "mine"})
	want := data.Prompt{
		Source: "mine",
		Messages: []data.Message{
			{Role: "system", Content: "Answer in Dutch."},
			{Role: "user", Content: `What? {"y": [1.0, "<é>"]} [1.0][<é>] "What?"`},
		},
		Tools:  []data.Tool{{Name: "f"}},
		Answer: json.RawMessage("1"),
		Meta: map[string]json.RawMessage{
			"q": json.RawMessage(`"What?"`), "lang": json.RawMessage(`"Dutch"`), "none": json.RawMessage("null"),
			"x": json.RawMessage(`{"y":[1.0,"<é>"]}`), "id": json.RawMessage("7"),
		},
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("\n got %+v\nwant %+v", p, want)
	}
	p = read(Mapping{Prompt: "q", Meta: MetaMapping{Columns: []string{"id", "x.y"}}, Tools: "none"})
	if want := map[string]json.RawMessage{"id": json.RawMessage("7"), "x.y": json.RawMessage(`[1.0,"<é>"]`)}; !reflect.DeepEqual(p.Meta, want) {
		t.Errorf("meta %s, want %s", p.Meta, want)
	}
	if p.Tools != nil {
		t.Errorf("tools %v of a null column", p.Tools)
	}
}

func TestLabel(t *testing.T) {
	for path, want := range map[string]string{
		"data/train.v2.jsonl.gz": "train", "gsm8k": "gsm8k", "data/gsm8k/*.parquet": "gsm8k", "*.jsonl": "tasks", ".hidden": "tasks", "/a/part-?.arrow": "a",
	} {
		if got := label(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestBadMappings(t *testing.T) {
	const there = "nums, q, target"
	for name, c := range map[string]struct {
		row, want string
		m         Mapping
	}{
		"no column":      {"", `read %s: line 1: field "prompt": no column "question": there are ` + there, Mapping{Prompt: "question", Answer: AnswerMapping{None: true}}},
		"null prompt":    {`{"q":null}`, `read %s: line 1: field "prompt": column "q": want a string or a list of {role, content}, got null`, Mapping{Prompt: "q", Answer: AnswerMapping{None: true}}},
		"not nested":     {"", `read %s: line 1: field "prompt": column "q": want an object that holds "text", got a string`, Mapping{Prompt: "q.text", Answer: AnswerMapping{None: true}}},
		"no truth":       {"", `read %s: line 1: field "answer": no column "a": there are ` + there, Mapping{Prompt: "q", Answer: AnswerMapping{Column: "a"}}},
		"null truth":     {`{"q":"q","a":null}`, `read %s: line 1: field "answer": column "a": null: want the ground truth; write answer: none if the verifier needs none`, Mapping{Prompt: "q", Answer: AnswerMapping{Column: "a"}}},
		"null field":     {`{"q":"q","n":null}`, `read %s: line 1: field "answer": numbers: column "n": null: want the ground truth; write answer: none if the verifier needs none`, Mapping{Prompt: "q", Answer: AnswerMapping{Fields: map[string]string{"numbers": "n"}}}},
		"null printed":   {`{"q":"q","n":null}`, `read %s: line 1: field "template": a column that the template prints is null`, Mapping{Template: "{{.q}} {{.n}}", Answer: AnswerMapping{None: true}}},
		"no JSON":        {"", `read %s: line 1: field "answer": the template does not make JSON: print columns by {{json .column}}`, Mapping{Prompt: "q", Answer: AnswerMapping{Template: `{"value": {{.q}}}`}}},
		"tools":          {"", `read %s: line 1: field "tools": want a list, or a string that holds it as JSON, got a number`, Mapping{Prompt: "q", Tools: "target", Answer: AnswerMapping{None: true}}},
		"meta":           {"", `read %s: line 1: field "meta": no column "id": there are ` + there, Mapping{Prompt: "q", Answer: AnswerMapping{None: true}, Meta: MetaMapping{Columns: []string{"id"}}}},
		"system":         {`{"q":[{"role":"system","content":"s"},{"role":"user","content":"q"}]}`, `read %s: line 1: field "system": column "q" has a system message already: leave one of the two out`, Mapping{Prompt: "q", System: "t", Answer: AnswerMapping{None: true}}},
		"no question":    {"", "mapping: want prompt (a column) or template (text with {{.column}}), one of the two", Mapping{Answer: AnswerMapping{Column: "a"}}},
		"two questions":  {"", "mapping: want prompt (a column) or template (text with {{.column}}), one of the two", Mapping{Prompt: "q", Template: "q", Answer: AnswerMapping{Column: "a"}}},
		"no answer":      {"", "mapping: no answer: want a column, a template of JSON, a list of field: column, or none", Mapping{Prompt: "q"}},
		"bad template":   {"", `mapping: parse template: template: template:1: bad character U+007D '}'`, Mapping{Template: "{{.q}", Answer: AnswerMapping{None: true}}},
		"empty question": {`{"q":" "}`, `read %s: line 1: an empty question`, Mapping{Template: "{{.q}}", Answer: AnswerMapping{None: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.row == "" {
				c.row = `{"q":"What?","nums":[1,2],"target":3}`
			}
			base, file := tempFile(t, "t.jsonl", c.row)
			wantError(t, firstError(NewJSONL(base, JSONLOptions{"t.jsonl", c.m})), file, c.want)
		})
	}

	base, _ := tempFile(t, "t.jsonl", `{"q":"What?","nums":[1,2],"target":3}`)
	err := firstError(NewJSONL(base, JSONLOptions{"t.jsonl", Mapping{Template: "{{.numbers}}", Answer: AnswerMapping{None: true}}}))
	if err == nil || !strings.Contains(err.Error(), `no entry for key "numbers": there are the columns nums, q, target`) {
		t.Errorf("unknown column in a template: %v", err)
	}
}

func TestBadPlans(t *testing.T) {
	for text, want := range map[string]string{
		"path: x\nprompts: q":   "prompts",
		"answer: [a, b]":        "answer: want a column",
		"meta: some":            "meta: want a list of columns, all or none",
		"path: x\nmeta: {a: b}": "meta: want a list of columns, all or none",
	} {
		var opts JSONLOptions
		if err := yaml.UnmarshalWithOptions([]byte(text), &opts, yaml.Strict()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

// Whatever a plan maps of whatever row, the prompt holds its promises or there is an error.
func FuzzMapping(f *testing.F) {
	f.Add(`{"q":"a","b":[1]}`, "q", "", "b", "")
	f.Add(`{"q":{"r":"a"},"b":null}`, "q.r", "s {{.b}}", "", `{"x":{{json .q}}}`)
	f.Add(`{"q":[{"role":"user","content":"x","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}]}`, "q", "", "", "{{.q}}")
	f.Add(`{"":1,"a.b":"c"}`, "a.b", "{{range $k, $v := .}}{{$k}}{{end}}", "", "7")
	f.Fuzz(func(t *testing.T, line, prompt, system, column, answer string) {
		file := filepath.Join(t.TempDir(), "t")
		if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := NewJSONL("", JSONLOptions{file, Mapping{Prompt: prompt, System: system, Answer: AnswerMapping{Column: column, Template: answer}, Meta: MetaMapping{All: true}}})
		if err != nil {
			return
		}
		for p, err := range s.Prompts(t.Context()) {
			if err != nil {
				return
			}
			if err := p.Check(); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	})
}
