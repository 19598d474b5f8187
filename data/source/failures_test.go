package source

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"mulligan/data"
)

// failuresRow has the columns that the format failures writes.
type failuresRow struct {
	FailureID      string           `parquet:"failure_id" json:"failure_id"`
	TaskID         string           `parquet:"task_id" json:"task_id"`
	Source         string           `parquet:"source" json:"source"`
	Prompt         []failureMessage `parquet:"prompt,list" json:"prompt"`
	PromptMessages *string          `parquet:"prompt_messages" json:"prompt_messages"`
	Tools          *string          `parquet:"tools" json:"tools"`
	Answer         string           `parquet:"answer" json:"answer"`
	Meta           *string          `parquet:"meta" json:"meta"`
	Output         string           `parquet:"output" json:"output"`
	OutputMessage  *string          `parquet:"output_message" json:"output_message"`
	Stop           string           `parquet:"stop" json:"stop"`
	Reason         *string          `parquet:"reason" json:"reason"`
	Model          *string          `parquet:"model" json:"model"`
	Revision       *string          `parquet:"revision" json:"revision"`
	Quantization   *string          `parquet:"quantization" json:"quantization"`
	TemplateDigest *string          `parquet:"template_digest" json:"template_digest"`
	Server         *string          `parquet:"server" json:"server"`
	ServerVersion  *string          `parquet:"server_version" json:"server_version"`
	Sampling       string           `parquet:"sampling" json:"sampling"`
	Draws          int32            `parquet:"draws" json:"draws"`
	Passes         int32            `parquet:"passes" json:"passes"`
}

type failureMessage struct {
	Role    string `parquet:"role" json:"role"`
	Content string `parquet:"content" json:"content"`
}

func TestFailures(t *testing.T) {
	text := func(s string) *string { return &s }
	rows := []failuresRow{
		{
			FailureID: "f", TaskID: "t", Source: "mulligan/countdown", Prompt: []failureMessage{{"system", "s"}, {"user", "Make 98."}},
			Tools: text(`[{"name":"f","parameters":{"type": "object"}}]`), Answer: `{"numbers": [44,19,35], "target":98}`, Meta: text(`{"level":"easy"}`),
			Output: "44+19", OutputMessage: text(`{"role":"assistant","content":"44+19","thinking":"hm"}`), Stop: "length", Reason: text("makes 63"),
			Model: text("smollm2:135m"), Revision: text("sha256:1"), Quantization: text("Q4_1"), TemplateDigest: text("abc"), Server: text("ollama"), ServerVersion: text("0.17.4"),
			Sampling: `{"temperature":0.8,"top_p":1,"top_k":0,"min_p":0,"repeat_penalty":1,"max_tokens":128,"context":2048,"stop":["\n"]}`, Draws: 8, Passes: 3,
		},
		{
			Prompt: []failureMessage{{"user", "?"}, {"assistant", ""}, {"tool", "1"}}, Answer: "", Output: "none", Sampling: "{}", Draws: 1,
			PromptMessages: text(`[{"role":"user","content":"?"},{"role":"assistant","content":"","tool_calls":[{"name":"f","arguments":{}}]},{"role":"tool","content":"1","tool_name":"f"}]`),
		},
	}
	want := []data.Prompt{
		{
			Source:   "mulligan/countdown",
			Messages: []data.Message{{Role: "system", Content: "s"}, {Role: "user", Content: "Make 98."}},
			Tools:    []data.Tool{{Name: "f", Parameters: json.RawMessage(`{"type":"object"}`)}},
			Answer:   json.RawMessage(`{"numbers":[44,19,35],"target":98}`),
			Meta:     map[string]json.RawMessage{"level": json.RawMessage(`"easy"`)},
			Failure: &data.Failure{
				Message:  data.Message{Role: "assistant", Content: "44+19", Thinking: "hm"},
				Policy:   data.Policy{Model: "smollm2:135m", Revision: "sha256:1", Quantization: "Q4_1", TemplateDigest: "abc", Server: "ollama", ServerVersion: "0.17.4"},
				Sampling: data.Sampling{Temperature: 0.8, TopP: 1, RepeatPenalty: 1, MaxTokens: 128, Context: 2048, Stop: []string{"\n"}},
				Draws:    8, Passes: 3, Stop: "length", Reason: "makes 63",
			},
		},
		{
			Messages: []data.Message{
				{Role: "user", Content: "?"},
				{Role: "assistant", ToolCalls: []data.ToolCall{{Name: "f", Arguments: json.RawMessage("{}")}}},
				{Role: "tool", Content: "1", ToolName: "f"},
			},
			Failure: &data.Failure{Message: data.Message{Role: "assistant", Content: "none"}, Draws: 1},
		},
	}
	file := filepath.Join(t.TempDir(), "failures.parquet")
	if err := parquet.WriteFile(file, rows); err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	enc := json.NewEncoder(&lines)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	base, _ := tempFile(t, "failures.jsonl", lines.String())
	for name, s := range map[string]Source{
		"parquet": must(NewFailures("", FailuresOptions{file})),
		"jsonl":   must(NewFailures(base, FailuresOptions{"failures.jsonl"})),
	} {
		if got := collect(t, s, nil); !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v, %+v\nwant %+v, %+v", name, got, got[0].Failure, want, want[0].Failure)
		}
	}
}

func TestBadFailures(t *testing.T) {
	good := map[string]string{
		"prompt": `[{"role":"user","content":"q"}]`, "answer": `"1"`, "output": `"2"`, "sampling": `"{}"`, "draws": "2", "passes": "1",
	}
	for name, c := range map[string]struct{ field, value, want string }{
		"good":         {"answer", `"1"`, ""},
		"no output":    {"output", "", `field "output": no column "output": there are answer, draws, passes, prompt, sampling`},
		"null output":  {"output", "null", `field "output": null: want a value`},
		"number":       {"output", "7", `field "output": want a string, got a number`},
		"no prompt":    {"prompt", "null", `field "prompt": null: want a value`},
		"role":         {"prompt", `[{"role":"bot","content":"q"}]`, `message 0: role "bot": want system, user, assistant or tool`},
		"answer":       {"answer", `"{"`, `field "answer": a string that is not JSON: want the ground truth as JSON, or "" for none`},
		"sampling":     {"sampling", `"hot"`, `field "sampling": want an object, or a string that holds it as JSON, got a string that is not JSON`},
		"no sampling":  {"sampling", "", `field "sampling": no column "sampling": there are answer, draws, output, passes, prompt`},
		"half a draw":  {"draws", "1.5", `field "draws": want a whole number, got a number`},
		"no draws":     {"draws", "null", `field "draws": null: want a value`},
		"all passed":   {"passes", "2", `fields "draws" 2 and "passes" 2: want 0 <= passes < draws, as one draw failed`},
		"wrong writer": {"output_message", `{"role":"user","content":"2"}`, `field "output_message": role "user": want assistant`},
		"tools":        {"tools", `"{}"`, `field "tools": want a list, or a string that holds it as JSON, got a string that holds an object`},
		"meta":         {"meta", `[]`, `field "meta": want an object, or a string that holds it as JSON, got a list`},
	} {
		t.Run(name, func(t *testing.T) {
			fields := map[string]json.RawMessage{}
			for k, v := range good {
				fields[k] = json.RawMessage(v)
			}
			if fields[c.field] = json.RawMessage(c.value); c.value == "" {
				delete(fields, c.field)
			}
			line, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			base, file := tempFile(t, "t.jsonl", string(line))
			err = firstError(NewFailures(base, FailuresOptions{"t.jsonl"}))
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, file, "read %s: line 1: "+c.want)
		})
	}
}
