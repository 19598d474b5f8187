package source

import (
	"reflect"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestGeneratorPlans(t *testing.T) {
	var calls FunctionCallsOptions
	decodeStrict(t, "count: 10\nseed: -7\nlevel: hard\ntools: 4\ncalls: 2\nexamples: 3\ntools_in: prompt\nsystem: 'Use {{.tools}}'", &calls)
	want := FunctionCallsOptions{Count: 10, Seed: -7, Level: "hard", Tools: 4, Calls: Range{2, 2}, Examples: 3, ToolsIn: ToolsInPrompt, System: "Use {{.tools}}"}
	if calls != want {
		t.Errorf("got %+v, want %+v", calls, want)
	}
	var numbers CountdownOptions
	decodeStrict(t, "count: 1\nnumbers: 3-4\ntarget_max: 50", &numbers)
	if want := (CountdownOptions{Count: 1, Numbers: Range{3, 4}, TargetMax: 50}); numbers != want {
		t.Errorf("got %+v, want %+v", numbers, want)
	}
	for _, opts := range []any{&calls, &numbers} {
		text, err := yaml.Marshal(opts)
		if err != nil {
			t.Fatal(err)
		}
		again := reflect.New(reflect.TypeOf(opts).Elem()).Interface()
		if decodeStrict(t, string(text), again); !reflect.DeepEqual(again, opts) {
			t.Errorf("written as %s: read as %+v, want %+v", text, again, opts)
		}
	}
	for _, text := range []string{"calls: some", "calls: 1-", "calls: [1, 2]", "calls: 1.5"} {
		if err := yaml.UnmarshalWithOptions([]byte(text), &calls, yaml.Strict()); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
