package reward

import (
	"fmt"
	"strings"
)

// atom reads a name, a literal, or what stands in brackets.
func (p *pyParser) atom() (*pyNode, error) {
	switch p.tok.kind {
	case tokName:
		return p.word()
	case tokNumber:
		v := p.tok.val
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.node(pyNode{kind: nodeConst, val: &v})
	case tokString:
		return p.strings()
	case tokOp:
		switch p.tok.text {
		case "...":
			if err := p.advance(); err != nil {
				return nil, err
			}
			return p.node(pyNode{kind: nodeEllipsis})
		case "(":
			return p.group()
		case "[":
			kids, _, err := p.elements("]")
			if err != nil {
				return nil, err
			}
			return p.node(pyNode{kind: nodeList, kids: kids})
		case "{":
			return p.braces()
		}
	}
	return nil, p.unexpected("an expression")
}

func (p *pyParser) word() (*pyNode, error) {
	name := p.tok.text
	n := pyNode{kind: nodeName, text: name}
	switch name {
	case "True", "False":
		v := pyBoolean(name == "True")
		n = pyNode{kind: nodeConst, val: &v}
	case "None":
		n = pyNode{kind: nodeConst, val: new(pyValue)}
	case "lambda", "await", "yield":
		return nil, fmt.Errorf("before offset %d: %s, which is not read", p.lex.at, name)
	default:
		if isPyKeyword(name) {
			return nil, p.unexpected("an expression")
		}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p.node(n)
}

// strings joins literals that follow one another.
func (p *pyParser) strings() (*pyNode, error) {
	v := p.tok.val
	n := pyNode{kind: nodeConst, val: &v}
	if p.tok.text[0]|0x20 == 'u' {
		n.text = "u"
	}
	var parts []string
	for p.tok.kind == tokString {
		if p.tok.val.kind != v.kind {
			return nil, fmt.Errorf("before offset %d: %w: text joined to bytes", p.lex.at, errPySyntax)
		}
		parts = append(parts, p.tok.val.s)
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	v.s = strings.Join(parts, "")
	return p.node(n)
}

// elements reads what stands between an opening bracket and its end, commas between; comma tells
// whether there was one.
func (p *pyParser) elements(end string) (kids []*pyNode, comma bool, err error) {
	if err := p.advance(); err != nil {
		return nil, false, err
	}
	if p.isOp(end) {
		return nil, false, p.advance()
	}
	first, err := p.element()
	if err != nil {
		return nil, false, err
	}
	return p.following(first, end)
}

// following reads the elements after the first, and the end.
func (p *pyParser) following(first *pyNode, end string) (kids []*pyNode, comma bool, err error) {
	kids = []*pyNode{first}
	for !p.isOp(end) {
		if err := p.expect(","); err != nil {
			return nil, false, err
		}
		if comma = true; p.isOp(end) {
			break
		}
		k, err := p.element()
		if err != nil {
			return nil, false, err
		}
		kids = append(kids, k)
	}
	return kids, comma, p.advance()
}

func (p *pyParser) element() (*pyNode, error) {
	if p.isOp("*") {
		return p.starred(false)
	}
	return p.expression()
}

// starred reads *a. In a subscript a may be any expression, elsewhere a chain of operators.
func (p *pyParser) starred(any bool) (*pyNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	read := func() (*pyNode, error) { return p.binary(0) }
	if any {
		read = p.expression
	}
	v, err := read()
	if err != nil {
		return nil, err
	}
	return p.node(pyNode{kind: nodeStar, kids: []*pyNode{v}})
}

// group reads what stands in parentheses: a tuple, or an expression alone.
func (p *pyParser) group() (*pyNode, error) {
	kids, comma, err := p.elements(")")
	if err != nil {
		return nil, err
	}
	if len(kids) == 1 && !comma {
		if kids[0].kind == nodeStar {
			return nil, fmt.Errorf("before offset %d: %w: a starred expression in parentheses", p.lex.at, errPySyntax)
		}
		return kids[0], nil
	}
	return p.node(pyNode{kind: nodeTuple, kids: kids})
}

// braces reads a dict or a set.
func (p *pyParser) braces() (*pyNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isOp("}") || p.isOp("**") {
		return p.entries()
	}
	first, err := p.element()
	if err != nil {
		return nil, err
	}
	if p.isOp(":") && first.kind != nodeStar {
		return p.entries(first)
	}
	kids, _, err := p.following(first, "}")
	if err != nil {
		return nil, err
	}
	return p.node(pyNode{kind: nodeSet, kids: kids})
}

// entries reads the entries of a dict; first is a key that was read already.
func (p *pyParser) entries(first ...*pyNode) (*pyNode, error) {
	n := pyNode{kind: nodeDict}
	for !p.isOp("}") {
		var key, v *pyNode
		var err error
		switch {
		case len(first) > 0:
			key, first = first[0], nil
		case p.isOp("**"):
		default:
			if key, err = p.expression(); err != nil {
				return nil, err
			}
		}
		if key == nil { // **v
			if err = p.advance(); err == nil {
				v, err = p.binary(0)
			}
		} else if err = p.expect(":"); err == nil {
			v, err = p.expression()
		}
		if err != nil {
			return nil, err
		}
		n.keys, n.kids = append(n.keys, key), append(n.kids, v)
		if p.isOp("}") {
			break
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p.node(n)
}
