package reward

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
)

// bfclRow is one row of the package's data.
type bfclRow struct {
	ID          string          `json:"id"`
	Category    string          `json:"category"`
	Tools       json.RawMessage `json:"tools"`
	GroundTruth json.RawMessage `json:"ground_truth"`
}

func (r bfclRow) answer() json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"tools":%s,"ground_truth":%s,"category":%q,"language":"python"}`, r.Tools, r.GroundTruth, r.Category))
}

// pySource writes a value as Python source.
func pySource(v pyValue) string {
	list := func(items []pyValue) string {
		parts := make([]string, len(items))
		for i, x := range items {
			parts[i] = pySource(x)
		}
		return strings.Join(parts, ", ")
	}
	if longInt(v) {
		return fmt.Sprintf("%#x", v.big)
	}
	switch v.kind {
	case pyList:
		return "[" + list(v.items) + "]"
	case pyTuple:
		if len(v.items) == 1 {
			return "(" + pySource(v.items[0]) + ",)"
		}
		return "(" + list(v.items) + ")"
	case pyDict:
		parts := make([]string, v.dict.len())
		for i, k := range v.dict.keys {
			parts[i] = pySource(k) + ": " + pySource(v.dict.vals[i])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return pyRepr(v)
}

func callSource(calls []pyCall) string {
	parts := make([]string, len(calls))
	for i, c := range calls {
		args := make([]string, c.args.dict.len())
		for j, k := range c.args.dict.keys {
			args[j] = k.s + "=" + pySource(c.args.dict.vals[j])
		}
		parts[i] = c.name + "(" + strings.Join(args, ", ") + ")"
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func copyValue(v pyValue) pyValue {
	if v.dict != nil {
		m := new(pyMap)
		for i, k := range v.dict.keys {
			if err := m.set(k, copyValue(v.dict.vals[i])); err != nil {
				panic(err)
			}
		}
		v.dict = m
	}
	items := make([]pyValue, len(v.items))
	for i, x := range v.items {
		items[i] = copyValue(x)
	}
	v.items = items
	return v
}

// gold makes calls out of a ground truth: for each parameter one of its allowed values.
func gold(r *rand.Rand, t bfclTruth) []pyCall {
	choose := func(m *pyMap, choice func(v pyValue) (pyValue, bool)) pyValue {
		out := new(pyMap)
		for i, k := range m.keys {
			if v, ok := choice(m.vals[i]); ok {
				if err := out.set(k, v); err != nil {
					panic(err)
				}
			}
		}
		return pyValue{kind: pyDict, dict: out}
	}
	pick := func(v pyValue) (pyValue, bool) {
		if v.kind != pyList || len(v.items) == 0 {
			return v, true
		}
		x := v.items[r.IntN(len(v.items))]
		return copyValue(x), !(x.kind == pyStr && x.s == "")
	}
	calls := make([]pyCall, len(t.answers))
	for i, a := range t.answers {
		calls[i] = pyCall{a.name, choose(a.allowed.dict, func(v pyValue) (pyValue, bool) {
			x, ok := pick(v)
			if x.kind == pyDict {
				return choose(x.dict, pick), ok
			}
			if x.kind == pyList {
				for j, y := range x.items {
					if y.kind == pyDict {
						x.items[j] = choose(y.dict, pick)
					}
				}
			}
			return x, ok
		})}
	}
	return calls
}

// otherValue makes a value near v, or of another type.
func otherValue(r *rand.Rand, v pyValue) pyValue {
	text := func(s string) pyValue { return pyString(s) }
	any := []pyValue{text("x"), text(""), text("5"), pyInteger(5), pyInteger(0), pyInteger(1), {kind: pyFloat, f: 2.5}, {kind: pyFloat, f: 1},
		pyBoolean(true), pyBoolean(false), {}, pyBigInt(new(big.Int).Lsh(big.NewInt(1), 1100)), pyBigInt(new(big.Int).Lsh(big.NewInt(1), 20000)), {kind: pyList}, {kind: pyList, items: []pyValue{text("x")}}, {kind: pyTuple, items: []pyValue{pyInteger(1)}},
		{kind: pyDict, dict: new(pyMap)}, {kind: pyComplex, im: 1}, {kind: pyBytes, s: "x"}, {kind: pyList, items: []pyValue{v}}, {kind: pyTuple, items: []pyValue{v, v}}, text(pySource(v))}
	if r.IntN(4) == 0 {
		return any[r.IntN(len(any))]
	}
	switch v.kind {
	case pyStr:
		forms := []string{strings.ToUpper(v.s), strings.ToLower(v.s), v.s + ".", " " + v.s, strings.ReplaceAll(v.s, " ", "_"), strings.ReplaceAll(v.s, ",", ""),
			strings.ReplaceAll(v.s, "/", "-"), v.s + "'", strings.ReplaceAll(v.s, "'", `"`), v.s + "x", strings.ReplaceAll(v.s, "-", ""), v.s + "^*", v.s + "!", v.s + "é", "Σ" + v.s + "ΑΣ"}
		return text(forms[r.IntN(len(forms))])
	case pyInt:
		return []pyValue{pyInteger(v.n + 1), {kind: pyFloat, f: float64(v.n)}, {kind: pyFloat, f: float64(v.n) + 0.5}, text(fmt.Sprint(v.n)), pyBoolean(v.n != 0), pyInteger(-v.n)}[r.IntN(6)]
	case pyFloat:
		return []pyValue{{kind: pyFloat, f: v.f + 1}, pyInteger(int64(v.f)), {kind: pyFloat, f: -v.f}, text(fmt.Sprint(v.f)), {kind: pyFloat, f: v.f * 1.0000000001}}[r.IntN(5)]
	case pyBool:
		return []pyValue{pyBoolean(v.n == 0), pyInteger(v.n), text("true"), {kind: pyFloat, f: float64(v.n)}}[r.IntN(4)]
	case pyList, pyTuple:
		v = copyValue(v)
		if len(v.items) == 0 {
			v.items = append(v.items, pyInteger(1))
			return v
		}
		i := r.IntN(len(v.items))
		switch r.IntN(6) {
		case 0:
			v.items = append(v.items[:i], v.items[i+1:]...)
		case 1:
			v.items = append(v.items, v.items[i])
		case 2:
			v.items[0], v.items[i] = v.items[i], v.items[0]
		case 3:
			v.kind = pyTuple
		default:
			v.items[i] = otherValue(r, v.items[i])
		}
		return v
	case pyDict:
		v = copyValue(v)
		if v.dict.len() == 0 {
			return any[r.IntN(len(any))]
		}
		i := r.IntN(v.dict.len())
		switch r.IntN(4) {
		case 0:
			v.dict.keys, v.dict.vals, v.dict.index = append(v.dict.keys[:i], v.dict.keys[i+1:]...), append(v.dict.vals[:i], v.dict.vals[i+1:]...), nil
		case 1:
			if err := v.dict.set(text("added"), pyInteger(1)); err != nil {
				panic(err)
			}
		default:
			v.dict.vals[i] = otherValue(r, v.dict.vals[i])
		}
		return v
	}
	return any[r.IntN(len(any))]
}

// mutateCalls changes calls in one place.
func mutateCalls(r *rand.Rand, calls []pyCall, t bfclTruth) []pyCall {
	out := make([]pyCall, len(calls))
	for i, c := range calls {
		out[i] = pyCall{c.name, copyValue(c.args)}
	}
	i := r.IntN(len(out))
	m := out[i].args.dict
	switch r.IntN(12) {
	case 0:
		r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	case 1:
		return append(out[:i], out[i+1:]...)
	case 2:
		return append(out, out[i])
	case 3:
		out[i].name = []string{strings.ToUpper(out[i].name), strings.ReplaceAll(out[i].name, ".", "_"), "other", out[0].name, out[i].name + ".x"}[r.IntN(5)]
	case 4:
		names := []string{"added", "x"}
		for _, k := range t.answers[i%len(t.answers)].tool.properties.dict.keys {
			names = append(names, k.s)
		}
		if err := m.set(pyString(names[r.IntN(len(names))]), otherValue(r, pyInteger(3))); err != nil {
			panic(err)
		}
	case 5, 6:
		if m.len() > 0 {
			j := r.IntN(m.len())
			m.keys, m.vals, m.index = append(m.keys[:j], m.keys[j+1:]...), append(m.vals[:j], m.vals[j+1:]...), nil
		}
	default:
		if m.len() > 0 {
			j := r.IntN(m.len())
			m.vals[j] = otherValue(r, m.vals[j])
		}
	}
	return out
}

// nests reports whether a parameter is an array, tuple or dict.
func (t bfclTruth) nests() bool {
	for _, a := range t.answers {
		for _, k := range a.allowed.dict.keys {
			details, _ := a.tool.properties.get(k.s)
			if p, err := bfclParamOf(details); err == nil && (p.kind == pyList || p.kind == pyDict) {
				return true
			}
		}
	}
	return false
}

// syntheticRow makes a task whose parameters have all types, and whose allowed values now and then
// have another type, so that the checker's corners are reached.
func syntheticRow(r *rand.Rand, id int) bfclRow {
	types := []string{"string", "integer", "float", "boolean", "array", "tuple", "dict", "any"}
	var value func(typ, item string, depth int) any
	value = func(typ, item string, depth int) any {
		if r.IntN(12) == 0 {
			return []any{"", nil, "v", 1, []any{}, map[string]any{}, 1.5, true, []any{""}, []any{map[string]any{"k": []any{1}}}}[r.IntN(10)]
		}
		switch typ {
		case "integer":
			return r.IntN(4)
		case "float":
			return []float64{0.5, 1, 2e20}[r.IntN(3)]
		case "boolean":
			return r.IntN(2) == 0
		case "array", "tuple":
			list := []any{}
			for range r.IntN(3) {
				list = append(list, value(item, "string", depth+1))
			}
			return list
		case "dict":
			m := map[string]any{}
			for _, k := range []string{"k", "l", "m"}[:r.IntN(4)] {
				m[k] = []any{value(types[r.IntN(4)], "string", depth+1), value([]string{"string", "dict", "array"}[r.IntN(3)], "integer", depth+1)}
				if r.IntN(10) == 0 {
					m[k] = []any{"text", 7, map[string]any{}, nil, []any{"x", ""}}[r.IntN(5)]
				}
			}
			return m
		}
		return []string{"New York, NY", "a-b", "It's", "x"}[r.IntN(4)]
	}
	category := []string{"simple", "multiple", "parallel", "parallel_multiple"}[r.IntN(4)]
	calls := 1
	if strings.HasPrefix(category, "parallel") {
		calls = 1 + r.IntN(3)
	}
	var tools, truth []any
	for c := range calls {
		props, allowed, required := map[string]any{}, map[string]any{}, []string{}
		for _, name := range []string{"a", "b", "c"}[:1+r.IntN(3)] {
			typ, item := types[r.IntN(len(types))], types[r.IntN(len(types))]
			props[name] = map[string]any{"type": typ, "items": map[string]any{"type": item}}
			values := []any{}
			for range 1 + r.IntN(3) {
				values = append(values, value(typ, item, 0))
			}
			if r.IntN(5) == 0 {
				values = append(values, "")
			}
			allowed[name] = values
			if r.IntN(3) > 0 {
				required = append(required, name)
			}
		}
		name := fmt.Sprintf("m.f%d", c)
		tools = append(tools, map[string]any{"name": name, "parameters": map[string]any{"properties": props, "required": required}})
		truth = append(truth, map[string]any{name: allowed})
	}
	raw := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return b
	}
	return bfclRow{fmt.Sprintf("synthetic_%d", id), category, raw(tools), raw(truth)}
}

// dress writes calls as a reply, now and then in a form that the decoder trips over.
func dress(r *rand.Rand, calls []pyCall) string {
	s := callSource(calls)
	switch r.IntN(16) {
	case 0:
		return "```\n" + s + "\n```"
	case 1:
		return strings.Trim(s, "[]")
	case 2:
		return "The call is " + s
	case 3:
		return strings.Replace(s, "(", "(1, ", 1)
	case 4:
		return strings.ReplaceAll(s, "=", " = ")
	case 5:
		return strings.ReplaceAll(strings.ReplaceAll(s, "True", "true"), "False", "false")
	case 6:
		return strings.Replace(s, "='", "=x+'", 1)
	case 7:
		return strings.Replace(s, "=", "=0+", 1)
	case 8:
		return strings.Replace(s, "='", "=str('", 1)
	}
	return s
}
