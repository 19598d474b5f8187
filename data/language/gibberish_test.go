package language_test

import (
	"fmt"
	"strings"
	"testing"

	"mulligan/data/language"
)

// countdown returns n lines of a search for an equation, as models write it.
func countdown(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "(%d + %d) * (%d - %d) = %d, which is not 65.\n", 19+i, 36, 55-i, 7, (55+i)*(48-i))
	}
	return b.String()
}

func TestGibberish(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		rules string // separated by spaces
	}{
		"empty":      {"", ""},
		"answer":     {"7", ""},
		"short loop": {"no no no no", ""},
		"prose": {"I used the number 7 twice, which the rules do not allow. Next time I will tick off each number as I use it, " +
			"and check the result before I answer.", ""},
		"equation":        {"<answer>(19 + 36) - (55 * 7) / 5</answer>", ""},
		"search":          {countdown(12), ""},
		"search in signs": {"19+36=55; 55-55=0; 0*7=0; 19*7=133; 133-55=78; 78-36=42; 36*7=252; 252-55=197; 197-19=178; 55*7=385", ""},
		"call":            {`[{"name":"cancel_event","arguments":{"event_id":"EV-0253","notify":true}},{"name":"get_weather","arguments":{"city":"Oslo","units":"metric"}}]`, ""},
		"matrix":          {"[[1, 0, 0], [0, 1, 0], [0, 0, 1]]", ""},
		"code": {"def solve(xs):\n    for i, x in enumerate(xs):\n        if x % 2 == 0:\n            yield i, x\n\n" +
			"def main():\n    for i, x in solve(range(10)):\n        print(i, x)\n", ""},
		"latex":              {`\frac{a}{b} + \sqrt{x^2 + y^2} = \int_0^1 f(x)\,dx \quad\text{for all } x \in \mathbb{R}, \alpha + \beta = \gamma`, ""},
		"greek letters":      {"Let α and β be the angles of the triangle; then γ = π - α - β, and sin γ = sin(α + β).", ""},
		"japanese":           {"最初の試みは失敗しました。数字の7を二回使ったからです。getUserName を使いましょう。", ""},
		"many greek letters": {"The angles α, β, γ, δ, ε, ζ, η, θ, λ, μ, σ, τ, φ and ω are in the figure.", ""},
		"commands":           {"команда git commit --amend изменяет последний коммит в репозитории, --no-verify отключает проверки", ""},
		"table":              {"| name | value |\n|------|-------|\n| alpha | 1 |\n| beta | 2 |\n| gamma | 3 |\n", ""},
		"one cut character":  {"The answer is 7 \uFFFD", ""},

		"said twice": {strings.Repeat("Each number may be used once, so I will tick it off as I go, then add them all up and look at the sum. ", 2), ""},

		"said three times": {strings.Repeat("Each number may be used once, so I will tick it off as I go, then add them all up. ", 3) +
			"That is what the task asks for. My first answer broke this rule, because 7 stood in it twice; the result was right, " +
			"but nobody had asked for the result alone. A better way would have been to write down what is left after every step.", ""},
		"keyboard with vowels": {"asdfgh eqwrtzp ixcvbnm usdkfjh oqrtlkw azxcmvn ebnmkjh iptrwqs olkjhgf umnbvcx ahgfdsk etrwqpl", "no_words"},
		"loop of words":        {strings.Repeat("the answer is ", 41), "loop repetition"},
		"loop at the end":      {"I should check each number. " + strings.Repeat("So I will check it again, and ", 12), "loop"},
		"loop of characters":   {"The answer is " + strings.Repeat("ha", 60), "loop no_words"},
		"loop of signs":        {strings.Repeat("-", 100), "loop symbols"},
		"loop with changes": {func() string {
			var b strings.Builder
			for i := range 20 {
				fmt.Fprintf(&b, "Wait, I think that the result must be checked once more in step %d. ", i)
			}
			return b.String()
		}(), "repetition"},
		"broken":         {"The \uFFFD\uFFFD answer \uFFFD is \uFFFD\uFFFD 7", "replacement"},
		"invalid":        {"abc \xff\xfe def \xff ghi", "replacement"},
		"control":        {"\x1b[31mred\x1b[0m and \x00 nothing else", "control"},
		"signs":          {"}}]]))}}]];;;;{{((&&^^%%$$##@@!!~~``||\\\\//<<>>,,", "symbols"},
		"keyboard":       {"asdfgh qwrtzp xcvbnm sdkfjh wqrtlk zxcmvn bnmkjh ptrwqs lkjhgf mnbvcx hgfdsk trwqpl vbnmxz", "no_words"},
		"base64":         {strings.Repeat("QUJDRGVmZ2hpSktMbW5vcHFyc3R1dnd4eXo", 3), "no_words"},
		"two languages":  {"I should check the 数字 and the result, потому что the rules 不允许 it twice, и это ошибка of mine", "mixed_scripts"},
		"foreign phrase": {"The answer is wrong because я использовал число семь два раза in the equation", "mixed_scripts"},
	} {
		score, reasons := language.Gibberish(c.text)
		var got []string
		for _, r := range reasons {
			got = append(got, r.Rule)
		}
		if strings.Join(got, " ") != c.rules {
			t.Errorf("%s: %v (score %.2f), want %q", name, reasons, score, c.rules)
		}
	}
}

func TestReason(t *testing.T) {
	_, reasons := language.Gibberish("So " + strings.Repeat("the answer is ", 40))
	if len(reasons) == 0 || reasons[0].String() != `loop: "the answer is" 40 times (99%, limit 40%)` {
		t.Errorf("got %v", reasons)
	}
}
