package reward

// pyBinaryLevels are the binary operators, weakest first. Power is apart: it binds to the right.
var pyBinaryLevels = [...][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "//", "%", "@"}}

// binary reads a chain of binary operators of a level and above.
func (p *pyParser) binary(level int) (*pyNode, error) {
	if level == len(pyBinaryLevels) {
		return p.factor()
	}
	n, err := p.binary(level + 1)
	for err == nil {
		op := ""
		for _, o := range pyBinaryLevels[level] {
			if p.isOp(o) {
				op = o
			}
		}
		if op == "" {
			return n, nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := p.binary(level + 1)
		if err != nil {
			return nil, err
		}
		if n, err = p.node(pyNode{kind: nodeBinary, text: op, kids: []*pyNode{n, right}}); err != nil {
			return nil, err
		}
	}
	return n, err
}

// factor: ('+' | '-' | '~') factor | primary ['**' factor]
func (p *pyParser) factor() (*pyNode, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	for _, op := range [...]string{"-", "+", "~"} {
		if ok, err := p.accept(op); err != nil {
			return nil, err
		} else if ok {
			n, err := p.factor()
			if err != nil {
				return nil, err
			}
			return p.node(pyNode{kind: nodeUnary, text: op, kids: []*pyNode{n}})
		}
	}
	base, err := p.primary()
	if err != nil {
		return nil, err
	}
	if ok, err := p.accept("**"); err != nil || !ok {
		return base, err
	}
	exp, err := p.factor()
	if err != nil {
		return nil, err
	}
	return p.node(pyNode{kind: nodeBinary, text: "**", kids: []*pyNode{base, exp}})
}

// primary reads an atom with what hangs on it: .name, (arguments), [slices].
func (p *pyParser) primary() (*pyNode, error) {
	n, err := p.atom()
	for err == nil {
		switch {
		case p.isOp("."):
			n, err = p.attribute(n)
		case p.isOp("("):
			n, err = p.call(n)
		case p.isOp("["):
			n, err = p.subscript(n)
		default:
			return n, nil
		}
	}
	return nil, err
}

func (p *pyParser) attribute(n *pyNode) (*pyNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	name := p.tok.text
	if p.tok.kind != tokName || isPyKeyword(name) {
		return nil, p.unexpected("a name")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p.node(pyNode{kind: nodeAttribute, text: name, kids: []*pyNode{n}})
}

// call reads the arguments of a call of fn.
func (p *pyParser) call(fn *pyNode) (*pyNode, error) {
	n := pyNode{kind: nodeCall, kids: []*pyNode{fn}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	doubleStar := false
	for !p.isOp(")") {
		if err := p.argument(&n, &doubleStar); err != nil {
			return nil, err
		}
		if p.isOp(")") {
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

// argument reads one argument. After a keyword only *a, **a and keywords may follow, after **a
// only **a and keywords.
func (p *pyParser) argument(n *pyNode, doubleStar *bool) error {
	name := ""
	if p.tok.kind == tokName {
		save := *p
		name = p.tok.text
		if err := p.advance(); err != nil {
			return err
		}
		if !p.isOp("=") || isPyKeyword(name) {
			*p, name = save, ""
		}
	}
	switch {
	case name != "", p.isOp("**"):
		*doubleStar = *doubleStar || name == ""
		if err := p.advance(); err != nil {
			return err
		}
		v, err := p.expression()
		if err != nil {
			return err
		}
		n.names, n.keys = append(n.names, name), append(n.keys, v)
		return nil
	case p.isOp("*"):
		if *doubleStar {
			return p.unexpected("a keyword argument")
		}
		if err := p.advance(); err != nil {
			return err
		}
		v, err := p.expression()
		if err != nil {
			return err
		}
		if v, err = p.node(pyNode{kind: nodeStar, kids: []*pyNode{v}}); err != nil {
			return err
		}
		n.kids = append(n.kids, v)
		return nil
	case len(n.keys) > 0:
		return p.unexpected("a keyword argument")
	}
	v, err := p.expression()
	if err != nil {
		return err
	}
	n.kids = append(n.kids, v)
	return nil
}

func (p *pyParser) subscript(n *pyNode) (*pyNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	var kids []*pyNode
	tuple := false
	for !p.isOp("]") {
		k, err := p.slice()
		if err != nil {
			return nil, err
		}
		kids = append(kids, k)
		tuple = tuple || k.kind == nodeStar || p.isOp(",")
		if p.isOp("]") {
			break
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
	if len(kids) == 0 {
		return nil, p.unexpected("an index")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	index := kids[0]
	if tuple {
		var err error
		if index, err = p.node(pyNode{kind: nodeTuple, kids: kids}); err != nil {
			return nil, err
		}
	}
	return p.node(pyNode{kind: nodeSubscript, kids: []*pyNode{n, index}})
}

// slice reads an index, or lower:upper:step.
func (p *pyParser) slice() (*pyNode, error) {
	if p.isOp("*") {
		return p.starred(true)
	}
	parts := make([]*pyNode, 3)
	colons := 0
	for i := range parts {
		if !p.isOp(":") && !p.isOp("]") && !p.isOp(",") {
			var err error
			if parts[i], err = p.expression(); err != nil {
				return nil, err
			}
		}
		if i == 2 {
			break
		}
		if ok, err := p.accept(":"); err != nil {
			return nil, err
		} else if !ok {
			break
		}
		colons++
	}
	if colons > 0 {
		return p.node(pyNode{kind: nodeSlice, kids: parts})
	}
	if parts[0] == nil {
		return nil, p.unexpected("an index")
	}
	return parts[0], nil
}
