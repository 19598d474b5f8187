package reward

import "fmt"

// bfclString compares texts without case, blanks and some signs.
func bfclString(name string, v pyValue, allowed []pyValue) bfclFailure {
	got := standardize(v.s)
	for _, a := range allowed {
		if a.kind == pyStr && standardize(a.s) == got {
			return bfclFailure{}
		}
	}
	return refused("value_error:string", name, v)
}

// bfclPlain standardizes a text and leaves other values alone.
func bfclPlain(v pyValue) pyValue {
	if v.kind == pyStr {
		return pyString(standardize(v.s))
	}
	return v
}

// bfclElements returns what Python's x[0], x[1], ... are; ok is false where that raises.
func bfclElements(x pyValue) (items []pyValue, ok bool) {
	switch x.kind {
	case pyList:
		return x.items, true
	case pyStr:
		for i := 0; i < len(x.s); {
			_, n := decodeRune(x.s[i:])
			items = append(items, pyString(x.s[i:i+n]))
			i += n
		}
		return items, true
	case pyDict:
		return nil, x.dict.len() == 0
	}
	return nil, false
}

// bfclList compares lists element by element; their texts are standardized.
func bfclList(name string, v pyValue, allowed []pyValue) bfclFailure {
	plain := func(items []pyValue) pyValue {
		out := pyValue{kind: pyList}
		for _, x := range items {
			out.items = append(out.items, bfclPlain(x))
		}
		return out
	}
	got, found := plain(v.items), false
	for _, a := range allowed {
		items, ok := bfclElements(a)
		if !ok {
			return bfclFail(bfclException, "parameter %s: allowed value %s", name, showValue(a, 200))
		}
		found = found || pyEqual(got, plain(items))
	}
	if !found {
		return refused("value_error:list/tuple", name, v)
	}
	return bfclFailure{}
}

// bfclDict compares a dict with dicts of allowed values by key. Values that are dicts themselves
// are compared as they are.
func bfclDict(name string, v pyValue, allowed []pyValue) bfclFailure {
	last := bfclFail("dict_checker:unclear", "parameter %s", name)
	for _, a := range allowed {
		if a.kind == pyStr && a.s == "" {
			continue
		}
		if v.kind != pyDict || a.kind != pyDict {
			return bfclFail(bfclException, "parameter %s: %s compared with %s", name, v.kind, a.kind)
		}
		if last = bfclEntries(name, v.dict, a.dict); last.kind == "" || last.kind == bfclException {
			return last
		}
	}
	return last
}

// bfclEntries compares two dicts. A key that is missing is told rather than a wrong value.
func bfclEntries(name string, got, want *pyMap) (f bfclFailure) {
	for i, k := range got.keys {
		choice, ok := want.get(k)
		if !ok {
			f = bfclFail("value_error:dict_key", "parameter %s: unexpected key %s", name, showValue(k, 100))
			break
		}
		choices, ok := bfclElements(choice)
		if !ok {
			return bfclFail(bfclException, "parameter %s: allowed value %s", name, showValue(choice, 200))
		}
		v := got.vals[i]
		found := false
		for _, c := range choices {
			found = found || pyEqual(bfclPlain(v), bfclPlain(c))
		}
		if !found {
			if f = refused("value_error:dict_value", fmt.Sprintf("%s: key %s", name, showValue(k, 100)), v); f.kind == bfclException {
				return f
			}
			break
		}
	}
	for i, k := range want.keys {
		if _, ok := got.get(k); ok {
			continue
		}
		optional := false
		switch choice := want.vals[i]; choice.kind {
		case pyList:
			optional = pyIn(pyString(""), choice.items)
		case pyStr:
			optional = true // "" is in every text
		case pyDict:
			_, optional = choice.get("")
		default:
			return bfclFail(bfclException, "parameter %s: allowed value %s", name, showValue(choice, 200))
		}
		if !optional {
			return bfclFail("value_error:dict_key", "parameter %s: missing key %s", name, showValue(k, 100))
		}
	}
	return f
}

// bfclDictList compares a list of dicts with lists of the same length, in order.
func bfclDictList(name string, v pyValue, allowed []pyValue) bfclFailure {
	last := bfclFail("list_dict_checker:unclear", "parameter %s", name)
	for _, a := range allowed {
		items, ok := bfclElements(a)
		n := len(items)
		if a.kind == pyDict {
			n, ok = a.dict.len(), true
		}
		switch {
		case ok && n != len(v.items):
			last = bfclFail("value_error:list_dict_count", "parameter %s: %d elements", name, len(v.items))
			continue
		case !ok, n > len(items): // it has no length, or no elements by number
			return bfclFail(bfclException, "parameter %s: allowed value %s", name, showValue(a, 200))
		}
		last = bfclFailure{}
		for i := range v.items {
			if last = bfclDict(name, v.items[i], items[i:i+1]); last.kind != "" {
				break
			}
		}
		if last.kind == "" || last.kind == bfclException {
			return last
		}
	}
	return last
}
