package reward

import (
	"fmt"
	"strings"
)

// bfclFailure is why a call was refused: an error_type of the package and what it was about. The
// zero value is no failure.
type bfclFailure struct{ kind, detail string }

// bfclException is where the package's checker raises: such a reply is refused, and the error type
// is ours.
const bfclException = "exception"

func bfclFail(kind, format string, args ...any) bfclFailure {
	return bfclFailure{kind, fmt.Sprintf(format, args...)}
}

// refused is a failure whose message in the package writes the value out, which raises for ints of
// more than 4,300 digits.
func refused(kind, param string, v pyValue) bfclFailure {
	if holdsLongInt(v) {
		kind = bfclException
	}
	return bfclFail(kind, "parameter %s: %s %s", param, v.kind, showValue(v, 200))
}

func holdsLongInt(v pyValue) bool {
	for _, x := range v.items {
		if holdsLongInt(x) {
			return true
		}
	}
	if v.kind == pyDict {
		for _, x := range v.dict.vals {
			if holdsLongInt(x) {
				return true
			}
		}
	}
	return longInt(v)
}

// bfclChecker compares calls with ground truths as ast_checker.ast_checker of bfcl-eval 2026.3.23
// does for Python, error types included.
type bfclChecker struct {
	underscoreToDot bool
}

// check judges all calls of a reply.
func (c bfclChecker) check(t bfclTruth, calls []pyCall) bfclFailure {
	kind := "simple_function_checker:wrong_count"
	switch t.category {
	case bfclParallel, bfclParallelMultiple:
		kind = "parallel_function_checker_no_order:wrong_count"
	case bfclMultiple:
		kind = "multiple_function_checker:wrong_count"
	}
	if len(calls) != len(t.answers) {
		return bfclFail(kind, "%d calls, want %d", len(calls), len(t.answers))
	}
	if t.category == bfclSimple || t.category == bfclMultiple {
		return c.simple(t.answers[0], calls[0])
	}
	return c.parallel(t, calls)
}

// parallel gives each expected call the first of the calls left that fits: greedy, as the package.
func (c bfclChecker) parallel(t bfclTruth, calls []pyCall) bfclFailure {
	taken := make([]bool, len(calls))
	for i, a := range t.answers {
		var why []string
		matched := false
		for j, call := range calls {
			if taken[j] {
				continue
			}
			f := c.simple(a, call)
			if f.kind == bfclException {
				return f
			}
			if matched = f.kind == ""; matched {
				taken[j] = true
				break
			}
			if len(why) < 10 {
				why = append(why, fmt.Sprintf("call %d: %s", j, f.kind))
			}
		}
		if !matched {
			return bfclFail("parallel_function_checker_no_order:cannot_find_match",
				"expected call %d (%s): %s", i, a.name, strings.Join(why, "; "))
		}
	}
	return bfclFailure{}
}

// simple judges one call.
func (c bfclChecker) simple(a bfclAnswer, call pyCall) bfclFailure {
	name := a.tool.name
	if c.underscoreToDot {
		name = strings.ReplaceAll(name, ".", "_")
	}
	if call.name != name {
		return bfclFail("simple_function_checker:wrong_func_name", "%s, want %s", clip(call.name, 100), name)
	}
	for _, r := range a.tool.required {
		if _, ok := call.args.get(r); !ok {
			return bfclFail("simple_function_checker:missing_required", "parameter %s", r)
		}
	}
	for i, k := range call.args.dict.keys {
		details, known := a.tool.properties.get(k.s)
		allowed, expected := a.allowed.get(k.s)
		if k.kind != pyStr || !known || !expected {
			return bfclFail("simple_function_checker:unexpected_param", "parameter %s", showValue(k, 100))
		}
		if f := bfclValue(k.s, details, call.args.dict.vals[i], allowed.items); f.kind != "" {
			return f
		}
	}
	for i, k := range a.allowed.dict.keys {
		if _, ok := call.args.dict.get(k); !ok && !pyIn(pyString(""), a.allowed.dict.vals[i].items) {
			return bfclFail("simple_function_checker:missing_optional", "parameter %s", k.s)
		}
	}
	return bfclFailure{}
}

// bfclValue judges the value of one parameter.
func bfclValue(name string, details, v pyValue, allowed []pyValue) bfclFailure {
	p, err := bfclParamOf(details) // read before, with the ground truth
	if err != nil {
		return bfclFail(bfclException, "parameter %s: %v", name, err)
	}
	if p.typ == "tuple" && v.kind == pyTuple {
		v.kind = pyList
	}
	if p.typ == "float" && v.kind == pyInt {
		f, err := toFloat(v)
		if err != nil {
			return bfclFail(bfclException, "parameter %s: %v", name, err)
		}
		v = pyValue{kind: pyFloat, f: f}
	}
	kind, variable := bfclType(v, allowed, p.kind, p.nested, p.item)
	if kind != "" {
		return refused(kind, name, v)
	}
	if !variable {
		switch {
		case p.kind == pyDict:
			return bfclDict(name, v, allowed)
		case p.kind == pyList && p.item == pyDict:
			return bfclDictList(name, v, allowed)
		case p.kind == pyStr:
			return bfclString(name, v, allowed)
		case p.kind == pyList:
			return bfclList(name, v, allowed)
		}
	}
	if !pyIn(v, allowed) {
		return refused("value_error:others", name, v)
	}
	return bfclFailure{}
}

// bfclType checks the type of a value. variable says that the ground truth has another type than
// the description: the value is then compared as it is.
func bfclType(v pyValue, allowed []pyValue, want pyKind, nested bool, item pyKind) (kind string, variable bool) {
	first, known := pyNone, false
	for _, a := range allowed {
		if !(a.kind == pyStr && a.s == "") {
			first, known = a.kind, true
			break
		}
	}
	kind = "type_error:simple"
	if v.kind == want {
		if variable = known && first != want; !nested {
			return "", variable
		}
		for _, a := range allowed {
			if a.kind != pyList || bfclItems(v.items, a.items, item) {
				return "", variable
			}
		}
		if known && v.kind == first {
			return "type_error:nested", false
		}
	} else if known && v.kind == first {
		return "", true
	}
	return kind, false
}

func bfclItems(items, allowed []pyValue, want pyKind) bool {
	for _, x := range items {
		if kind, _ := bfclType(x, allowed, want, false, 0); kind != "" {
			return false
		}
	}
	return true
}
