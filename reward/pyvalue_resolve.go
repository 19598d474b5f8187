package reward

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// pyCall is one function call: its name and its arguments, a dict in the order in which they were
// given. The key None holds what stood after "**".
type pyCall struct {
	name string
	args pyValue
}

// pyResolver turns nodes into values.
type pyResolver struct {
	budget int // how much operators may still make: see charge
}

// resolveCall reads a call as the AST decoder of bfcl-eval 2026.3.23 does (resolve_ast_call): the
// name is the chain of names before the parenthesis ("" if there is none), positional arguments are
// passed over, the last of equal keywords counts.
func resolveCall(n *pyNode) (pyCall, error) {
	r := pyResolver{budget: maxArithWork}
	return r.call(n)
}

func (r *pyResolver) call(n *pyNode) (pyCall, error) {
	var parts []string
	fn := n.kids[0]
	for ; fn.kind == nodeAttribute; fn = fn.kids[0] {
		parts = append([]string{fn.text}, parts...)
	}
	if fn.kind == nodeName {
		parts = append([]string{fn.text}, parts...)
	}
	args := new(pyMap)
	for i, k := range n.keys {
		v, err := r.value(k)
		if err != nil {
			return pyCall{}, err
		}
		key := pyString(n.names[i])
		if n.names[i] == "" {
			key = pyValue{}
		}
		if err := args.set(key, v); err != nil {
			return pyCall{}, err
		}
	}
	return pyCall{strings.Join(parts, "."), pyValue{kind: pyDict, dict: args}}, nil
}

// value turns an argument into a value as the same decoder does (resolve_ast_by_type), with
// its oddities: every unary operator negates, a bare name is its text, a call without keywords and
// a subscript are their source text, a call with keywords is a dict, "..." is text. Where that code
// runs the model's text with eval (operators), this evaluates literals only: see pyArith.
func (r *pyResolver) value(n *pyNode) (pyValue, error) {
	switch n.kind {
	case nodeConst:
		return *n.val, nil
	case nodeEllipsis:
		return pyString("..."), nil
	case nodeName:
		return pyString(n.text), nil
	case nodeUnary:
		if n.kids[0].kind != nodeConst {
			return pyValue{}, fmt.Errorf("operator %q before something that is no literal", n.text)
		}
		return pyNegate(*n.kids[0].val)
	case nodeList, nodeTuple:
		v := pyValue{kind: pyList}
		if n.kind == nodeTuple {
			v.kind = pyTuple
		}
		for _, k := range n.kids {
			x, err := r.value(k)
			if err != nil {
				return pyValue{}, err
			}
			v.items = append(v.items, x)
		}
		return v, nil
	case nodeDict:
		return r.entries(n)
	case nodeBinary:
		return r.literal(n)
	case nodeCall:
		if len(n.keys) == 0 {
			s, err := unparse(n)
			return pyString(s), err
		}
		c, err := r.call(n)
		if err != nil {
			return pyValue{}, err
		}
		m := new(pyMap)
		if err := m.set(pyString(c.name), c.args); err != nil {
			return pyValue{}, err
		}
		return pyValue{kind: pyDict, dict: m}, nil
	case nodeSubscript:
		base, err := unparse(n.kids[0])
		if err != nil {
			return pyValue{}, err
		}
		index, err := unparse(n.kids[1])
		return pyString(base + "[" + index + "]"), err
	}
	return pyValue{}, errors.New("an expression that is no value")
}

func (r *pyResolver) entries(n *pyNode) (pyValue, error) {
	m := new(pyMap)
	for i, k := range n.keys {
		if k == nil {
			return pyValue{}, errors.New("** in a dict")
		}
		key, err := r.value(k)
		if err != nil {
			return pyValue{}, err
		}
		v, err := r.value(n.kids[i])
		if err != nil {
			return pyValue{}, err
		}
		if err := m.set(key, v); err != nil {
			return pyValue{}, err
		}
	}
	return pyValue{kind: pyDict, dict: m}, nil
}

var errNotNumber = errors.New("arithmetic on something that is no number")

// pyNegate is Python's -v.
func pyNegate(v pyValue) (pyValue, error) {
	switch v.kind {
	case pyFloat:
		s := ""
		if v.s != "" && v.s[0] != '-' {
			s = "-" + v.s
		}
		return pyValue{kind: pyFloat, f: -v.f, s: s}, nil
	case pyComplex:
		return pyValue{kind: pyComplex, f: -v.f, im: -v.im}, nil
	case pyBool, pyInt:
		return pyBigInt(new(big.Int).Neg(v.integer())), nil
	}
	return pyValue{}, errNotNumber
}
