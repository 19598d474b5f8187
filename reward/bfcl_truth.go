package reward

import (
	"encoding/json"
	"fmt"
	"strings"
)

// bfclTool is one function description: {"name","parameters":{"properties","required"}}.
type bfclTool struct {
	name       string
	properties pyValue // dict: parameter to {"type", "items"}
	required   []string
}

// bfclAnswer is one expected call: for each parameter the values that are allowed.
type bfclAnswer struct {
	tool    bfclTool // the description that the call is checked against
	name    string
	allowed pyValue // dict: parameter to list; "" in a list: it may be left out
}

// bfclTruth is the ground truth of one task.
type bfclTruth struct {
	category string
	answers  []bfclAnswer
}

// bfclTypes are the types of parameters and what the package holds them to be; all others are an
// error there too.
var bfclTypes = map[string]pyKind{
	"string": pyStr, "integer": pyInt, "float": pyFloat, "boolean": pyBool,
	"array": pyList, "tuple": pyList, "dict": pyDict, "any": pyStr,
}

const bfclTypeNames = "string, integer, float, boolean, array, tuple, dict or any"

// The categories of tasks. The package's own names (simple_python, live_multiple, ...) are these
// with a prefix or a language.
const (
	bfclSimple           = "simple"
	bfclMultiple         = "multiple"
	bfclParallel         = "parallel"
	bfclParallelMultiple = "parallel_multiple"
)

func readBFCLTruth(raw json.RawMessage) (bfclTruth, error) {
	const want = `want {"tools":[...],"ground_truth":[{"f":{"arg":[allowed, ...]}}],"category":"simple","language":"python"}`
	if len(raw) == 0 {
		return bfclTruth{}, fmt.Errorf("bfcl: ground truth: there is none: %s", want)
	}
	v, err := parseJSON(strings.ToValidUTF8(string(raw), "\uFFFD"))
	if err == nil && v.kind != pyDict {
		err = fmt.Errorf("it is %s", v.jsonKind())
	}
	var t bfclTruth
	if err == nil {
		t, err = bfclTruthOf(v)
	}
	if err != nil {
		return bfclTruth{}, fmt.Errorf("bfcl: ground truth: %w: %s", err, want)
	}
	return t, nil
}

func bfclTruthOf(v pyValue) (t bfclTruth, err error) {
	category, _ := v.get("category")
	switch category.s {
	case bfclSimple, bfclMultiple, bfclParallel, bfclParallelMultiple:
		t.category = category.s
	default:
		return t, fmt.Errorf("category %q: want %s, %s, %s or %s", category.s,
			bfclSimple, bfclMultiple, bfclParallel, bfclParallelMultiple)
	}
	switch language, ok := v.get("language"); {
	case ok && language.kind == pyStr && (language.s == "java" || language.s == "javascript"):
		return t, fmt.Errorf("language %q is not checked here: its replies need a parser of that language", language.s)
	case ok && language.s != "python":
		return t, fmt.Errorf(`language %q: want "python"`, language.s)
	}
	tools, err := bfclTools(v)
	if err != nil {
		return t, err
	}
	truth, _ := v.get("ground_truth")
	switch n := len(truth.items); {
	case truth.kind != pyList:
		return t, fmt.Errorf("ground_truth is %s, want an array", truth.jsonKind())
	case n == 0:
		return t, fmt.Errorf("ground_truth is empty, want one call or more")
	case n > 1 && (t.category == bfclSimple || t.category == bfclMultiple):
		return t, fmt.Errorf("ground_truth has %d calls, want one in the category %q", n, t.category)
	}
	for i, entry := range truth.items {
		a, err := t.answer(entry, tools)
		if err != nil {
			return t, fmt.Errorf("ground_truth[%d]: %w", i, err)
		}
		t.answers = append(t.answers, a)
	}
	return t, nil
}

func bfclTools(v pyValue) ([]bfclTool, error) {
	list, _ := v.get("tools")
	if list.kind != pyList || len(list.items) == 0 {
		return nil, fmt.Errorf("tools is %s, want an array of function descriptions", list.jsonKind())
	}
	tools := make([]bfclTool, len(list.items))
	for i, x := range list.items {
		name, _ := x.get("name")
		if name.kind != pyStr || name.s == "" {
			return nil, fmt.Errorf("tools[%d].name is %s, want a text", i, name.jsonKind())
		}
		params, _ := x.get("parameters")
		t := bfclTool{name: name.s}
		if t.properties, _ = params.get("properties"); t.properties.kind != pyDict {
			return nil, fmt.Errorf("tools[%d].parameters.properties is %s, want an object", i, t.properties.jsonKind())
		}
		required, ok := params.get("required")
		if ok && required.kind != pyList {
			return nil, fmt.Errorf("tools[%d].parameters.required is %s, want an array", i, required.jsonKind())
		}
		for _, r := range required.items {
			if r.kind != pyStr {
				return nil, fmt.Errorf("tools[%d].parameters.required holds %s, want texts", i, r.jsonKind())
			}
			t.required = append(t.required, r.s)
		}
		tools[i] = t
	}
	return tools, nil
}

// answer reads one expected call. In the category simple the package checks it against the first
// description, whatever its name.
func (t bfclTruth) answer(entry pyValue, tools []bfclTool) (a bfclAnswer, err error) {
	if entry.kind != pyDict || entry.dict.len() != 1 {
		return a, fmt.Errorf("it is no object with one function")
	}
	a.name, a.allowed = entry.dict.keys[0].s, entry.dict.vals[0]
	if a.allowed.kind != pyDict {
		return a, fmt.Errorf("%s is %s, want an object of parameters", a.name, a.allowed.jsonKind())
	}
	found := t.category == bfclSimple
	a.tool = tools[0]
	for i := 0; i < len(tools) && !found; i++ {
		a.tool, found = tools[i], tools[i].name == a.name
	}
	if !found {
		return a, fmt.Errorf("%s is none of the tools", a.name)
	}
	for i, k := range a.allowed.dict.keys {
		if v := a.allowed.dict.vals[i]; v.kind != pyList {
			return a, fmt.Errorf("%s.%s is %s, want an array of allowed values", a.name, k.s, v.jsonKind())
		}
		if p, ok := a.tool.properties.get(k.s); ok {
			if _, err := bfclParamOf(p); err != nil {
				return a, fmt.Errorf("tool %s: parameter %s: %w", a.tool.name, k.s, err)
			}
		}
	}
	return a, nil
}

// bfclParam is the type of a parameter.
type bfclParam struct {
	typ    string
	kind   pyKind
	nested bool   // an array or tuple
	item   pyKind // of its elements
}

func bfclParamOf(v pyValue) (p bfclParam, err error) {
	kindOf := func(v pyValue) (string, pyKind, error) {
		t, _ := v.get("type")
		kind, ok := bfclTypes[t.s]
		if t.kind != pyStr || !ok {
			return "", 0, fmt.Errorf("type %s: want %s", showValue(t, 50), bfclTypeNames)
		}
		return t.s, kind, nil
	}
	if p.typ, p.kind, err = kindOf(v); err != nil || p.kind != pyList {
		return p, err
	}
	items, _ := v.get("items")
	p.nested = true
	if _, p.item, err = kindOf(items); err != nil {
		return p, fmt.Errorf("items: %w", err)
	}
	return p, nil
}
