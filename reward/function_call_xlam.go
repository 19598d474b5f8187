package reward

import (
	"fmt"
	"strings"
	"unicode"
)

// xlam judges a reply by the rules of the verifiers library.
func (t callTruth) xlam(answer string) Verdict {
	text := "[]"
	if _, rest, ok := strings.Cut(answer, "<tool>"); ok {
		if inner, _, ok := strings.Cut(rest, "</tool>"); ok {
			if inner = strings.TrimFunc(inner, isPySpace); inner != "" {
				text = inner
			}
		}
	}
	called, err := parseJSON(text)
	if err != nil {
		return Verdict{Feedback: feedbackNoCalls, Reason: fmt.Sprintf("read the first <tool> element: %v", err)}
	}
	v := Verdict{Parsed: showValue(called, maxParsed)}
	if t.contains(called) {
		v.Pass, v.Score = true, 1
		return v
	}
	v.Feedback = feedbackOtherCalls
	v.Reason = "expected: " + showCalls(t.calls, maxParsed)
	return v
}

// contains reports whether called holds all the expected calls and nothing else.
func (t callTruth) contains(called pyValue) bool {
	if called.kind != pyList { // Python goes through the keys of a dict and the characters of a text
		empty := called.kind == pyDict && called.dict.len() == 0 || called.kind == pyStr && called.s == ""
		return empty && len(t.whole) == 0
	}
	c := canon{python: true}
	missing := make(map[string]bool, len(t.whole))
	for _, w := range t.whole {
		key, ok := c.text(w)
		if !ok {
			return false
		}
		missing[key] = true
	}
	for _, x := range called.items {
		key, ok := c.text(x)
		if _, expected := missing[key]; !ok || !expected {
			return false
		}
		missing[key] = false
	}
	for _, m := range missing {
		if m {
			return false
		}
	}
	return true
}

// isPySpace reports whether Python's str.strip removes r.
func isPySpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1C && r <= 0x1F }
