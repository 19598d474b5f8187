package reward

import (
	"errors"
	"strings"
)

// Precedences of ast.unparse (CPython 3.11): a node in a place that binds tighter than itself
// stands in parentheses.
const (
	precTuple  = 2
	precTest   = 4
	precOr     = 5
	precAnd    = 6
	precNot    = 7
	precCmp    = 8
	precExpr   = 9
	precFactor = 15
	precPower  = 16
	precAtom   = 18
)

// pyPrecedence has the operators between two operands.
var pyPrecedence = map[string]int{
	"or": precOr, "and": precAnd, "|": precExpr, "^": 10, "&": 11, "<<": 12, ">>": 12, "+": 13, "-": 13,
	"*": 14, "/": 14, "//": 14, "%": 14, "@": 14, "**": precPower,
}

// errTooLong says that unparsing gave far more text than it was read from.
var errTooLong = errors.New("an expression too long to write out")

// unparse writes an expression as ast.unparse of CPython 3.11 does.
func unparse(n *pyNode) (string, error) {
	u := new(unparser)
	u.node(n, precTest)
	return u.b.String(), u.err
}

type unparser struct {
	b   strings.Builder
	err error
}

func (u *unparser) write(s string) {
	if u.b.Len() > 1<<23 {
		u.err = errTooLong
		return
	}
	u.b.WriteString(s)
}

// parens runs f, in parentheses if the place binds tighter than the node.
func (u *unparser) parens(place, own int, f func()) {
	if place > own {
		u.write("(")
		defer u.write(")")
	}
	f()
}

// list writes nodes with commas between; a single one of a tuple has a comma too.
func (u *unparser) list(kids []*pyNode, tuple bool) {
	for i, k := range kids {
		if i > 0 {
			u.write(", ")
		}
		u.node(k, precTest)
	}
	if tuple && len(kids) == 1 {
		u.write(",")
	}
}

func (u *unparser) node(n *pyNode, place int) {
	if u.err != nil {
		return
	}
	switch n.kind {
	case nodeConst:
		u.constant(n)
	case nodeEllipsis:
		u.write("...")
	case nodeName:
		u.write(n.text)
	case nodeAttribute:
		u.node(n.kids[0], precAtom)
		if v := n.kids[0].val; v != nil && (v.kind == pyInt || v.kind == pyBool) {
			u.write(" ")
		}
		u.write("." + n.text)
	case nodeCall:
		u.call(n)
	case nodeSubscript:
		u.node(n.kids[0], precAtom)
		u.write("[")
		if index := n.kids[1]; index.kind == nodeTuple && len(index.kids) > 0 {
			u.list(index.kids, true)
		} else {
			u.node(index, precTest)
		}
		u.write("]")
	case nodeSlice:
		u.slice(n)
	case nodeList:
		u.write("[")
		u.list(n.kids, false)
		u.write("]")
	case nodeTuple:
		u.parens(max(place, precTuple+1), precTuple, func() { u.list(n.kids, true) })
	case nodeSet:
		u.write("{")
		u.list(n.kids, false)
		u.write("}")
	case nodeDict:
		u.dict(n)
	case nodeStar:
		u.write("*")
		u.node(n.kids[0], precExpr)
	default:
		u.operation(n, place)
	}
}

func (u *unparser) operation(n *pyNode, place int) {
	own := pyPrecedence[n.text]
	switch n.kind {
	case nodeUnary:
		op := n.text
		if own = precFactor; op == "not" {
			own, op = precNot, "not "
		}
		u.parens(place, own, func() {
			u.write(op)
			u.node(n.kids[0], own)
		})
	case nodeBinary:
		left, right := own, own+1
		if n.text == "**" {
			left, right = own+1, own
		}
		u.parens(place, own, func() {
			u.node(n.kids[0], left)
			u.write(" " + n.text + " ")
			u.node(n.kids[1], right)
		})
	case nodeCompare:
		u.parens(place, precCmp, func() {
			u.node(n.kids[0], precCmp+1)
			for i, op := range n.names {
				u.write(" " + op + " ")
				u.node(n.kids[i+1], precCmp+1)
			}
		})
	case nodeBool: // each operand is in a tighter place than the one before: so it is in CPython
		u.parens(place, own, func() {
			for i, k := range n.kids {
				if i > 0 {
					u.write(" " + n.text + " ")
				}
				u.node(k, min(own+1+i, precAtom))
			}
		})
	case nodeIf:
		u.parens(place, precTest, func() {
			u.node(n.kids[0], precTest+1)
			u.write(" if ")
			u.node(n.kids[1], precTest+1)
			u.write(" else ")
			u.node(n.kids[2], precTest)
		})
	}
}

func (u *unparser) call(n *pyNode) {
	u.node(n.kids[0], precAtom)
	u.write("(")
	u.list(n.kids[1:], false)
	for i, v := range n.keys {
		if i > 0 || len(n.kids) > 1 {
			u.write(", ")
		}
		if n.names[i] == "" {
			u.write("**")
		} else {
			u.write(n.names[i] + "=")
		}
		u.node(v, precTest)
	}
	u.write(")")
}

func (u *unparser) slice(n *pyNode) {
	if n.kids[0] != nil {
		u.node(n.kids[0], precTest)
	}
	u.write(":")
	if n.kids[1] != nil {
		u.node(n.kids[1], precTest)
	}
	if n.kids[2] != nil {
		u.write(":")
		u.node(n.kids[2], precTest)
	}
}

func (u *unparser) dict(n *pyNode) {
	u.write("{")
	for i, k := range n.keys {
		if i > 0 {
			u.write(", ")
		}
		if k == nil {
			u.write("**")
			u.node(n.kids[i], precExpr)
			continue
		}
		u.node(k, precTest)
		u.write(": ")
		u.node(n.kids[i], precTest)
	}
	u.write("}")
}

func (u *unparser) constant(n *pyNode) {
	if longInt(*n.val) {
		u.err = errTooLong
		return
	}
	s := pyRepr(*n.val)
	switch n.val.kind {
	case pyFloat, pyComplex:
		s = strings.ReplaceAll(s, "inf", "1e309")
	case pyStr:
		u.write(n.text) // "u", or nothing
	}
	u.write(s)
}
