package reward

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"
)

const (
	feedbackNoTag      = "No answer was found: it must stand between <answer> and </answer>."
	feedbackExpression = "The answer is not an arithmetic expression: only integers, + - * / and parentheses are allowed."
	feedbackNumbers    = "The expression does not use each given number exactly once."
	feedbackValue      = "The value of the expression is not the target."
)

// strict judges a reply by the rules strict.
func (t countdownTruth) strict(reply string) Verdict {
	text, ok := lastTag(reply, "answer")
	if !ok {
		return Verdict{Feedback: feedbackNoTag, Reason: "no <answer>...</answer>"}
	}
	fail := func(feedback, format string, args ...any) Verdict {
		return Verdict{Parsed: clip(text, maxParsed), Feedback: feedback, Reason: fmt.Sprintf(format, args...)}
	}
	tokens, err := scanExpression(text)
	if err != nil {
		return fail(feedbackExpression, "not an expression: %v", err)
	}
	expr, claim := tokens, []arithToken(nil)
	if i := slices.IndexFunc(tokens, func(t arithToken) bool { return t.kind == '=' }); i >= 0 {
		expr, claim = tokens[:i], tokens[i+1:]
	}
	if got := literals(expr); !slices.Equal(got, t.numbers) {
		if len(got) > 2*maxCountdownNumbers {
			return fail(feedbackNumbers, "uses %d numbers, given are %v", len(got), t.numbers)
		}
		return fail(feedbackNumbers, "uses the numbers %v, given are %v", got, t.numbers)
	}
	value, err := evalArith(expr)
	if err != nil {
		return fail(feedbackExpression, "not an expression: %v", err)
	}
	target := new(big.Rat).SetInt64(t.target)
	if claim != nil {
		claimed, err := claimedValue(claim)
		if err != nil {
			return fail(feedbackExpression, "not an expression: behind =: %v", err)
		}
		if claimed.Cmp(target) != 0 {
			return fail("The number behind the = sign is not the target.", "claims to be %s, the target is %d", claimed.RatString(), t.target)
		}
	}
	if value.Cmp(target) != 0 {
		return fail(feedbackValue, "is %s, the target is %d", clip(value.RatString(), 100), t.target)
	}
	return Verdict{Pass: true, Score: 1, Parsed: clip(text, maxParsed)}
}

// claimedValue reads what may follow the = sign: an integer, perhaps with a minus.
func claimedValue(tokens []arithToken) (*big.Rat, error) {
	if n := len(tokens); n == 0 || n > 2 || tokens[n-1].kind != 'n' || n == 2 && tokens[0].kind != '-' {
		return nil, errors.New("want one integer")
	}
	return evalArith(tokens)
}

// literals returns the values of the numbers in an expression, sorted.
func literals(tokens []arithToken) []int64 {
	var values []int64
	for _, t := range tokens {
		if t.kind == 'n' {
			values = append(values, t.value)
		}
	}
	slices.Sort(values)
	return values
}

// arithToken is one sign of an arithmetic expression.
type arithToken struct {
	kind  byte  // one of n + - * / ( ) =
	value int64 // of kind n
}

// arithSign returns the kind of token that a character is by the strict rules; 0 if none.
func arithSign(r rune) byte {
	switch r {
	case '+', '-', '*', '/', '(', ')', '=':
		return byte(r)
	case '−':
		return '-'
	case '×', '·', '⋅':
		return '*'
	case '÷':
		return '/'
	}
	return 0
}

// scanExpression cuts a text that is nothing but an expression into tokens.
func scanExpression(text string) ([]arithToken, error) {
	var tokens []arithToken
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsSpace(r):
			i += size
		case r >= '0' && r <= '9':
			n := digits(text[i:])
			value, err := readLiteral(text[i : i+n])
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, arithToken{'n', value})
			i += n
		default:
			kind := arithSign(r)
			if kind == 0 {
				return nil, fmt.Errorf("unexpected %q", r)
			}
			tokens = append(tokens, arithToken{kind: kind})
			i += size
		}
	}
	return tokens, nil
}

// digits returns how many ASCII digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// readLiteral reads an integer of ASCII digits.
func readLiteral(s string) (int64, error) {
	if len(s) > 1 && s[0] == '0' {
		return 0, fmt.Errorf("leading zero in %s", clip(s, 20))
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("number %s is too large", clip(s, 20))
	}
	return n, nil
}

var (
	errOperand  = errors.New("an operand is missing")
	errOperator = errors.New("two operands without an operator")
	errParens   = errors.New("parentheses do not match")
	errZero     = errors.New("division by zero")
)

// evalArith returns the exact value of an expression. It needs no recursion: depth costs memory
// like length does. The value's size is bounded by the sum of the literals' sizes.
func evalArith(tokens []arithToken) (*big.Rat, error) {
	var values []*big.Rat
	var ops []byte // + - * / ( and n for unary minus
	apply := func(op byte) error {
		y := values[len(values)-1]
		if op == 'n' {
			y.Neg(y)
			return nil
		}
		values = values[:len(values)-1]
		x := values[len(values)-1]
		switch op {
		case '+':
			x.Add(x, y)
		case '-':
			x.Sub(x, y)
		case '*':
			x.Mul(x, y)
		case '/':
			if y.Sign() == 0 {
				return errZero
			}
			x.Quo(x, y)
		}
		return nil
	}
	// unwind applies the operators on the stack that bind at least as strongly as min.
	unwind := func(min int) error {
		for len(ops) > 0 && binding(ops[len(ops)-1]) >= min {
			op := ops[len(ops)-1]
			ops = ops[:len(ops)-1]
			if err := apply(op); err != nil {
				return err
			}
		}
		return nil
	}
	operand := false // whether the tokens so far end with an operand
	for _, t := range tokens {
		switch {
		case t.kind == 'n' || t.kind == '(':
			if operand {
				return nil, errOperator
			}
			if t.kind == '(' {
				ops = append(ops, '(')
				continue
			}
			values = append(values, new(big.Rat).SetInt64(t.value))
			operand = true
		case t.kind == '-' && !operand:
			ops = append(ops, 'n')
		case !operand:
			return nil, errOperand
		case t.kind == ')':
			if err := unwind(1); err != nil {
				return nil, err
			}
			if len(ops) == 0 {
				return nil, errParens
			}
			ops = ops[:len(ops)-1]
		case t.kind == '=':
			return nil, errors.New("more than one =")
		default:
			if err := unwind(binding(t.kind)); err != nil {
				return nil, err
			}
			ops = append(ops, t.kind)
			operand = false
		}
	}
	if !operand {
		return nil, errOperand
	}
	if err := unwind(1); err != nil {
		return nil, err
	}
	if len(ops) > 0 {
		return nil, errParens
	}
	return values[0], nil
}

// binding says how strongly an operator binds; 0 for an open parenthesis.
func binding(op byte) int {
	switch op {
	case '+', '-':
		return 1
	case '*', '/':
		return 2
	case 'n':
		return 3
	}
	return 0
}
