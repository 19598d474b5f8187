package reward

import (
	"fmt"
	"strings"
)

// pyNodeKind is the kind of a node of a Python expression.
type pyNodeKind uint8

const (
	nodeConst     pyNodeKind = iota // val; text is "u" where the literal has that prefix
	nodeEllipsis                    // ...
	nodeName                        // text
	nodeAttribute                   // kids[0].text
	nodeCall                        // kids[0](kids[1:]..., names[i]=keys[i]); a name "" is **keys[i]
	nodeSubscript                   // kids[0][kids[1]]
	nodeSlice                       // kids: lower, upper, step; nil where absent
	nodeList                        // kids
	nodeTuple                       // kids
	nodeSet                         // kids
	nodeDict                        // keys[i]: kids[i]; a nil key is **kids[i]
	nodeUnary                       // text kids[0]
	nodeBinary                      // kids[0] text kids[1]
	nodeCompare                     // kids[0] names[0] kids[1] names[1] kids[2] ...
	nodeBool                        // kids joined by text ("and", "or")
	nodeIf                          // kids[0] if kids[1] else kids[2]
	nodeStar                        // *kids[0]
)

// pyNode is one node of a Python expression.
type pyNode struct {
	kind  pyNodeKind
	depth uint16 // of the tree below, 1 for a leaf
	text  string
	val   *pyValue
	kids  []*pyNode
	keys  []*pyNode
	names []string
}

// maxPyDepth bounds the height of an expression. CPython gives up between about 1000 (unparsing)
// and 3000 (building its tree).
const maxPyDepth = 900

// pyParser reads Python expressions as CPython 3.11 does (ast.parse with mode "eval"), except that
// it refuses f-strings, \N{...}, lambda, comprehensions, generators, await, yield and :=.
type pyParser struct {
	lex   pyLexer
	tok   pyToken
	depth int // of the recursion
}

// parsePyExpression reads src as one expression, to its end.
func parsePyExpression(src string) (*pyNode, error) {
	if i := strings.IndexByte(src, 0); i >= 0 {
		return nil, fmt.Errorf("offset %d: %w: a null byte", i, errPySyntax)
	}
	p := &pyParser{lex: pyLexer{src: normalizeNewlines(src), budget: maxValues}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.expressions()
	if err != nil {
		return nil, err
	}
	for p.tok.kind == tokNewline {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if p.tok.kind != tokEnd {
		return nil, p.unexpected("the end")
	}
	return n, nil
}

func (p *pyParser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *pyParser) unexpected(want string) error {
	got := p.tok.text
	switch p.tok.kind {
	case tokEnd:
		got = "the end"
	case tokNewline:
		got = "a line end"
	}
	if len(got) > 20 {
		got = got[:20]
	}
	return fmt.Errorf("before offset %d: %w: %q, want %s", p.lex.at, errPySyntax, got, want)
}

func (p *pyParser) isOp(op string) bool  { return p.tok.kind == tokOp && p.tok.text == op }
func (p *pyParser) isWord(w string) bool { return p.tok.kind == tokName && p.tok.text == w }

// accept passes over an operator if it is next.
func (p *pyParser) accept(op string) (bool, error) {
	if !p.isOp(op) {
		return false, nil
	}
	return true, p.advance()
}

func (p *pyParser) expect(op string) error {
	if !p.isOp(op) {
		return p.unexpected("'" + op + "'")
	}
	return p.advance()
}

// node makes a node and counts its height.
func (p *pyParser) node(n pyNode) (*pyNode, error) {
	for _, list := range [...][]*pyNode{n.kids, n.keys} {
		for _, k := range list {
			if k != nil {
				n.depth = max(n.depth, k.depth)
			}
		}
	}
	if n.depth++; n.depth > maxPyDepth {
		return nil, fmt.Errorf("an expression higher than %d", maxPyDepth)
	}
	return &n, nil
}

// deeper counts one level of recursion; the caller defers the result.
func (p *pyParser) deeper() (func(), error) {
	if p.depth++; p.depth > 4*maxPyDepth {
		return nil, fmt.Errorf("an expression nested deeper than %d", 4*maxPyDepth)
	}
	return func() { p.depth-- }, nil
}

func isPyKeyword(s string) bool {
	switch s {
	case "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
		"elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
		"not", "or", "pass", "raise", "return", "try", "while", "with", "yield":
		return true
	}
	return false
}

// expressions reads one expression, or a tuple without parentheses.
func (p *pyParser) expressions() (*pyNode, error) {
	first, err := p.expression()
	if err != nil || !p.isOp(",") {
		return first, err
	}
	kids := []*pyNode{first}
	for p.isOp(",") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind == tokEnd || p.tok.kind == tokNewline {
			break
		}
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
	}
	return p.node(pyNode{kind: nodeTuple, kids: kids})
}

// expression: disjunction ['if' disjunction 'else' expression]
func (p *pyParser) expression() (*pyNode, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	body, err := p.boolean("or")
	if err != nil || !p.isWord("if") {
		return body, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	test, err := p.boolean("or")
	if err != nil {
		return nil, err
	}
	if !p.isWord("else") {
		return nil, p.unexpected("else")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	orelse, err := p.expression()
	if err != nil {
		return nil, err
	}
	return p.node(pyNode{kind: nodeIf, kids: []*pyNode{body, test, orelse}})
}

// boolean reads a chain of "or", or one of "and".
func (p *pyParser) boolean(op string) (*pyNode, error) {
	below := func() (*pyNode, error) { return p.boolean("and") }
	if op == "and" {
		below = p.inversion
	}
	n, err := below()
	if err != nil || !p.isWord(op) {
		return n, err
	}
	kids := []*pyNode{n}
	for p.isWord(op) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if n, err = below(); err != nil {
			return nil, err
		}
		kids = append(kids, n)
	}
	return p.node(pyNode{kind: nodeBool, text: op, kids: kids})
}

func (p *pyParser) inversion() (*pyNode, error) {
	if !p.isWord("not") {
		return p.comparison()
	}
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.inversion()
	if err != nil {
		return nil, err
	}
	return p.node(pyNode{kind: nodeUnary, text: "not", kids: []*pyNode{n}})
}

func (p *pyParser) comparison() (*pyNode, error) {
	n, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	kids := []*pyNode{n}
	var ops []string
	for {
		op, err := p.comparator()
		if err != nil {
			return nil, err
		}
		if op == "" {
			break
		}
		if n, err = p.binary(0); err != nil {
			return nil, err
		}
		kids, ops = append(kids, n), append(ops, op)
	}
	if ops == nil {
		return n, nil
	}
	return p.node(pyNode{kind: nodeCompare, kids: kids, names: ops})
}

// comparator passes over a comparison operator; "" if none is next.
func (p *pyParser) comparator() (string, error) {
	op := p.tok.text
	switch {
	case p.tok.kind == tokOp:
		switch op {
		case "==", "!=", "<", "<=", ">", ">=":
			return op, p.advance()
		}
		return "", nil
	case p.isWord("in"):
		return op, p.advance()
	case p.isWord("is"):
		if err := p.advance(); err != nil || !p.isWord("not") {
			return op, err
		}
		return "is not", p.advance()
	case p.isWord("not"):
		if err := p.advance(); err != nil {
			return "", err
		}
		if !p.isWord("in") {
			return "", p.unexpected("in")
		}
		return "not in", p.advance()
	}
	return "", nil
}
