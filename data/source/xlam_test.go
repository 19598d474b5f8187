package source

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/parquet-go/parquet-go"

	"mulligan/data"
)

const (
	xlamTool    = `[{"name": "live_giveaways", "description": "Get giveaways.", "parameters": {"type": {"description": "Kind of giveaway.", "type": "str", "default": "game"}, "ids": {"description": "Which.", "type": "List[int]"}, "note": {"type": "str, optional"}}}]`
	xlamAnswers = `[{"name": "live_giveaways", "arguments": {"type": "beta", "ids": [1, 2]}}]`
	xlamSchema  = `[{"name":"live_giveaways","description":"Get giveaways.","parameters":{"type":"object","properties":{` +
		`"ids":{"description":"Which.","items":{"type":"integer"},"type":"array"},"note":{"type":"string"},` +
		`"type":{"default":"game","description":"Kind of giveaway.","type":"string"}},"required":["ids"]}}]`
)

// xlamLine returns a row as the data set has it: lists as JSON text.
func xlamLine(t *testing.T, query, tools, answers string) string {
	t.Helper()
	line, err := json.Marshal(map[string]any{"id": 7, "query": query, "tools": tools, "answers": answers})
	if err != nil {
		t.Fatal(err)
	}
	return string(line)
}

func TestXLAM(t *testing.T) {
	line := xlamLine(t, "Where are the beta giveaways 1 & 2?", xlamTool, xlamAnswers)
	lines, _ := tempFile(t, "xlam.jsonl", line+"\n")
	array, _ := tempFile(t, "xlam.json", "[\n"+line+"\n]")
	parquetFile := filepath.Join(t.TempDir(), "xlam.parquet")
	type xlamRow struct {
		ID      int64  `parquet:"id"`
		Query   string `parquet:"query"`
		Tools   string `parquet:"tools"`
		Answers string `parquet:"answers"`
	}
	if err := parquet.WriteFile(parquetFile, []xlamRow{{7, "Where are the beta giveaways 1 & 2?", xlamTool, xlamAnswers}}); err != nil {
		t.Fatal(err)
	}

	prompt := data.Prompt{
		Source: "xlam",
		Messages: []data.Message{
			{Role: "system", Content: "You call functions. Reply with a JSON array of function calls and nothing else.\n" +
				`Each call has the form {"name": "<function>", "arguments": {"<argument>": <value>}}.` + "\n" +
				"Use only the functions below. Leave out optional arguments that the user does not ask for.\n" +
				`Functions: [{"name":"live_giveaways","description":"Get giveaways.","parameters":{"type":{"description":"Kind of giveaway.","type":"str","default":"game"},"ids":{"description":"Which.","type":"List[int]"},"note":{"type":"str, optional"}}}]`},
			{Role: "user", Content: "Where are the beta giveaways 1 & 2?"},
		},
		Answer: json.RawMessage(`{"tools":` + xlamSchema + `,"calls":[{"name":"live_giveaways","arguments":{"type":"beta","ids":[1,2]}}]}`),
		Meta:   map[string]json.RawMessage{"id": json.RawMessage("7")},
	}
	for name, s := range map[string]Source{
		"lines":   must(NewXLAM(lines, XLAMOptions{Path: "xlam.jsonl"})),
		"array":   must(NewXLAM(array, XLAMOptions{Path: "xlam.json"})),
		"parquet": must(NewXLAM("", XLAMOptions{Path: parquetFile})),
	} {
		if got := collect(t, s, nil); !reflect.DeepEqual(got, []data.Prompt{prompt}) {
			t.Errorf("%s\n got %+v\n     %s\nwant %+v\n     %s", name, got, got[0].Answer, prompt, prompt.Answer)
		}
	}

	engine := prompt
	engine.Messages = prompt.Messages[1:]
	engine.Source = "gated"
	if err := json.Unmarshal([]byte(xlamSchema), &engine.Tools); err != nil {
		t.Fatal(err)
	}
	got := collect(t, must(NewXLAM(lines, XLAMOptions{Path: "xlam.jsonl", ToolsIn: "engine", Source: "gated"})), nil)
	if !reflect.DeepEqual(got, []data.Prompt{engine}) {
		t.Errorf("tools in the engine\n got %+v\nwant %+v", got, engine)
	}

	got = collect(t, must(NewXLAM(lines, XLAMOptions{Path: "xlam.jsonl", System: "Only these: {{.tools}}"})), nil)
	if want := "Only these: [{\"name\":\"live_giveaways\","; got[0].Messages[0].Content[:len(want)] != want {
		t.Errorf("system message %q", got[0].Messages[0].Content)
	}
}

func TestBadXLAM(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"no answers":   {`{"query":"q","tools":"[]"}`, `read %s: line 1: field "answers": no column "answers": there are query, tools`},
		"null answers": {`{"query":"q","tools":"[]","answers":null}`, `read %s: line 1: field "answers": null: want the ground truth, a list of {name, arguments}`},
		"bad answers":  {`{"query":"q","tools":"[]","answers":"[{]"}`, `read %s: line 1: field "answers": want a list, or a string that holds it as JSON, got a string that is not JSON`},
		"unnamed call": {`{"query":"q","tools":"[]","answers":"[{\"arguments\":{}}]"}`, `read %s: line 1: field "answers": call 0: no name`},
		"arguments":    {`{"query":"q","tools":"[]","answers":"[{\"name\":\"f\",\"arguments\":[]}]"}`, `read %s: line 1: field "answers": call 0: arguments: want an object, or a string that holds it as JSON, got a list`},
		"tools":        {`{"query":"q","tools":{},"answers":"[]"}`, `read %s: line 1: field "tools": want a list, or a string that holds it as JSON, got an object`},
		"parameters":   {`{"query":"q","tools":"[{\"name\":\"f\",\"parameters\":{\"x\":\"int\"}}]","answers":"[]"}`, `read %s: line 1: field "tools": tool "f": parameter "x": want {description, type, default}: json: cannot unmarshal string into Go value of type struct { Type string "json:\"type\""; Description string "json:\"description\""; Default json.RawMessage "json:\"default\"" }`},
		"query":        {`{"query":["q"],"tools":"[]","answers":"[]"}`, `read %s: line 1: field "query": want a string, got a list`},
		"empty query":  {`{"query":"","tools":"[]","answers":"[]"}`, `read %s: line 1: field "query": an empty question`},
		"no query":     {`{"tools":"[]","answers":"[]"}`, `read %s: line 1: field "query": no column "query": there are answers, tools`},
	} {
		t.Run(name, func(t *testing.T) {
			base, file := tempFile(t, "t.jsonl", c.line)
			wantError(t, firstError(NewXLAM(base, XLAMOptions{Path: "t.jsonl"})), file, c.want)
		})
	}
	base, _ := tempFile(t, "t.jsonl", "{}")
	wantError(t, firstError(NewXLAM(base, XLAMOptions{Path: "t.jsonl", ToolsIn: "model"})), "", `source xlam: tools_in "model": want prompt or engine`)
}

func TestPythonTypes(t *testing.T) {
	for python, want := range map[string]string{
		"str":                        `{"type":"string"}`,
		"int, optional":              `{"type":"integer"}?`,
		"float":                      `{"type":"number"}`,
		"bool, optional":             `{"type":"boolean"}?`,
		"List[str]":                  `{"items":{"type":"string"},"type":"array"}`,
		"list":                       `{"type":"array"}`,
		"List[List[int]], optional":  `{"items":{"items":{"type":"integer"},"type":"array"},"type":"array"}?`,
		"Tuple[float, float]":        `{"items":{"type":"number"},"type":"array"}`,
		"Tuple[int, str]":            `{"type":"array"}`,
		"Tuple[int, ...]":            `{"items":{"type":"integer"},"type":"array"}`,
		"Dict[str, List[int]]":       `{"type":"object"}`,
		"Optional[Dict[str, Any]]":   `{"type":"object"}?`,
		"Union[int, List[str]]":      `{"anyOf":[{"type":"integer"},{"items":{"type":"string"},"type":"array"}]}`,
		"Union[str, None]":           `{"anyOf":[{"type":"string"}]}?`,
		"Callable[[float], float]":   `{}`,
		"Any":                        `{}`,
		"":                           `{}`,
		"List[Union[int, float]]":    `{"items":{"anyOf":[{"type":"integer"},{"type":"number"}]},"type":"array"}`,
		"typing.List[str], optional": `{"items":{"type":"string"},"type":"array"}?`,
	} {
		schema, optional := pythonSchema(python)
		got, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		if optional {
			got = append(got, '?')
		}
		if string(got) != want {
			t.Errorf("%q: got %s, want %s", python, got, want)
		}
	}
}
