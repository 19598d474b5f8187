package reward

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"mulligan/data"
)

func newFunctionCall(t testing.TB, rules string) *FunctionCall {
	t.Helper()
	f, err := NewFunctionCall(FunctionCallOptions{Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func callPrompt(calls string) data.Prompt {
	return data.Prompt{
		Messages: []data.Message{{Role: data.RoleUser, Content: "What is the weather?"}},
		Answer:   json.RawMessage(`{"tools":[],"calls":` + calls + `}`),
	}
}

// call writes one call of f with the arguments given.
func call(args string) string { return `{"name":"f","arguments":` + args + `}` }

// TestFunctionCallEquality has the decisions of the strict rules, and what the verifiers library
// makes of the same replies.
func TestFunctionCallEquality(t *testing.T) {
	for _, c := range []struct {
		what, expected, reply string
		strict, verifiers     bool
	}{
		{"the same", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":1}`) + `]`, true, true},
		{"1 and 1.0", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":1.0}`) + `]`, true, true},
		{"100 and 1e2", `[` + call(`{"a":100}`) + `]`, `[` + call(`{"a":1e2}`) + `]`, true, true},
		{"1 and true", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":true}`) + `]`, false, true},
		{"false and 0.0", `[` + call(`{"a":false}`) + `]`, `[` + call(`{"a":0.0}`) + `]`, false, true},
		{"1 and text", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":"1"}`) + `]`, false, false},
		{"0 and -0", `[` + call(`{"a":0}`) + `]`, `[` + call(`{"a":-0.0}`) + `]`, true, true},
		{"null and nothing", `[` + call(`{"a":null}`) + `]`, `[` + call(`{}`) + `]`, false, false},
		{"null and false", `[` + call(`{"a":null}`) + `]`, `[` + call(`{"a":false}`) + `]`, false, false},
		{"2^53+1 and 2^53", `[` + call(`{"a":9007199254740993}`) + `]`, `[` + call(`{"a":9007199254740992}`) + `]`, false, false},
		{"2^53+1 and its float", `[` + call(`{"a":9007199254740993}`) + `]`, `[` + call(`{"a":9007199254740993.0}`) + `]`, true, false},
		{"2^100 and its float", `[` + call(`{"a":1267650600228229401496703205376}`) + `]`, `[` + call(`{"a":1267650600228229401496703205376.0}`) + `]`, true, true},
		{"floats that round to the same", `[` + call(`{"a":0.1}`) + `]`, `[` + call(`{"a":0.1000000000000000055511151231257827}`) + `]`, false, true},
		{"0.10 and 0.1", `[` + call(`{"a":0.10}`) + `]`, `[` + call(`{"a":0.1}`) + `]`, true, true},
		{"overflow", `[` + call(`{"a":1e400}`) + `]`, `[` + call(`{"a":1e500}`) + `]`, false, true},
		{"NaN", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":NaN}`) + `]`, false, false},
		{"an exponent out of bounds", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":1e99999999999999999999}`) + `]`, false, false},
		{"order of keys", `[` + call(`{"a":1,"b":{"c":2,"d":3}}`) + `]`, `[{"arguments":{"b":{"d":3,"c":2},"a":1},"name":"f"}]`, true, true},
		{"order of a list", `[` + call(`{"a":[1,2]}`) + `]`, `[` + call(`{"a":[2,1]}`) + `]`, false, false},
		{"equal keys, the last counts", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":2,"a":1}`) + `]`, true, true},
		{"case", `[` + call(`{"a":"Paris"}`) + `]`, `[` + call(`{"a":"paris"}`) + `]`, false, false},
		{"escapes", `[` + call(`{"a":"é\n"}`) + `]`, `[` + call(`{"a":"\u00e9\u000a"}`) + `]`, true, true},
		{"surrogate pair", `[` + call(`{"a":"😀"}`) + `]`, `[` + call(`{"a":"\ud83d\ude00"}`) + `]`, true, true},
		{"lone surrogate", `[` + call(`{"a":"\ud83d"}`) + `]`, `[` + call(`{"a":"\ufffd"}`) + `]`, false, false},
		{"no normalisation", `[` + call(`{"a":"é"}`) + `]`, `[` + call("{\"a\":\"e\u0301\"}") + `]`, false, false},
		{"empty list and empty object", `[` + call(`{"a":[]}`) + `]`, `[` + call(`{"a":{}}`) + `]`, false, false},
		{"an argument too many", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":1,"b":2}`) + `]`, false, false},
		{"the other name", `[` + call(`{}`) + `]`, `[{"name":"g","arguments":{}}]`, false, false},
		{"order of calls", `[` + call(`{"a":1}`) + `,` + call(`{"a":2}`) + `]`, `[` + call(`{"a":2}`) + `,` + call(`{"a":1}`) + `]`, true, true},
		{"one call twice", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":1}`) + `,` + call(`{"a":1}`) + `]`, false, true},
		{"one of two equal calls", `[` + call(`{"a":1}`) + `,` + call(`{"a":1}`) + `]`, `[` + call(`{"a":1}`) + `]`, false, true},
		{"a call too few", `[` + call(`{"a":1}`) + `,` + call(`{"a":2}`) + `]`, `[` + call(`{"a":1}`) + `]`, false, false},
		{"a call too many", `[` + call(`{"a":1}`) + `]`, `[` + call(`{"a":1}`) + `,` + call(`{"a":2}`) + `]`, false, false},
		{"other keys of a call", `[` + call(`{}`) + `]`, `[{"id":"1","name":"f","arguments":{}}]`, true, false},
		{"arguments as text", `[` + call(`{"a":1}`) + `]`, `[{"name":"f","arguments":"{\"a\":1}"}]`, true, false},
		{"an object alone", `[` + call(`{"a":1}`) + `]`, call(`{"a":1}`), true, false},
		{"no calls wanted, none made", `[]`, `[]`, true, true},
		{"no calls wanted, one made", `[]`, `[` + call(`{}`) + `]`, false, false},
		{"no call made", `[` + call(`{}`) + `]`, `[]`, false, false},
		{"no JSON", `[` + call(`{}`) + `]`, `[{'name': 'f', 'arguments': {}}]`, false, false},
	} {
		p := callPrompt(c.expected)
		for _, rules := range []string{RulesStrict, RulesVerifiers} {
			want := c.strict
			if rules == RulesVerifiers {
				want = c.verifiers
			}
			v, err := newFunctionCall(t, rules).Verify(t.Context(), p, "<think>x</think>\n<tool>\n"+c.reply+"\n</tool>")
			if err != nil || v.Pass != want || v.Pass != (v.Score == 1) {
				t.Errorf("%s, rules %s: pass %t, score %g (%s), error %v; want %t", c.what, rules, v.Pass, v.Score, v.Reason, err, want)
			}
		}
	}
}

// TestParseCalls has one reply for each rule of where calls are.
func TestParseCalls(t *testing.T) {
	const one, two = `[{"name":"f","arguments":{"a":1}}]`, `[{"name":"f","arguments":{"a":1}},{"name":"g","arguments":{}}]`
	f, g := call(`{"a":1}`), `{"name":"g","arguments":{}}`
	for _, c := range []struct{ reply, want string }{
		{`[` + f + `]`, one},
		{f, one},
		{" \n" + f + "\n", one},
		{"```json\n[" + f + "]\n```", one},
		{"```\n" + f + "\n```", one},
		{"```[" + f + "]```", one},
		{"Sure:\n```json\n[" + f + "]\n```\nDone.", one},
		{"<tool_call>" + f + "</tool_call>", one},
		{"<tool_call>\n" + f + "\n</tool_call>\n<tool_call>\n" + g + "\n</tool_call>", two},
		{"I think.\n<tool>[" + f + "," + g + "]</tool> and {\"name\":\"h\",\"arguments\":{}}", two},
		{"<TOOLCALL>[" + f + "]</TOOLCALL>", one},
		{"<tool_calls>[" + f + "]</tool_calls>", one},
		{"<function_call>" + f + "</function_call>", one},
		{"<tool_call>" + f, one}, // cut by a stop string
		{"<tool_call>" + f + "</tool_call><tool_call>{broken</tool_call>", ""},
		{"<tool_call></tool_call>", ""},
		{"<tool_call>", ""},
		{"[" + f + "] <tool_call>no</tool_call>", ""},
		{`[{"name":"f","arguments":{"a":"<tool>x</tool>"}}]`, `[{"name":"f","arguments":{"a":"<tool>x</tool>"}}]`},
		{`[{"name":"f","arguments":{"a":"</think>"}}]`, `[{"name":"f","arguments":{"a":"</think>"}}]`},
		{"<think>[" + g + "]</think>[" + f + "]", one},
		{"<think>[" + g + "]</think> none", ""},
		{"<think>" + f, one}, // thinking that does not end is text
		{"first [" + g + "], better [" + f + "].", one},
		{"first [" + g + `], then {"a": 1} and [1, 2].`, `[{"name":"g","arguments":{}}]`},
		{f + "\n" + g, two},
		{f + "; " + g, two},
		{"The calls:\n" + f + ",\n" + g + "\n", two},
		{f + " and " + g, `[{"name":"g","arguments":{}}]`},
		{"[TOOL_CALLS][" + f + "]", one},
		{"x [" + f + "] []", one},
		{"[]", "[]"},
		{"no call: []", "[]"},
		{`{"name":"f","parameters":{"a":1}}`, one},
		{`{"name":"f","parameters":{"a":2},"arguments":{"a":1}}`, one},
		{`{"name":"f","arguments":"{\"a\": 1}"}`, one},
		{`{"name":"f","arguments":"a"}`, ""},
		{`{"name":"f","arguments":null}`, ""},
		{`{"name":"f","arguments":[1]}`, ""},
		{`{"name":"f"}`, ""},
		{`{"name":1,"arguments":{}}`, ""},
		{`{"function":{"name":"f","arguments":"{\"a\":1}"},"id":"c1","type":"function"}`, one},
		{`[` + f + `, 1]`, ""},
		{`[[` + f + `]]`, ""},
		{`{"calls":[` + f + `]}`, ""},
		{`[see {"name":"f","arguments":{"a":1}}`, one},
		{`He said "{" and ` + f, one},
		{`["{", [` + f + `]`, one},
		{`{'name': 'f', 'arguments': {'a': 1}}`, ""},
		{`[` + f + `,]`, ""}, // broken, whatever is whole in it
		{`[` + f + `, {"name":"g","argum`, ""},
		{`[{"name":"g","arguments":{}, ` + f + `]`, ""},
		{f + `, {"name":"g","arguments":{x}}`, ""},
		{f + `; {"name":"g"`, ""},
		{`[[` + f + `]`, ""},
		{`{"plan": ` + f + `, oops}`, ""},
		{"[TOOL_CALLS] " + f, one},
		{f + ",", one},
		{`[{"name":"f","arguments":{"a":01}}]`, ""},
		{"[{\"name\":\"f\",\"arguments\":{\"a\":\"\n\"}}]", ""},
		{"", ""},
		{"f(a=1)", ""},
	} {
		calls, err := parseCalls(c.reply)
		got := ""
		if err == nil {
			got = showCalls(calls, 1000)
		}
		if got != c.want {
			t.Errorf("%s\n got %s (%v)\nwant %s", c.reply, got, err, c.want)
		}
	}
}

func TestFunctionCallVerdict(t *testing.T) {
	p := callPrompt(`[` + call(`{"city":"Oslo"}`) + `,` + call(`{"city":"Rome"}`) + `]`)
	f := newFunctionCall(t, "")
	for _, c := range []struct {
		reply string
		want  Verdict
	}{
		{`[` + call(`{"city":"Rome"}`) + `,` + call(`{"city":"Oslo"}`) + `]`, Verdict{Pass: true, Score: 1,
			Parsed: `[{"name":"f","arguments":{"city":"Rome"}},{"name":"f","arguments":{"city":"Oslo"}}]`}},
		{`[` + call(`{"city":"Rome"}`) + `,` + call(`{"city":"Bonn"}`) + `,` + call(`{}`) + `,` + call(`{}`) + `]`, Verdict{Score: 0.25,
			Parsed:   `[{"name":"f","arguments":{"city":"Rome"}},{"name":"f","arguments":{"city":"Bonn"}},{"name":"f","arguments":{}},{"name":"f","arguments":{}}]`,
			Feedback: "The tool calls are not the right ones.",
			Reason: `1 of 2 expected calls made; not expected: [{"name":"f","arguments":{"city":"Bonn"}},{"name":"f","arguments":{}},{"name":"f","arguments":{}}]; ` +
				`expected: [{"name":"f","arguments":{"city":"Oslo"}},{"name":"f","arguments":{"city":"Rome"}}]`}},
		{"I do not know.", Verdict{Feedback: "The reply holds no tool calls that can be read.", Reason: "the reply holds no JSON array of calls"}},
	} {
		got, err := f.Verify(t.Context(), p, c.reply)
		if err != nil || got != c.want {
			t.Errorf("%s\n got %+v, error %v\nwant %+v", c.reply, got, err, c.want)
		}
	}
	// What an engine parsed arrives as data.Message shows it.
	m := data.Message{ToolCalls: []data.ToolCall{{Name: "f", Arguments: []byte(`{"city":"Oslo"}`)}, {Name: "f", Arguments: []byte(`{"city":"Rome"}`)}}}
	if v, err := f.Verify(t.Context(), p, m.Answer()); err != nil || !v.Pass {
		t.Errorf("tool calls of a message: %+v, error %v", v, err)
	}
}

func TestFunctionCallTruth(t *testing.T) {
	f := newFunctionCall(t, "")
	for answer, want := range map[string]string{
		``:                                       "there is none",
		`{"calls":[{"name":"f"}]}`:               "calls[0].arguments is null or missing",
		`{"calls":[{"arguments":{}}]}`:           "calls[0].name is null or missing, or empty",
		`{"calls":[{"name":"f","arguments":1}]}`: "calls[0].arguments is a number",
		`{"calls":"[]"}`:                         "calls is a text",
		`{"calls":[],"tools":"[]"}`:              "tools is a text",
		`{"tools":[]}`:                           "no field calls",
		`[]`:                                     "it is an array",
		`{"calls":[{"name":"f","arguments":{"a":NaN}}]}`: "calls[0] holds a number that equals nothing",
	} {
		err := f.CheckTruth(data.Prompt{Answer: json.RawMessage(answer)})
		if err == nil || !strings.HasPrefix(err.Error(), "function_call: ground truth: "+want+": want {") {
			t.Errorf("%s: error %v, want %s", answer, err, want)
		}
	}
	if _, err := NewFunctionCall(FunctionCallOptions{Rules: "loose"}); err == nil || err.Error() != `function_call: rules "loose": want strict or verifiers` {
		t.Errorf("rules loose: error %v", err)
	}
}

func TestFunctionCallLeaks(t *testing.T) {
	f := newFunctionCall(t, "")
	p := callPrompt(`[{"name":"get_weather","arguments":{"city":"Oslo","days":2,"metric":true}}]`)
	args := `{"days": 2.0, "metric": true, "city": "Oslo"}`
	for text, want := range map[string]bool{
		`I should call {"name": "get_weather", "arguments": ` + args + `}.`:                                         true,
		`[{"function": {"name": "get_weather", "arguments": ` + args + `}}]`:                                        true,
		`{"get_weather": ` + args + `}`:                                                                             true,
		`Use get_weather with ` + args:                                                                              true,
		`{"plan": ["x", {"next": {"name": "get_weather", "parameters": ` + args + `}}]}`:                            true,
		`{"thought": "{\"name\": \"get_weather\", \"arguments\": {\"city\":\"Oslo\",\"days\":2,\"metric\":true}}"}`: true,
		`get_weather(city="Oslo", days=2, metric=True)`:                                                             true,
		`call get_weather(days=2, metric=true, city='Oslo') instead, don't guess`:                                   true,
		"get_weather(\r\n  city='Oslo',\r\n  days=2,\r\n  metric=True)":                                             true,
		`Use a tool with ` + args:                                                                                   false,
		`get_weather(city="Oslo", days=3, metric=True)`:                                                             false,
		`forget_weather(city="Oslo", days=2, metric=True)`:                                                          false,
		`get_weather("Oslo", 2, True)`:                                                                              false,
		`get_weather(city="Oslo", days=2, metric=1)`:                                                                false,
		`I forgot to call get_weather for Oslo.`:                                                                    false,
		`get_weather(`:                                                                                              false,
		``:                                                                                                          false,
	} {
		if got, err := f.Leaks(t.Context(), p, text); err != nil || got != want {
			t.Errorf("%s: leaks %t, error %v, want %t", text, got, err, want)
		}
	}
	known := p
	known.Messages = []data.Message{{Role: data.RoleUser, Content: `Run get_weather(city="Oslo", days=2, metric=True)`}}
	if got, err := f.Leaks(t.Context(), known, `get_weather(city="Oslo", days=2, metric=True)`); err != nil || got {
		t.Errorf("a call that the question holds: leaks %t, error %v", got, err)
	}
	both := callPrompt(`[` + call(`{"a":1}`) + `,` + call(`{"a":2}`) + `]`)
	for text, want := range map[string]bool{`f(a=1)`: false, `f(a=1) and f(a=2)`: true} {
		if got, err := f.Leaks(t.Context(), both, text); err != nil || got != want {
			t.Errorf("two calls expected: %s: leaks %t, error %v, want %t", text, got, err, want)
		}
	}
}

// TestVerifiersReference compares the rules verifiers with testdata/bfcl_reference.py, on calls
// with changes that the equality may or may not see.
func TestVerifiersReference(t *testing.T) {
	ref := startReference(t)
	values := []string{"1", "1.0", "true", "0", "false", "-0.0", "null", `""`, `"1"`, `"é"`, `"\u00e9"`, "[]", "[1]", "[true]", "{}", `{"k":1}`, `{"k":1.0,"j":[0]}`,
		`{"j":[false],"k":true}`, "1e400", "1e999", "-1e400", "NaN", "Infinity", "9007199254740993", "9007199254740992.0", "9007199254740993.0", "1e2", "100", "0.1",
		"0.1000000000000000055", `"\ud800"`, strings.Repeat("9", 4300), strings.Repeat("9", 4301), "01", "1.", "tru"}
	r := rand.New(rand.NewPCG(5, 6))
	value := func() string { return values[r.IntN(len(values))] }
	list := func(n int) string {
		var calls []string
		for range n {
			calls = append(calls, fmt.Sprintf(`{"name":"%s","arguments":{"a":%s}}`, []string{"f", "g"}[r.IntN(8)/7], value()))
		}
		return "[" + strings.Join(calls, ",") + "]"
	}
	var calls, replies []string
	for range 20_000 {
		truth := list(r.IntN(3))
		if v, err := parseJSON(truth); err != nil || strings.Contains(truth, "NaN") || strings.Contains(truth, "Infinity") || !json.Valid([]byte(truth)) || v.kind != pyList {
			continue
		}
		reply := truth
		switch r.IntN(4) {
		case 0:
			reply = list(r.IntN(3))
		case 1, 2:
			reply = strings.Replace(truth, value(), value(), 1+r.IntN(2))
		}
		switch r.IntN(12) {
		case 0:
			reply = "<tool>" + reply
		case 1:
			reply = "<tool>" + reply + "</tool><tool>[]</tool>"
		case 2:
			reply = "<think><tool>[]</tool></think><tool>" + reply + "</tool>"
		case 3:
			reply = "<tool>" + []string{"", " ", "{}", `""`, "null", "1", `"a"`, `{"a":1}`, "[[]]", "\u00a0[]\u2003", "\x1c[]", "[] []", "\ufeff[]"}[r.IntN(13)] + "</tool>"
		case 4:
			reply = "<tool>```" + reply + "```</tool>"
		case 5:
		default:
			reply = "<think>\n</think>\n<tool>\n" + reply + "\n</tool>\n"
		}
		calls, replies = append(calls, truth), append(replies, reply)
	}
	requests := make([]map[string]any, len(calls))
	for i := range calls {
		requests[i] = map[string]any{"op": "xlam", "calls": calls[i], "reply": replies[i]}
	}
	passed := 0
	f := newFunctionCall(t, RulesVerifiers)
	for i, want := range ask[struct{ Score float64 }](ref, requests) {
		v, err := f.Verify(context.Background(), callPrompt(calls[i]), replies[i])
		if err != nil || v.Score != want.Score || v.Pass != (v.Score == 1) {
			t.Errorf("calls %.200s\nreply %.200s\nscore %g, error %v; want %g", calls[i], replies[i], v.Score, err, want.Score)
		}
		if v.Pass {
			passed++
		}
	}
	t.Logf("%d replies, %d pass", len(calls), passed)
	if passed < 2000 || len(calls)-passed < 2000 {
		t.Errorf("%d of %d replies pass: too few to tell", passed, len(calls))
	}
}

func FuzzParseCalls(f *testing.F) {
	for _, s := range []string{`[{"name":"f","arguments":{"a":1}}]`, "<tool_call>{}</tool_call>", "```json\n[]\n```", `["{",[{"a":"\ud800"}]`, `{"a":1e5} ; {"name":"f","parameters":"{}"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		end := 0
		for _, sp := range jsonSpans(s) {
			if sp.from < end || sp.to <= sp.from || sp.to > len(s) {
				t.Fatalf("%q: span %v after %d", s, sp, end)
			}
			end = sp.to
		}
		v, err := parseJSON(s)
		if std := json.Valid([]byte(s)); std && err != nil && !strings.Contains(err.Error(), "than") {
			t.Fatalf("%q: %v, but it is JSON", s, err)
		} else if err == nil && !std && !strings.Contains(s, "NaN") && !strings.Contains(s, "Infinity") {
			t.Fatalf("%q: read as %s, but it is no JSON", s, showValue(v, 100))
		}
		if err == nil && v.kind >= pyList && len(jsonSpans(s)) != 1 {
			t.Fatalf("%q: one value, spans %v", s, jsonSpans(s))
		}
		calls, err := parseCalls(s)
		if err != nil {
			return
		}
		shown := showCalls(calls, 1<<20)
		again, err := parseCalls(shown)
		if strings.Contains(s, "NaN") || strings.Contains(s, "Infinity") {
			return
		}
		if err != nil || len(again) != len(calls) {
			t.Fatalf("%q: %d calls, shown as %q: %d calls, error %v", s, len(calls), shown, len(again), err)
		}
		for i := range calls {
			a, ok := callKey(calls[i])
			if b, _ := callKey(again[i]); ok && a != b {
				t.Fatalf("%q: call %d is %s, and shown %s", s, i, a, b)
			}
		}
	})
}

func BenchmarkFunctionCall(b *testing.B) {
	p := callPrompt(`[{"name":"get_weather","arguments":{"city":"Oslo","days":2,"metric":true}},{"name":"get_weather","arguments":{"city":"Rome","days":2,"metric":true}}]`)
	reply := "I will call two tools.\n```json\n" + `[{"name":"get_weather","arguments":{"city":"Rome","days":2,"metric":true}},{"name":"get_weather","arguments":{"city":"Oslo","days":2,"metric":true}}]` + "\n```\n"
	f := newFunctionCall(b, "")
	b.Run("verify", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if v, err := f.Verify(context.Background(), p, reply); err != nil || !v.Pass {
				b.Fatal(v, err)
			}
		}
	})
	b.Run("leaks", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if leaks, err := f.Leaks(context.Background(), p, reply); err != nil || !leaks {
				b.Fatal(leaks, err)
			}
		}
	})
	for name, s := range map[string]string{"brackets": strings.Repeat("[", 1<<20), "objects": strings.Repeat(`{"a":`, 1<<20/5), "calls": strings.Repeat(`{"name":"f","arguments":{}},`, 1<<20/28)} {
		b.Run("1MB/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				if _, err := f.Verify(context.Background(), p, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
