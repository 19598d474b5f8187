package reward

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"mulligan/data"
)

// maxLeakTokens bounds the tokens of the expressions that one text has evaluated.
const maxLeakTokens = 1 << 22

// Leaks reports whether a text holds a right expression that the prompt's messages do not: some
// stretch of it, in one line, that uses each number exactly once and whose value is the target
// (under both rules). Besides the signs of the strict rules it reads x between operands, \times,
// \cdot, \div, \left, \right and \frac{}{}. It does not see a solution that is told in words or
// spread over several equations. A text that would take too long is an error.
func (c *Countdown) Leaks(ctx context.Context, p data.Prompt, text string) (bool, error) {
	truth, err := readCountdownTruth(p.Answer)
	if err != nil {
		return false, err
	}
	found, err := truth.rightExpressions(ctx, text, nil)
	if err != nil || len(found) == 0 {
		return false, err
	}
	known := map[string]bool{}
	for _, m := range p.Messages {
		if known, err = truth.rightExpressions(ctx, m.Content, known); err != nil {
			return false, err
		}
	}
	for expr := range found {
		if !known[expr] {
			return true, nil
		}
	}
	return false, nil
}

// rightExpressions adds the right expressions of a text to a set, written without blanks.
func (t countdownTruth) rightExpressions(ctx context.Context, text string, set map[string]bool) (map[string]bool, error) {
	if set == nil {
		set = map[string]bool{}
	}
	s := leakSearch{truth: t, target: new(big.Rat).SetInt64(t.target), set: set}
	s.want = map[int64]int{}
	for _, n := range t.numbers {
		s.want[n]++
	}
	var run []arithToken
	for line := range strings.Lines(text) {
		if err := context.Cause(ctx); err != nil {
			return nil, fmt.Errorf("countdown: %w", err)
		}
		for len(line) > 0 {
			run, line = scanRun(run[:0], line)
			if err := s.run(ctx, run); err != nil {
				return nil, err
			}
		}
	}
	return set, context.Cause(ctx)
}

type leakSearch struct {
	truth  countdownTruth
	want   map[int64]int // how often each number is given
	target *big.Rat
	set    map[string]bool
	tokens int // evaluated so far
}

// run looks at every stretch of a run that holds as many numbers as are given.
func (s *leakSearch) run(ctx context.Context, run []arithToken) error {
	var at []int // where the numbers are
	for i, t := range run {
		if t.kind == 'n' {
			at = append(at, i)
		}
	}
	k := len(s.truth.numbers)
	if len(at) < k {
		return nil
	}
	have, wrong := map[int64]int{}, 0 // of the k numbers at hand; how many of these are not wanted
	for i, pos := range at {
		n := run[pos].value
		if have[n]++; have[n] > s.want[n] {
			wrong++
		}
		if i >= k {
			old := run[at[i-k]].value
			if have[old]--; have[old] >= s.want[old] {
				wrong--
			}
			if have[old] == 0 {
				delete(have, old)
			}
		}
		if i < k-1 || wrong > 0 {
			continue
		}
		if err := s.stretch(ctx, run, at[i-k+1], pos); err != nil {
			return err
		}
	}
	return nil
}

// stretch evaluates the expression whose first and last number are at the given places, with the
// parentheses around it that it needs, and with a minus before it.
func (s *leakSearch) stretch(ctx context.Context, run []arithToken, first, last int) error {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("countdown: %w", err)
	}
	open, missing := 0, 0 // parentheses left open, and closed without having been opened
	for _, t := range run[first : last+1] {
		switch {
		case t.kind == '(':
			open++
		case t.kind == ')' && open > 0:
			open--
		case t.kind == ')':
			missing++
		}
	}
	for ; missing > 0; missing-- {
		for first--; first >= 0 && run[first].kind == '-'; first-- {
		}
		if first < 0 || run[first].kind != '(' {
			return nil
		}
	}
	for ; open > 0; open-- {
		if last++; last >= len(run) || run[last].kind != ')' {
			return nil
		}
	}
	if err := s.try(run[first : last+1]); err != nil {
		return err
	}
	for { // the same with a minus before it, or before parentheses around it
		if first > 0 && run[first-1].kind == '-' && (first == 1 || !endsOperand(run[first-2])) {
			if err := s.try(run[first-1 : last+1]); err != nil {
				return err
			}
		}
		if first == 0 || last+1 == len(run) || run[first-1].kind != '(' || run[last+1].kind != ')' {
			return nil
		}
		first, last = first-1, last+1
	}
}

// try adds an expression to the set if it is right.
func (s *leakSearch) try(expr []arithToken) error {
	if s.tokens += len(expr); s.tokens > maxLeakTokens {
		return fmt.Errorf("countdown: look for a leak: more than %d signs in expressions with the right numbers", maxLeakTokens)
	}
	if value, err := evalArith(expr); err == nil && value.Cmp(s.target) == 0 {
		s.set[spell(expr)] = true
	}
	return nil
}

// endsOperand reports whether an operand can end with the token, so that a minus behind it is not
// a sign.
func endsOperand(t arithToken) bool { return t.kind == 'n' || t.kind == ')' }

// spell writes an expression without blanks.
func spell(tokens []arithToken) string {
	var b strings.Builder
	for _, t := range tokens {
		if t.kind == 'n' {
			fmt.Fprint(&b, t.value)
		} else {
			b.WriteByte(t.kind)
		}
	}
	return b.String()
}

// leakWords are the spellings of LaTeX that may stand in a run; 0 stands for nothing.
var leakWords = []struct {
	word string
	kind byte
}{{`\times`, '*'}, {`\cdot`, '*'}, {`\div`, '/'}, {`\left`, 0}, {`\right`, 0}, {`\,`, 0}, {`\;`, 0}, {`\!`, 0}, {`\ `, 0}, {`\*`, '*'}}

// scanRun cuts the first run of arithmetic off a line: tokens up to a character that belongs to no
// expression, behind those that run holds. \frac{a}{b} becomes ((a)/(b)).
func scanRun(run []arithToken, line string) (_ []arithToken, rest string) {
	var braces []byte // of the open fractions: n in the numerator, d in the denominator
	add := func(kinds ...byte) {
		for _, k := range kinds {
			run = append(run, arithToken{kind: k})
		}
	}
scan:
	for len(line) > 0 {
		c, size := utf8.DecodeRuneInString(line)
		switch {
		case unicode.IsSpace(c):
			line = line[size:]
		case c >= '0' && c <= '9':
			n := digits(line)
			value, err := readLiteral(line[:n])
			decimal := len(line) > n+1 && line[n] == '.' && digits(line[n+1:]) > 0
			if decimal {
				n += 1 + digits(line[n+1:])
			}
			line = line[n:]
			if err != nil || decimal {
				return run, line
			}
			run = append(run, arithToken{'n', value})
		case c == '\\':
			if word, ok := cutFraction(line); ok {
				add('(', '(')
				braces, line = append(braces, 'n'), word
				continue
			}
			for _, w := range leakWords {
				if strings.HasPrefix(line, w.word) {
					if w.kind != 0 {
						add(w.kind)
					}
					line = line[len(w.word):]
					continue scan
				}
			}
			return run, line[size:]
		case c == '}' && len(braces) > 0:
			line = line[size:]
			last := len(braces) - 1
			if next := strings.TrimLeft(line, " "); braces[last] == 'n' && strings.HasPrefix(next, "{") {
				add(')', '/', '(')
				braces[last], line = 'd', next[1:]
			} else {
				add(')', ')')
				braces = braces[:last]
			}
		case (c == 'x' || c == 'X') && times(run, line[size:]):
			add('*')
			line = line[size:]
		default:
			line = line[size:]
			kind := arithSign(c)
			if kind == 0 || kind == '=' {
				return run, line
			}
			add(kind)
		}
	}
	return run, line
}

// cutFraction cuts \frac{ off a line.
func cutFraction(line string) (rest string, ok bool) {
	for _, word := range []string{`\frac{`, `\dfrac{`, `\tfrac{`} {
		if rest, ok = strings.CutPrefix(line, word); ok {
			return rest, true
		}
	}
	return "", false
}

// times reports whether an x between run and rest is a multiplication.
func times(run []arithToken, rest string) bool {
	if len(run) == 0 || !endsOperand(run[len(run)-1]) {
		return false
	}
	rest = strings.TrimLeft(rest, " ")
	return rest != "" && (rest[0] == '(' || rest[0] == '\\' || rest[0] == '-' || rest[0] >= '0' && rest[0] <= '9')
}
