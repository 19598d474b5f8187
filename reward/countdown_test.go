package reward_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"mulligan/data"
	"mulligan/reward"
	"mulligan/reward/rewardtest"
)

// prompt returns a prompt that asks a question and has a ground truth.
func prompt(question, truth string) data.Prompt {
	return data.Prompt{Messages: []data.Message{{Role: data.RoleUser, Content: question}}, Answer: json.RawMessage(truth)}
}

func countdown(t testing.TB, opts reward.CountdownOptions) *reward.Countdown {
	t.Helper()
	v, err := reward.NewCountdown(opts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCountdownStrict(t *testing.T) {
	v := countdown(t, reward.CountdownOptions{})
	long := strings.Repeat("(", 20_000) + "3*5+2" + strings.Repeat(")", 20_000)
	for _, c := range []struct {
		reply  string
		pass   bool
		reason string // how it begins
	}{
		{"<answer>3*5+2</answer>", true, ""},
		{"<think>2+3</think>\n<answer>\n 2 + (5 * 3)\n</answer> there.", true, ""},
		{"<answer>1</answer><answer>5*3+2</answer>", true, ""},
		{"<answer>5*3+2</answer> or <answer>1", true, ""},
		{"<answer><answer>5*3+2</answer></answer>", true, ""},
		{"<answer>5×3+2</answer>", true, ""},
		{"<answer>5·3 − −2</answer>", true, ""},
		{"<answer>-(-5*3)--2</answer>", true, ""},
		{"<answer>5*3+2 = 17</answer>", true, ""},
		{"<answer>" + long + "</answer>", true, ""},
		{"<answer>5*3+2 = 18</answer>", false, "claims to be 18"},
		{"<answer>17 = 5*3+2</answer>", false, "uses the numbers [17]"},
		{"<answer>5*3+2 = 17 = 17</answer>", false, "not an expression: behind =: want one integer"},
		{"<answer>5*3+2 =</answer>", false, "not an expression: behind =: want one integer"},
		{"<answer>5*3-2</answer>", false, "is 13, the target is 17"},
		{"<answer>5/3*2</answer>", false, "is 10/3, the target is 17"},
		{"<answer>5*3</answer>", false, "uses the numbers [3 5], given are [2 3 5]"},
		{"<answer>5*3+2+2-2</answer>", false, "uses the numbers [2 2 2 3 5]"},
		{"<answer>17</answer>", false, "uses the numbers [17]"},
		{"<answer>3.5*2</answer>", false, `not an expression: unexpected '.'`},
		{"<answer>5*3+02</answer>", false, "not an expression: leading zero in 02"},
		{"<answer>5**3+2</answer>", false, "not an expression: an operand is missing"},
		{"<answer>5*3//2</answer>", false, "not an expression: an operand is missing"},
		{"<answer>+5*3+2</answer>", false, "not an expression: an operand is missing"},
		{"<answer>5(3)+2</answer>", false, "not an expression: two operands"},
		{"<answer>(5*3+2</answer>", false, "not an expression: parentheses"},
		{"<answer>5*3+2)</answer>", false, "not an expression: parentheses"},
		{"<answer>5*3+2-</answer>", false, "not an expression: an operand is missing"},
		{"<answer>2/(3-3)</answer>", false, "uses the numbers"},
		{`<answer>5 \times 3 + 2</answer>`, false, `not an expression: unexpected '\\'`},
		{"<answer>five</answer>", false, `not an expression: unexpected 'f'`},
		{"<answer>99999999999999999999</answer>", false, "not an expression: number 99999999999999999999 is too large"},
		{"<ANSWER>5*3+2</ANSWER>", false, "no <answer>"},
		{"5*3+2", false, "no <answer>"},
		{"</answer>5*3+2<answer>", false, "no <answer>"},
		{"<answer></answer>", false, "uses the numbers []"},
	} {
		got, err := v.Verify(context.Background(), prompt("", `{"numbers":[3,5,2],"target":17}`), c.reply)
		if err != nil {
			t.Errorf("%.60q: %v", c.reply, err)
			continue
		}
		score := map[bool]float64{true: 1}[c.pass]
		if got.Pass != c.pass || got.Score != score || !strings.HasPrefix(got.Reason, c.reason) || c.pass != (got.Reason == "") {
			t.Errorf("%.60q: pass %t, score %g, reason %q; want %t with %q", c.reply, got.Pass, got.Score, got.Reason, c.pass, c.reason)
		}
	}
}

func TestCountdownExact(t *testing.T) {
	v := countdown(t, reward.CountdownOptions{})
	for _, c := range []struct {
		truth, expr string
		pass        bool
	}{
		{`{"numbers":[8,3,8,3],"target":24}`, "8/(3-8/3)", true}, // 1/3 is exact
		{`{"numbers":[1,49,49],"target":1}`, "1/49*49", true},    // not in floats
		{`{"numbers":[7,7],"target":0}`, "7-7", true},
		{`{"numbers":[7,0],"target":0}`, "7/0", false},
		{`{"numbers":[7,0,1],"target":7}`, "7/(0/1)", false},
		{`{"numbers":[2,3,4],"target":-5}`, "2*-(-3)-4-3", false},
		{`{"numbers":[2,3,4],"target":2}`, "2*-(-3)-4", true},
		{`{"numbers":[12,2,3],"target":2}`, "12/2/3", true}, // from the left
		{`{"numbers":[9,2,3],"target":4}`, "9-2-3", true},
		{`{"numbers":[9223372036854775807,9223372036854775807],"target":0}`, "9223372036854775807-9223372036854775807", true},
		{`{"numbers":[9223372036854775807,1,1],"target":9223372036854775807}`, "9223372036854775807+1-1", true},
	} {
		got, err := v.Verify(context.Background(), prompt("", c.truth), "<answer>"+c.expr+"</answer>")
		if err != nil || got.Pass != c.pass {
			t.Errorf("%s for %s: pass %t (%s), error %v; want %t", c.expr, c.truth, got.Pass, got.Reason, err, c.pass)
		}
	}
}

func TestCountdownTinyZero(t *testing.T) {
	plain := countdown(t, reward.CountdownOptions{Rules: "tinyzero"})
	marked := countdown(t, reward.CountdownOptions{Rules: "tinyzero", Marker: reward.TinyZeroMarker})
	for _, c := range []struct {
		truth, reply     string
		score, withoutIt float64 // with the marker put before the reply, and without
	}{
		{`{"numbers":[3,5,2],"target":7}`, "<answer>3.5*2</answer>", 1, 0},
		{`{"numbers":[2,3],"target":8}`, "<answer>2**3</answer>", 1, 0},
		{`{"numbers":[7,2],"target":3}`, "<answer>7//2</answer>", 1, 0},
		{`{"numbers":[44,54],"target":98}`, "<answer>44+54=98</answer>", 0.1, 0},
		{`{"numbers":[2,3],"target":6}`, "<answer>2×3</answer>", 0.1, 0},
		{`{"numbers":[2,3],"target":6}`, "<answer>2*\n3</answer>", 0, 0},
		{`{"numbers":[2,3],"target":6}`, "<answer>2*3</answer>\n", 0, 0},
		{`{"numbers":[2,3],"target":6}`, "Assistant: <answer>2*3</answer>", 1, 1},
		{`{"numbers":[2,3],"target":6}`, "<|im_start|>assistant\n<answer>2*3</answer>", 1, 1},
		{`{"numbers":[2,3],"target":7}`, "<answer>2*3</answer>", 0.1, 0},
		{`{"numbers":[2,3],"target":6}`, "<answer>02*3</answer>", 0.1, 0},
		{`{"numbers":[2,0],"target":2}`, "<answer>2+000</answer>", 1, 0},
		{`{"numbers":[1,5,4],"target":1}`, "<answer>((-1)**.5)**4</answer>", 1, 0}, // complex on the way
		{`{"numbers":[8,1,3,2],"target":1}`, "<answer>8**(1/3)//2</answer>", 1, 0},
	} {
		p := prompt("", c.truth)
		for v, want := range map[*reward.Countdown]float64{marked: c.score, plain: c.withoutIt} {
			got, err := v.Verify(context.Background(), p, c.reply)
			if err != nil || got.Score != want || got.Pass != (want == 1) {
				t.Errorf("%q for %s: score %g, pass %t, error %v; want %g", c.reply, c.truth, got.Score, got.Pass, err, want)
			}
		}
	}
	_, err := marked.Verify(context.Background(), prompt("", `{"numbers":[9,9,9,9],"target":1}`), "<answer>9**9**9**9</answer>")
	if want := "countdown: rules tinyzero: eval: a power of more than 4194304 bits is not computed"; err == nil || err.Error() != want {
		t.Errorf("9**9**9**9: error %v, want %s", err, want)
	}
}

func TestNewCountdown(t *testing.T) {
	for want, opts := range map[string]reward.CountdownOptions{
		`countdown: rules "loose": want strict or tinyzero`:   {Rules: "loose"},
		`countdown: option marker is for rules tinyzero only`: {Marker: "Assistant:"},
	} {
		if _, err := reward.NewCountdown(opts); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func countdownCases(before string) []rewardtest.Case {
	tag := func(expr ...string) (list []string) {
		for _, e := range expr {
			list = append(list, before+"<answer>"+e+"</answer>")
		}
		return list
	}
	bad := []json.RawMessage{[]byte(`{"numbers":[],"target":1}`), []byte(`{"numbers":[1,2]}`), []byte(`{"numbers":["1"],"target":1}`),
		[]byte(`{"numbers":[1,null],"target":1}`), []byte(`{"numbers":[-1],"target":1}`), []byte(`{"numbers":[1.5],"target":1}`),
		[]byte(`{"numbers":[1],"target":9223372036854775808}`), []byte(`{"numbers":[1],"target":"1"}`), []byte(`{"nums":[1],"target":1}`),
		[]byte(`{"numbers":[` + strings.Repeat("1,", 64) + `1],"target":65}`)}
	question := "Reach %s with %s. Each number once. For example 1 + 2 = 3."
	return []rewardtest.Case{{
		Prompt: prompt(fmt.Sprintf(question, "98", "44, 19, 35"), `{"numbers":[44,19,35],"target":98}`),
		Gold:   tag("44+19+35", "(35 + 44) + 19", "-(-44-19)+35"),
		Wrong:  append(tag("44+19-35", "44+19", "98", "44+19+35+0", "[44+19+35]", "44 19 35"), "44+19+35"),
		Leaks: []string{"I forgot that 44 + 19 + 35 works.", "so (44+19)+35=98", `$44 + 19 \cdot 1$, no: \(35 + \left(44 + 19\right)\)`,
			"**35+19+44**", "x = 3 + 44 + 19 + 35"},
		Clean:     []string{"44 + 19", "44 - 19 - 35", "I should add the numbers 44, 19 and 35 to get 98.", "- 44\n+ 19\n+ 35", "44 + 19 + 35.5", "98", "try (((44 + (19 + 35"},
		BadTruths: bad,
	}, {
		Prompt: prompt(fmt.Sprintf(question, "6", "24, 8, 3, 1"), `{"numbers":[24,8,3,1],"target":6}`),
		Gold:   tag("24/8+3*1", "24 / 8 * 1 + 3"),
		Wrong:  tag("24/8+3/1-1", "24//8*2"),
		Leaks:  []string{`\frac{24}{8} + 3 \times 1`, "24 ÷ 8 + 3 × 1", "24 / 8 + 3 x 1 maybe", `24 \div 8 + 3 \* 1`, `$\dfrac{24\cdot 1}{8} + 3$`},
		Clean:  []string{"24 / 8 + 3", `\frac{24}{8} + 1 - 3`, "24 / 8 + 3 x one", `\frac{24}{8`},
	}, {
		Prompt: prompt("Reach -1 with 3 and 4, say as 3-4. Or reach 7.", `{"numbers":[3,4],"target":-1}`),
		Gold:   tag("3-4", "-4+3"),
		Leaks:  []string{"say -4 + 3", "-(4-3) then"},
		Clean:  []string{"the hint 3 - 4 was given", "5-4+3"},
	}}
}

func TestCountdownConformance(t *testing.T) {
	if err := rewardtest.Check(countdown(t, reward.CountdownOptions{}), countdownCases("")); err != nil {
		t.Errorf("strict: %v", err)
	}
	if err := rewardtest.Check(countdown(t, reward.CountdownOptions{Rules: "tinyzero", Marker: "Assistant:"}), countdownCases("")); err != nil {
		t.Errorf("tinyzero with marker: %v", err)
	}
	if err := rewardtest.Check(countdown(t, reward.CountdownOptions{Rules: "tinyzero"}), countdownCases("User: x\nAssistant: ")); err != nil {
		t.Errorf("tinyzero: %v", err)
	}
}

func FuzzCountdown(f *testing.F) {
	for _, c := range countdownCases("") {
		for _, s := range append(append(c.Gold, c.Wrong...), c.Leaks...) {
			f.Add(s, `{"numbers":[44,19,35],"target":98}`)
		}
	}
	verifiers := []*reward.Countdown{countdown(f, reward.CountdownOptions{}), countdown(f, reward.CountdownOptions{Rules: "tinyzero", Marker: "Assistant:"})}
	f.Fuzz(func(t *testing.T, reply, truth string) {
		p := prompt("", truth)
		for _, v := range verifiers {
			verdict, err := v.Verify(context.Background(), p, reply)
			if err == nil && verdict.Pass != (verdict.Score == 1) {
				t.Errorf("pass %t with score %g", verdict.Pass, verdict.Score)
			}
		}
		// What passes by the strict rules leaks.
		verdict, err := verifiers[0].Verify(context.Background(), p, reply)
		leaks, err2 := verifiers[0].Leaks(context.Background(), p, reply)
		if err == nil && err2 == nil && verdict.Pass && !leaks && !strings.ContainsAny(verdict.Parsed, "\n\r\v\f\u0085\u2028\u2029") {
			t.Errorf("%q passes for %s, but does not leak", reply, truth)
		}
	})
}

func BenchmarkCountdown(b *testing.B) {
	reply := "<think>44 and 54, so 98.</think>\n<answer>(8 * (24 - 3)) / 6 - 10</answer>"
	p := prompt("", `{"numbers":[8,24,3,6,10],"target":18}`)
	for name, opts := range map[string]reward.CountdownOptions{"strict": {}, "tinyzero": {Rules: "tinyzero", Marker: "Assistant:"}} {
		v := countdown(b, opts)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := v.Verify(context.Background(), p, reply); err != nil || !got.Pass {
					b.Fatal(got, err)
				}
			}
		})
	}
}
