package reward

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of CPython 3.11's parser, measured.
const (
	tzMaxParens = 200  // MAXLEVEL of its tokenizer
	tzMaxLevels = 5975 // of its parser's stack (MAXSTACK, less what one operand needs)
	tzParens    = 28   // levels that a pair of parentheses takes
	tzExponent  = 2    // levels that an exponent takes; a sign takes 1
)

// Limits of CPython 3.11's compiler: three levels of operators for each of 1,000 stack frames,
// less those of the caller.
const (
	tzDepthAlways = 2000 // levels that compile wherever the caller is
	tzDepthNever  = 2990 // levels above which nothing compiles
)

var errSyntax = errors.New("SyntaxError")

// tzExpr is an expression of the few that TinyZero's regular expression lets through to eval.
type tzExpr struct {
	op    string // "" (a value), "neg", "pos", "+", "-", "*", "/", "//", "**", "call"
	value tzValue
	x, y  *tzExpr // operands; y is nil for neg, pos, and a call without an argument
	depth int     // levels of operators
}

func tzNode(op string, x, y *tzExpr) *tzExpr {
	e := &tzExpr{op: op, x: x, y: y, depth: x.depth + 1}
	if y != nil && y.depth >= e.depth {
		e.depth = y.depth + 1
	}
	return e
}

// tzParser parses as eval does: its grammar's rules sum, term, factor, power, primary, atom.
type tzParser struct {
	text   string
	pos    int
	token  string // the token at hand: a number, an operator, "..." or "" at the end
	parens int    // open parentheses
	levels int    // of the reference's parser stack
}

// parseEquation parses a text without white space at its ends. Any error is an exception there.
func parseEquation(text string) (*tzExpr, error) {
	for i := range len(text) {
		if !strings.Contains("0123456789+-*/(). \t\f\r", text[i:i+1]) {
			return nil, fmt.Errorf("%w: a character that is not of an expression", errSyntax)
		}
	}
	p := &tzParser{text: text}
	if err := p.next(); err != nil {
		return nil, err
	}
	e, err := p.sum()
	if err != nil {
		return nil, err
	}
	if p.token != "" {
		return nil, p.unexpected()
	}
	return e, nil
}

func (p *tzParser) unexpected() error {
	if p.token == "" {
		return fmt.Errorf("%w: unexpected end", errSyntax)
	}
	return fmt.Errorf("%w: unexpected %s", errSyntax, clip(p.token, 20))
}

// next reads a token. White space is blanks, tabs, form feeds and, within parentheses, carriage
// returns, which Python turns into newlines.
func (p *tzParser) next() error {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == ' ' || c == '\t' || c == '\f' || c == '\r' && p.parens > 0:
			p.pos++
			continue
		case c == '\r':
			return fmt.Errorf("%w: new line", errSyntax)
		}
		break
	}
	rest := p.text[p.pos:]
	switch n := tzNumber(rest); {
	case rest == "":
		p.token = ""
	case n > 0:
		p.token = rest[:n]
	case strings.HasPrefix(rest, "**"), strings.HasPrefix(rest, "//"):
		p.token = rest[:2]
	case strings.HasPrefix(rest, "..."):
		p.token = rest[:3]
	default:
		p.token = rest[:1]
	}
	p.pos += len(p.token)
	switch p.token {
	case "(":
		if p.parens++; p.parens > tzMaxParens {
			return fmt.Errorf("%w: too many nested parentheses", errSyntax)
		}
	case ")":
		if p.parens--; p.parens < 0 {
			return fmt.Errorf("%w: unmatched )", errSyntax)
		}
	}
	return nil
}

// tzNumber returns the length of the number that a text begins with: 12, 12., 12.5 or .5.
func tzNumber(s string) int {
	n := digits(s)
	if n == len(s) || s[n] != '.' {
		return n
	}
	fraction := digits(s[n+1:])
	if n == 0 && fraction == 0 {
		return 0
	}
	return n + 1 + fraction
}

func (p *tzParser) sum() (*tzExpr, error) {
	return p.chain(p.term, "+", "-")
}

func (p *tzParser) term() (*tzExpr, error) {
	return p.chain(p.factor, "*", "/", "//")
}

// chain parses operands with left-associative operators between them.
func (p *tzParser) chain(operand func() (*tzExpr, error), ops ...string) (*tzExpr, error) {
	x, err := operand()
	for err == nil && oneOf(p.token, ops) {
		op := p.token
		if err = p.next(); err != nil {
			break
		}
		var y *tzExpr
		if y, err = operand(); err == nil {
			x = tzNode(op, x, y)
		}
	}
	return x, err
}

func oneOf(s string, list []string) bool {
	for _, x := range list {
		if s == x {
			return true
		}
	}
	return false
}

// deeper runs f some levels deeper in the reference's parser stack.
func (p *tzParser) deeper(levels int, f func() (*tzExpr, error)) (*tzExpr, error) {
	p.levels += levels
	defer func() { p.levels -= levels }()
	if p.levels > tzMaxLevels {
		return nil, errors.New("MemoryError: the parser's stack is full")
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	return f()
}

func (p *tzParser) factor() (*tzExpr, error) {
	switch p.token {
	case "-", "+":
		op := "neg"
		if p.token == "+" {
			op = "pos"
		}
		x, err := p.deeper(1, p.factor)
		if err != nil {
			return nil, err
		}
		return tzNode(op, x, nil), nil
	}
	x, err := p.primary()
	if err != nil || p.token != "**" {
		return x, err
	}
	y, err := p.deeper(tzExponent, p.factor)
	if err != nil {
		return nil, err
	}
	return tzNode("**", x, y), nil
}

// primary parses an atom and the calls behind it.
func (p *tzParser) primary() (*tzExpr, error) {
	x, err := p.atom()
	for err == nil && p.token == "(" {
		var y *tzExpr
		y, err = p.deeper(tzParens, func() (*tzExpr, error) {
			switch p.token {
			case ")":
				return nil, nil
			case "*", "**": // f(*x), f(**x)
				if err := p.next(); err != nil {
					return nil, err
				}
			}
			return p.sum()
		})
		if err == nil {
			err = p.closing()
		}
		if err == nil {
			x = tzNode("call", x, y)
		}
	}
	return x, err
}

func (p *tzParser) closing() error {
	if p.token != ")" {
		return p.unexpected()
	}
	return p.next()
}

func (p *tzParser) atom() (*tzExpr, error) {
	switch {
	case p.token == "(":
		x, err := p.deeper(tzParens, func() (*tzExpr, error) {
			if p.token == ")" {
				return &tzExpr{value: tzTuple{}, depth: 1}, nil
			}
			return p.sum()
		})
		if err != nil {
			return nil, err
		}
		return x, p.closing()
	case p.token == "...":
		return &tzExpr{value: tzEllipsis{}, depth: 1}, p.next()
	case p.token != "" && tzNumber(p.token) > 0:
		value, err := tzLiteral(p.token)
		if err != nil {
			return nil, err
		}
		return &tzExpr{value: value, depth: 1}, p.next()
	}
	return nil, p.unexpected()
}
