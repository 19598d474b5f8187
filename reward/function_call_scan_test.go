package reward

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// TestJSONSpans compares the linear search with one that tries every bracket anew.
func TestJSONSpans(t *testing.T) {
	pieces := []string{"[", "]", "{", "}", `"`, `"a"`, `"a":`, ":", ",", "1", " ", `\"`, "x", "[]", "{}", "null", "\n"}
	r := rand.New(rand.NewPCG(7, 8))
	found := 0
	for range 50_000 {
		var b strings.Builder
		for range 1 + r.IntN(24) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		text := b.String()
		var want []span
		for i := 0; i < len(text); i++ {
			if text[i] != '[' && text[i] != '{' {
				continue
			}
			p := jsonParser{text: text, at: i, budget: maxValues}
			if _, err := p.value(0); err == nil {
				want = append(want, span{i, p.at})
				i = p.at - 1
			}
		}
		if got := jsonSpans(text); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: spans %v, want %v", text, got, want)
		}
		found += len(want)
	}
	if found < 10_000 {
		t.Errorf("%d spans found: too few to tell", found)
	}
}
