package reward

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"mulligan/data"
)

// bfclTask makes a ground truth of one tool f with the given properties.
func bfclTask(category, properties, required, truth string) data.Prompt {
	return data.Prompt{Answer: json.RawMessage(fmt.Sprintf(
		`{"tools":[{"name":"m.f","parameters":{"properties":%s,"required":%s}},{"name":"g","parameters":{"properties":{"n":{"type":"integer"}},"required":["n"]}}],"ground_truth":%s,"category":%q,"language":"python"}`,
		properties, required, truth, category))}
}

// TestBFCLVerdicts has the package's rules one by one; the error types are the package's.
func TestBFCLVerdicts(t *testing.T) {
	const props = `{"s":{"type":"string"},"i":{"type":"integer"},"x":{"type":"float"},"b":{"type":"boolean"},"l":{"type":"array","items":{"type":"string"}},` +
		`"t":{"type":"tuple","items":{"type":"float"}},"d":{"type":"dict"},"ds":{"type":"array","items":{"type":"dict"}},"any":{"type":"any"}}`
	for _, c := range []struct{ truth, reply, want string }{
		{`{"s":["New York, NY","NYC"]}`, `[m.f(s="new york ny")]`, ""},
		{`{"s":["New York, NY","NYC"]}`, `[m.f(s="N.Y.C")]`, ""},
		{`{"s":["it's"]}`, `[m.f(s='it"s')]`, ""},
		{`{"s":["a"]}`, `[m.f(s="b")]`, "value_error:string"},
		{`{"s":["a"]}`, `[m.f(s="a!")]`, "value_error:string"},
		{`{"s":["a"]}`, `[m.f(s=a)]`, ""}, // a bare name is its text
		{`{"s":["a"]}`, `[m.f(s=5)]`, "type_error:simple"},
		{`{"s":[5]}`, `[m.f(s=5)]`, ""}, // the type of the ground truth counts too, and its values as they are
		{`{"s":[null,"A"]}`, `[m.f(s="a")]`, "value_error:others"},
		{`{"i":[5]}`, `[m.f(i=5)]`, ""},
		{`{"i":[5]}`, `[m.f(i=2+3)]`, ""},
		{`{"i":[5]}`, `[m.f(i=5.0)]`, "type_error:simple"},
		{`{"i":[1]}`, `[m.f(i=True)]`, "type_error:simple"},
		{`{"i":[-5]}`, `[m.f(i=+5)]`, ""}, // the decoder negates, whatever the sign
		{`{"i":[5]}`, `[m.f(i=9**9**9)]`, "ast_decoder:decoder_failed"},
		{`{"i":[5]}`, `[m.f(i=int("5"))]`, "type_error:simple"}, // the text int('5')
		{`{"i":[5]}`, `[m.f(i=int("5")+0)]`, "ast_decoder:decoder_failed"},
		{`{"x":[5.0]}`, `[m.f(x=5)]`, ""},
		{`{"x":[0.5]}`, `[m.f(x=1/2)]`, ""},
		{`{"x":[5.0]}`, `[m.f(x="5.0")]`, "type_error:simple"},
		{`{"x":[1.0]}`, `[m.f(x=True)]`, "type_error:simple"},
		{`{"x":[1.0]}`, `[m.f(x=1` + strings.Repeat("0", 400) + `)]`, "exception"},
		{`{"b":[true]}`, `[m.f(b=True)]`, ""},
		{`{"b":[true]}`, `[m.f(b=true)]`, "type_error:simple"},
		{`{"b":[true]}`, `[m.f(b=1)]`, "type_error:simple"},
		{`{"b":[true]}`, `[m.f(b=False)]`, "value_error:others"},
		{`{"l":[["a","b"]]}`, `[m.f(l=["A","b."])]`, ""},
		{`{"l":[["a","b"]]}`, `[m.f(l=["b","a"])]`, "value_error:list/tuple"},
		{`{"l":[["a","b"]]}`, `[m.f(l=("a","b"))]`, "type_error:simple"},
		{`{"l":[["a","b"]]}`, `[m.f(l=["a",1])]`, "type_error:nested"},
		{`{"l":[["a"],""]}`, `[m.f(l=[])]`, ""}, // "" as a list has no elements
		{`{"t":[[1.0,2.0]]}`, `[m.f(t=(1.0,2.0))]`, ""},
		{`{"t":[[1.0,2.0]]}`, `[m.f(t=[1.0,2.0])]`, ""},
		{`{"t":[[1.0,2.0]]}`, `[m.f(t=(1,2))]`, "type_error:nested"},
		{`{"d":[{"k":["v","w"],"o":[1,""]}]}`, `[m.f(d={"k":"W"})]`, ""},
		{`{"d":[{"k":["v"],"o":[1]}]}`, `[m.f(d={"k":"v"})]`, "value_error:dict_key"},
		{`{"d":[{"k":["v"]}]}`, `[m.f(d={"k":"v","z":1})]`, "value_error:dict_key"},
		{`{"d":[{"k":["v"]}]}`, `[m.f(d={"k":"x"})]`, "value_error:dict_value"},
		{`{"d":[{"k":["v"]}]}`, `[m.f(d=dict(k="v"))]`, "value_error:dict_key"}, // {"dict": {"k": "v"}}
		{`{"ds":[[{"k":[1]},{"k":[2]}]]}`, `[m.f(ds=[{"k":1},{"k":2}])]`, ""},
		{`{"ds":[[{"k":[1]},{"k":[2]}]]}`, `[m.f(ds=[{"k":2},{"k":1}])]`, "value_error:dict_value"},
		{`{"ds":[[{"k":[1]},{"k":[2]}]]}`, `[m.f(ds=[{"k":1}])]`, "value_error:list_dict_count"},
		{`{"ds":["",[{"k":[1]}]]}`, `[m.f(ds=[1])]`, "exception"},
		{`{"any":["x"]}`, `[m.f(any="X")]`, ""},
		{`{"s":["a",""]}`, `[m.f()]`, ""},
		{`{"s":["a"]}`, `[m.f()]`, "simple_function_checker:missing_optional"},
		{`{"s":["a"]}`, `[m.f(s="a", z=1)]`, "simple_function_checker:unexpected_param"},
		{`{"s":["a"]}`, `[m.f(s="a", i=1)]`, "simple_function_checker:unexpected_param"},
		{`{"s":["a"]}`, `[m.f(**s)]`, "simple_function_checker:unexpected_param"},
		{`{"s":["a"]}`, `[m.f("b", s="a")]`, ""}, // positional arguments are passed over
		{`{"s":["a"]}`, `[m.f(s="b", s="a")]`, ""},
		{`{"s":["a"]}`, `[m_f(s="a")]`, "simple_function_checker:wrong_func_name"},
		{`{"s":["a"]}`, `[m.f(s="a"), m.f(s="a")]`, "simple_function_checker:wrong_count"},
		{`{"s":["a"]}`, ``, "simple_function_checker:wrong_count"},
		{`{"s":["a"]}`, "```\nm.f(s='a')\n```", ""},
		{`{"s":["a"]}`, `The call is m.f(s="a")`, "ast_decoder:decoder_failed"},
		{`{"s":["a"]}`, `[m.f(s=f"a")]`, "ast_decoder:decoder_failed"},
		{`{"s":["a"]}`, `[m.f(from="a")]`, "ast_decoder:decoder_failed"},
	} {
		p := bfclTask("simple", props, "[]", `[{"m.f":`+c.truth+`}]`)
		v, err := newBFCL(t, BFCLOptions{Format: FormatPython}).Verify(t.Context(), p, c.reply)
		kind, _, _ := strings.Cut(v.Reason, " ")
		if err != nil || kind != c.want || v.Pass != (c.want == "") || v.Pass != (v.Score == 1) {
			t.Errorf("%s with %.60s: pass %t, %s, error %v; want %q", c.truth, c.reply, v.Pass, v.Reason, err, c.want)
		}
	}
}

func TestBFCLCategories(t *testing.T) {
	const props, two = `{"a":{"type":"integer"}}`, `[{"m.f":{"a":[1]}},{"g":{"n":[2,3]}}]`
	for _, c := range []struct{ category, truth, reply, want string }{
		{"simple", `[{"m.f":{"a":[1]}}]`, `[m.f(a=1)]`, ""},
		{"simple", `[{"m.f":{"a":[1]}}]`, `[m.f()]`, "simple_function_checker:missing_required"},
		{"multiple", `[{"g":{"n":[1]}}]`, `[g(n=1)]`, ""},
		{"multiple", `[{"g":{"n":[1]}}]`, `[m.f(a=1)]`, "simple_function_checker:wrong_func_name"},
		{"multiple", `[{"g":{"n":[1]}}]`, `[g(n=1), g(n=1)]`, "multiple_function_checker:wrong_count"},
		{"parallel", `[{"g":{"n":[1,2]}},{"g":{"n":[1]}}]`, `[g(n=2), g(n=1)]`, ""},
		{"parallel", `[{"g":{"n":[1,2]}},{"g":{"n":[1]}}]`, `[g(n=1), g(n=2)]`, "parallel_function_checker_no_order:cannot_find_match"}, // greedy
		{"parallel_multiple", two, `[g(n=3), m.f(a=1)]`, ""},
		{"parallel_multiple", two, `[g(n=3)]`, "parallel_function_checker_no_order:wrong_count"},
		{"parallel_multiple", two, `[g(n=3), g(n=2)]`, "parallel_function_checker_no_order:cannot_find_match"},
	} {
		v, err := newBFCL(t, BFCLOptions{}).Verify(t.Context(), bfclTask(c.category, props, `["a"]`, c.truth), c.reply)
		kind, _, _ := strings.Cut(v.Reason, " ")
		if err != nil || kind != c.want || v.Pass != (c.want == "") {
			t.Errorf("%s, %s: pass %t, %s, error %v; want %q", c.category, c.reply, v.Pass, v.Reason, err, c.want)
		}
	}
}

func TestBFCLFormats(t *testing.T) {
	p := bfclTask("simple", `{"a":{"type":"integer"}}`, `["a"]`, `[{"m.f":{"a":[1]}}]`)
	js := `[{"name":"m.f","arguments":{"a":1}}]`
	for _, c := range []struct {
		reply              string
		python, json, auto bool
	}{
		{`[m.f(a=1)]`, true, false, true},
		{js, false, true, true},
		{"<tool_call>" + js + "</tool_call>", false, true, true},
		{"<think>m.g()</think>\n[m.f(a=1)]", false, false, true},
		{`[m.f(a=1, b="</think>")]`, false, false, false}, // unexpected_param, not a reply cut in two
		{"<think>[m.f(a=2)]</think>", false, false, false},
		{"I call " + js, false, true, true},
		{`[m.f(a={"name":"m.f","arguments":{"a":1}})]`, false, false, false},
		{`[m_f(a=1)]`, false, false, false},
	} {
		for format, want := range map[string]bool{FormatPython: c.python, FormatJSON: c.json, FormatAuto: c.auto} {
			if v, err := newBFCL(t, BFCLOptions{Format: format}).Verify(t.Context(), p, c.reply); err != nil || v.Pass != want {
				t.Errorf("format %s, %s: pass %t (%s), error %v, want %t", format, c.reply, v.Pass, v.Reason, err, want)
			}
		}
	}
	if v, err := newBFCL(t, BFCLOptions{UnderscoreToDot: true}).Verify(t.Context(), p, `[m_f(a=1)]`); err != nil || !v.Pass {
		t.Errorf("underscore_to_dot: %+v, error %v", v, err)
	}
	if _, err := NewBFCL(BFCLOptions{Format: "xml"}); err == nil || err.Error() != `bfcl: format "xml": want auto, python or json` {
		t.Errorf("format xml: error %v", err)
	}
}

func TestBFCLTruth(t *testing.T) {
	tool := func(param string) string {
		return `{"category":"simple","tools":[{"name":"f","parameters":{"properties":{"a":` + param + `}}}],"ground_truth":[{"f":{"a":[1]}}]}`
	}
	for answer, want := range map[string]string{
		``:                    "there is none",
		`[]`:                  "it is an array",
		`{"category":"java"}`: `category "java": want simple, multiple, parallel or parallel_multiple`,
		`{"category":"simple","language":"javascript"}`:                         `language "javascript" is not checked here: its replies need a parser of that language`,
		`{"category":"simple","language":"go"}`:                                 `language "go": want "python"`,
		`{"category":"simple"}`:                                                 "tools is null or missing, want an array of function descriptions",
		`{"category":"simple","tools":[{"name":"f"}]}`:                          "tools[0].parameters.properties is null or missing, want an object",
		tool(`{"type":"number"}`):                                               `ground_truth[0]: tool f: parameter a: type "number": want string, integer, float, boolean, array, tuple, dict or any`,
		tool(`{"type":"array"}`):                                                "ground_truth[0]: tool f: parameter a: items: type null: want string, integer, float, boolean, array, tuple, dict or any",
		strings.Replace(tool(`{"type":"integer"}`), "[1]", "1", 1):              "ground_truth[0]: f.a is a number, want an array of allowed values",
		strings.Replace(tool(`{"type":"integer"}`), `[{"f"`, `[{"g":{},"f"`, 1): "ground_truth[0]: it is no object with one function",
		strings.NewReplacer(`[{"f":`, `[{"g":`, "simple", "multiple").Replace(tool(`{"type":"integer"}`)): "ground_truth[0]: g is none of the tools",
		strings.Replace(tool(`{"type":"integer"}`), `[{"f"`, `[{"f":{}},{"f"`, 1):                         `ground_truth has 2 calls, want one in the category "simple"`,
	} {
		err := newBFCL(t, BFCLOptions{}).CheckTruth(data.Prompt{Answer: json.RawMessage(answer)})
		if err == nil || !strings.HasPrefix(err.Error(), "bfcl: ground truth: "+want+": want {") {
			t.Errorf("%s:\nerror %v\nwant %s", answer, err, want)
		}
	}
	if err := newBFCL(t, BFCLOptions{}).CheckTruth(data.Prompt{Answer: json.RawMessage(tool(`{"type":"integer"}`))}); err != nil {
		t.Error(err)
	}
}

func TestStandardize(t *testing.T) {
	for in, want := range map[string]string{
		"April 1, 2024":    "april12024",
		"a-b_c/d.e*f^g":    "abcdefg",
		"It's":             `it"s`,
		"İSTANBUL":         "i̇stanbul",
		"ΟΔΥΣΣΕΥΣ ΣΑΣ":     "οδυσσευσσας", // blanks go first, so that only the last one ends a word
		"Σ":                "σ",
		"\xed\xa0\xbd.A":   "\U0010003Da", // a lone surrogate, U+D83D, stays one character
		"tab\tnew\nline;x": "tab\tnew\nline;x",
	} {
		if got := standardize(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestLowerReference compares lower case with Python's, for every character and for Σ in places.
func TestLowerReference(t *testing.T) {
	ref := startReference(t)
	texts := []string{"ΑΣ", "ΑΣ.", "ΑΣ'Β", "Α.Σ", "ΣΑ", "1Σ", "ΑΣ1", "ΑΣ Β", "ΑΣ\u0301", "Α\u0301Σ\u0301Β", "ΑΣ:Β", "ΑΣ-Β", "İΣ", "ªΣ", "ʰΣ", "ΑΣʰ", "ΑΣ\u00adΒ"}
	for r := rune(1); r <= unicode.MaxRune; r += 64 {
		var b strings.Builder
		for c := r; c < r+64; c++ {
			if c < 0xD800 || c > 0xDFFF {
				b.WriteRune(c)
			}
		}
		texts = append(texts, b.String())
	}
	requests := make([]map[string]any, len(texts))
	for i, s := range texts {
		requests[i] = map[string]any{"op": "lower", "text": s}
	}
	for i, want := range ask[struct{ Text string }](ref, requests) {
		got, in := []rune(pyLower(texts[i])), []rune(texts[i])
		if string(got) == want.Text {
			continue
		}
		differ := 0
		for j, w := range []rune(want.Text) {
			if j < len(got) && j < len(in) && got[j] != w && w != in[j] { // w == in[j]: newer letters, which that Python does not know
				differ++
			}
		}
		if differ > 0 || len(got) != len([]rune(want.Text)) {
			t.Errorf("%q: %q, want %q", texts[i], string(got), want.Text)
		}
	}
}

func FuzzDecodePython(f *testing.F) {
	for _, s := range pySources {
		if len(s) < 200 {
			f.Add(s)
		}
	}
	p := bfclTask("parallel", `{"a":{"type":"dict"}}`, `[]`, `[{"m.f":{"a":[{"k":[1]},""]}}]`)
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		calls, err := decodePython(s)
		if _, verr := newBFCL(t, BFCLOptions{}).Verify(context.Background(), p, s); verr != nil {
			t.Fatalf("%q: %v", s, verr)
		}
		if err != nil {
			return
		}
		for _, c := range calls {
			if strings.Trim(c.name, ".") != c.name || c.name == "" {
				return // no name that could be written again
			}
			for i, k := range c.args.dict.keys {
				if k.kind != pyStr || !writable(c.args.dict.vals[i]) {
					return
				}
			}
		}
		source := callSource(calls)
		again, err := decodePython(source)
		if err != nil || len(again) != len(calls) {
			t.Fatalf("%q: decoded, and written as %q: %v", s, source, err)
		}
		for i := range calls {
			if again[i].name != calls[i].name || !pyEqual(again[i].args, calls[i].args) {
				t.Fatalf("%q: call %d decoded as %s, written as %q, and that as %s", s, i, showCalls(calls, 500), source, showCalls(again, 500))
			}
		}
	})
}

// writable reports whether pySource writes a value so that it is read back: no signs of the
// decoder's oddities (it negates +x, keeps a tuple's minus).
func writable(v pyValue) bool {
	if v.kind == pyComplex || v.kind == pyFloat && (v.f != v.f || v.f > 1e308 || v.f < -1e308) || strings.Contains(v.s, "\xed") {
		return false
	}
	for _, x := range v.items {
		if !writable(x) {
			return false
		}
	}
	if v.dict != nil {
		for i, k := range v.dict.keys {
			if !writable(k) || !writable(v.dict.vals[i]) {
				return false
			}
		}
	}
	return true
}

func BenchmarkBFCL(b *testing.B) {
	p := bfclTask("parallel_multiple", `{"a":{"type":"integer"},"s":{"type":"string"}}`, `["a"]`, `[{"m.f":{"a":[1],"s":["New York, NY"]}},{"g":{"n":[2,3]}}]`)
	for name, reply := range map[string]string{
		"python": `[g(n=3), m.f(a=1, s="new york")]`, "json": `[{"name":"g","arguments":{"n":3}},{"name":"m.f","arguments":{"a":1,"s":"New York NY"}}]`,
		"1MB/parens": strings.Repeat("f(", 1<<19), "1MB/list": "f(a=[" + strings.Repeat("1,", 1<<19) + "])", "1MB/text": "f(a='''" + strings.Repeat("x", 1<<20) + "''')",
		"1MB/sums": "f(a=[" + strings.Repeat("2**6000,", 1<<17) + "])",
	} {
		b.Run(name, func(b *testing.B) {
			v := newBFCL(b, BFCLOptions{})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(context.Background(), p, reply); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
