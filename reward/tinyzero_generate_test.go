package reward

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// tinyZeroCase is a task and a reply to it.
type tinyZeroCase struct {
	Numbers  []int64 `json:"numbers"`
	Target   int64   `json:"target"`
	Solution string  `json:"solution"`
}

func (c tinyZeroCase) truth() json.RawMessage {
	b, _ := json.Marshal(map[string]any{"numbers": c.Numbers, "target": c.Target})
	return b
}

// tinyZeroCases returns n cases, the same each time: half of them whole solutions of random
// expressions, the others damaged, oddly framed or hostile.
func tinyZeroCases(n int) []tinyZeroCase {
	g := &tinyZeroGenerator{rand.New(rand.NewPCG(24, 7))}
	cases := make([]tinyZeroCase, 0, n)
	for len(cases) < n {
		cases = append(cases, g.next())
	}
	return cases
}

type tinyZeroGenerator struct{ *rand.Rand }

func (g *tinyZeroGenerator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *tinyZeroGenerator) next() tinyZeroCase {
	var c tinyZeroCase
	for range 1 + g.IntN(5) {
		n := int64(g.IntN(100))
		if g.IntN(3) == 0 {
			n = int64(g.IntN(10))
		}
		c.Numbers = append(c.Numbers, n)
	}
	equation := g.expression(c.Numbers, g.IntN(4) == 0)
	switch g.IntN(10) {
	case 0, 1:
		equation = g.damage(equation)
	case 2:
		equation = g.noise(c.Numbers)
	case 3:
		c.Numbers, equation = g.hostile()
	case 4:
		if g.IntN(2) == 0 {
			c.Numbers = append(c.Numbers, 1+int64(g.IntN(9)))
		}
	}
	c.Target = g.target(equation)
	c.Solution = g.frame(equation)
	return c
}

// target returns the value of the equation as an integer in most cases where there is one.
func (g *tinyZeroGenerator) target(equation string) int64 {
	other, wrong := int64(g.IntN(200))-50, g.IntN(5) == 0
	e, err := parseEquation(strings.TrimFunc(equation, pythonSpace))
	if err != nil || e.depth > tzDepthNever || wrong {
		return other
	}
	v, err := e.eval(context.Background())
	if err != nil {
		return other
	}
	var f float64
	switch v := v.(type) {
	case tzInt:
		if v.IsInt64() {
			return v.Int64()
		}
	case tzFloat:
		f = float64(v)
	case tzComplex:
		f = real(v)
	}
	if math.Abs(f) < 1e18 {
		return int64(math.RoundToEven(f))
	}
	return math.MaxInt64
}

// expression returns a random tree over the numbers; a wild one has powers, floor division, floats,
// signs and needless parentheses.
func (g *tinyZeroGenerator) expression(numbers []int64, wild bool) string {
	if len(numbers) == 1 {
		s := fmt.Sprint(numbers[0])
		if wild {
			s = g.pick("", "", "", "", "-", "+", "- ", "--", "0", "00", ".", "-.", "(") + s
			s += g.pick("", "", "", "", ".", ".", " ", ".0", "()")
			if s[0] == '(' {
				s += ")"
			}
		}
		return s
	}
	cut := 1 + g.IntN(len(numbers)-1)
	x, y := g.expression(numbers[:cut], wild), g.expression(numbers[cut:], wild)
	op := g.pick("+", "-", "*", "/", " + ", " - ", " * ", " / ")
	if wild {
		op = g.pick("+", "-", "*", "/", "//", "**", ".", " // ", " ** ", "**-", "\t*\f", "*-", "--", "+-")
	}
	if g.IntN(3) > 0 && cut > 1 {
		x = "(" + x + ")"
	}
	if g.IntN(2) == 0 && len(numbers)-cut > 1 || wild && g.IntN(4) == 0 {
		y = "(" + y + g.pick(")", ")", ")", " )", "\r)")
	}
	if wild && g.IntN(6) == 0 {
		return "(" + x + op + y + ")"
	}
	return x + op + y
}

// damage changes some characters.
func (g *tinyZeroGenerator) damage(s string) string {
	r := []rune(s)
	for range 1 + g.IntN(3) {
		i := g.IntN(len(r) + 1)
		c := []rune(g.pick("(", ")", ".", " ", "*", "/", "+", "-", "0", "1", "7", "\t", "\r", "\f", "\v", "\x1c", "\x1f", "\x00", "\u00a0", "\u2003", "\u0085",
			"×", "÷", "−", "٣", "３", "𝟗", "=", ",", "_", "e", "x", "j", "%", "^", "~", "!", "[", "{", "\\", "#", "\"", "\n", "</answer>", "<answer>", "()", "...", "\ufffd", "²"))
		switch g.IntN(3) {
		case 0:
			r = append(r[:i:i], append(c, r[i:]...)...)
		case 1:
			if i < len(r) {
				r = append(r[:i:i], append(c, r[i+1:]...)...)
			}
		default:
			if i < len(r) && len(r) > 1 {
				r = append(r[:i:i], r[i+1:]...)
			}
		}
	}
	return string(r)
}

// noise strings the numbers together with random signs.
func (g *tinyZeroGenerator) noise(numbers []int64) string {
	var s strings.Builder
	signs := func() {
		for range g.IntN(4) {
			s.WriteString(g.pick("(", ")", "+", "-", "*", "/", ".", " ", "**", "//", "()", "...", "(*", "(**", "\r", "\f"))
		}
	}
	for _, n := range numbers {
		signs()
		fmt.Fprint(&s, n)
	}
	signs()
	return s.String()
}

// hostile returns an expression that asks much of an evaluator, and its numbers.
func (g *tinyZeroGenerator) hostile() ([]int64, string) {
	nest := func(open string, n int, mid, end string) string {
		return strings.Repeat(open, n) + mid + strings.Repeat(end, n)
	}
	a, b := int64(2+g.IntN(8)), int64(1+g.IntN(60))
	is := fmt.Sprint
	switch g.IntN(18) {
	case 16: // powers around the end of the parser's stack
		n := 190 + g.IntN(11)
		return []int64{1, a}, nest("(", n, strings.Repeat("-", tzMaxLevels-tzParens*n-5+g.IntN(5))+"1**-"+is(a), ")")
	case 17:
		return []int64{1, 100000}, g.pick("1/100000", "1./100000", "-1/100000", "1/100000.", "100000**-1", "(-100000)**-1", "100000-1")
	case 0:
		return []int64{a}, nest("(", 195+g.IntN(10), is(a), ")")
	case 1:
		n := 180 + g.IntN(21) // around the end of the parser's stack
		return []int64{a}, strings.Repeat("-", tzMaxLevels-tzParens*n-4+g.IntN(8)) + nest("(", n, is(a), ")")
	case 2:
		return []int64{a}, strings.Repeat(g.pick("-", "+", "-+", "- "), 900+g.IntN(100)) + is(a)
	case 3:
		return []int64{a}, strings.Repeat("-", 2996+g.IntN(5000)) + is(a)
	case 4:
		return []int64{9, 9, 9, 9}, g.pick("9**9**9**9", "9**9**9**-9", "(9**9)**9**9", "9-9**9**9**9", "9/9**9**9**9", "9.9**9**9", "9**9.**9**9", "(9-9)**9**9", "(9-9)/0**9**9**9")
	case 5:
		return []int64{a, 300 + b, 1}, fmt.Sprintf(g.pick("%d**%d*1.", "%d**%d/1", "%d**%d-1", "%d**-%d*1", "%d.**%d-1", "%d**%d**-1", "-%d**%d/1", "%d**%d//1."), a, 300+b)
	case 6:
		return []int64{a, b, 5}, fmt.Sprintf(g.pick("(-%d)**.5*%d", "(-%d)**(%d/5)", "(-%d)**.5**%d", "((-%d)**.5)**%d", "(-%d)**%d**.5", "(-%d)**-.5//%d", "%d/(-%d)**.5", "(-%d)**(-%d)**.5"), a, b)
	case 7:
		return []int64{0, a, b}, fmt.Sprintf(g.pick("0**-%d+%d", "0.**-%d+%d", "%d/0+%d", "%d//0.+%d", "0**%d**-%d", "-0./%d*%d", "%d/(-0.)+%d", "0.**(-%d)**.%d"), a, b)
	case 8:
		return []int64{0, a}, strings.Repeat("0", 4297+g.IntN(6)) + "+" + is(a)
	case 9:
		return []int64{a}, is(a) + "." + strings.Repeat(" ", g.IntN(4)) + nest("(", g.IntN(3), "", ")")
	case 10:
		return []int64{a, b}, is(a) + g.pick("()", "(*)", "...", " ", "+()*", "*()+", "(", "-...*") + is(b) + g.pick("", ")", "()", "...")
	case 11:
		return []int64{1, a}, "1" + strings.Repeat(g.pick("()", "+()", "*()"), 1+g.IntN(2000)) + "*" + is(a)
	case 12: // (a/b)*b and neighbours, where rounding shows
		return []int64{a, b, b, a}, fmt.Sprintf(g.pick("%d/%d*%d-%d", "%d/%d*%d//%d", "(%d//%d+%d)/%d", "%d.%d-%d.%d", "%d.%d//%d.%d", "-%d//%d+%d//-%d", "%d**%d.//%d**%d", "%d.**-%d*%d**%d"), a, b, b, a)
	case 13:
		return []int64{2, a, b}, fmt.Sprintf(g.pick("(%d**.%d)**%d", "%d**(%d/%d)//1", "%d**.%d//.%d", "(2**%d.%d)//%d"), 2, a, b)
	case 14:
		return []int64{a, b, 1, 100000}, fmt.Sprintf(g.pick("%d+%d+1/100000", "%d+%d-1/100000", "%d*%d+1/100000", "%d*%d+.1/100000", "%d+%d+1/-100000", "%d*%d+.00001+100000"), a, b)
	default:
		return []int64{1, a}, nest("1**("+strings.Repeat("-", g.IntN(3)), 1+g.IntN(3), is(a), ")")
	}
}

// frame puts an equation into a whole reply.
func (g *tinyZeroGenerator) frame(equation string) string {
	body := "<think>try " + equation + "</think>" + g.pick("\n", " ", "\n\n") + "<answer>" + g.pick("", " ", "\t", "\u00a0", "\x1c") + equation + g.pick("", " ", "\r") + "</answer>"
	switch g.IntN(40) {
	case 0:
		return body // no marker
	case 1:
		body += "\n"
	case 2:
		body += " so it is <answer>" + equation + "</answer> done"
	case 3:
		body += "<answer>1+1</answer>"
	case 4:
		body = "<answer>1+1</answer>" + body
	case 5:
		body = "<answer>" + body
	case 6:
		body += "<answer>"
	case 7:
		body += "\r"
	case 8:
		body = strings.Replace(body, "answer", g.pick("Answer", "ANSWER", "answer "), 1)
	case 9:
		return "User: <answer>" + equation + "</answer>\nAssistant:" + g.pick("", "I do not know", "<answer></answer>", "<answer> \t</answer>")
	case 10:
		return "assistant: " + body
	case 11:
		body += "</answer>"
	case 12:
		return g.pick("<|im_start|>assistant", "<|im_start|>user\nAssistant:\n<|im_start|>assistant\n") + body
	case 13:
		body += "Assistant: " + g.pick("", "\n", "<answer></answer>")
	}
	return g.pick("Assistant:", "Assistant: ", "User: go\nAssistant: Let me think.\n", "<|im_start|>assistant\n", "Assistant:\n") + body
}
