package similar_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mulligan/data/similar"
)

// TestAgainstReference compares the forms and what Find says with testdata/reference.py, on generated texts that share
// runs of words with generated entries. MULLIGAN_PYTHON names a Python 3.11 or later.
func TestAgainstReference(t *testing.T) {
	python := os.Getenv("MULLIGAN_PYTHON")
	if python == "" && os.Getenv("MULLIGAN_FULL") == "1" {
		t.Fatal("MULLIGAN_PYTHON is not set")
	}
	if python == "" {
		t.Skip("MULLIGAN_PYTHON is not set")
	}
	for _, c := range []struct {
		n    int
		keep bool
	}{{13, false}, {13, true}, {8, false}, {20, true}} {
		t.Run(fmt.Sprintf("n=%d keep=%v", c.n, c.keep), func(t *testing.T) { compare(t, python, c.n, c.keep) })
	}
}

func compare(t *testing.T, python string, n int, keep bool) {
	type item struct {
		Set  string `json:"set"`
		Name string `json:"name"`
		Text string `json:"text"`
	}
	r := rand.New(rand.NewPCG(uint64(n), 7))
	g := generator{r}
	var items []item
	for i := range 250 {
		row := item{fmt.Sprint("set", i%3), fmt.Sprint("line ", i), g.entry(i)}
		items = append(items, row)
		if i%3 == 1 { // a row of two columns
			items = append(items, item{row.Set, row.Name, system})
		}
		if i%50 == 7 { // the same row again
			items = append(items, item{row.Set, row.Name + " again", row.Text})
			if i%3 == 1 {
				items = append(items, item{row.Set, row.Name + " again", system})
			}
		}
	}
	var texts []string
	for range 600 {
		texts = append(texts, g.text(items[r.IntN(len(items))].Text))
	}
	job, err := json.Marshal(map[string]any{"n": n, "keep_templates": keep, "entries": items, "texts": texts})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/reference.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(job), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []similar.Entry
	for _, e := range items {
		list = append(list, similar.Entry(e))
	}
	d := decontaminator(t, similar.DecontaminateOptions{N: n, KeepTemplates: keep}, list...)
	dec := json.NewDecoder(bytes.NewReader(out))
	found, whole, short := 0, 0, 0
	for _, text := range texts {
		var want struct {
			Words, Tokens []string
			Match         *similar.Match
		}
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := similar.Words(text); !slices.Equal(got, want.Words) {
			t.Fatalf("Words(%q) = %q, want %q", text, got, want.Words)
		}
		if got := similar.Tokens(text); !slices.Equal(got, want.Tokens) {
			t.Fatalf("Tokens(%q) = %q, want %q", text, got, want.Tokens)
		}
		m, ok := d.Find(text)
		if ok != (want.Match != nil) || ok && m != *want.Match {
			t.Fatalf("Find(%q) = %+v, %v, want %+v", text, m, ok, want.Match)
		}
		if ok {
			found++
		}
		if m.Whole {
			whole++
		} else if ok && len(strings.Fields(m.NGram)) < n {
			short++
		}
	}
	t.Logf("%d texts: %d overlap, %d whole, %d with a short entry; %+v", len(texts), found, whole, short, d.Stats())
	if found < 150 || found > 550 || whole < 20 || n > 8 && short < 5 {
		t.Errorf("the generated texts are one-sided")
	}
}

// system is the wording of each row of one set.
const system = "You solve one task at a time, you think before you answer, and you write the answer in the last line."

// generator writes texts of a small vocabulary with the punctuation, signs and scripts that the forms treat.
type generator struct{ *rand.Rand }

func (g generator) word() string {
	if g.IntN(12) == 0 {
		return [...]string{
			"don't", "x²", "3.5", "$12", "well-known", "Straße", "ÉCOLE", "e\u0301te\u0301", "10%", "(a", "b)", "「東京」", "ﬁne", "１２",
			"—", "y₁+z", "2½", "na\u200bme", "ｶﾞス", "สวัสดี", "\u00a0", "İzmir", "Ωμέγα", "…", "\"quoted\"",
		}[g.IntN(25)]
	}
	w := fmt.Sprintf("w%d", g.IntN(600))
	switch g.IntN(10) {
	case 0:
		return strings.ToUpper(w)
	case 1:
		return w + [...]string{".", ",", "!", "?", ";"}[g.IntN(5)]
	}
	return w
}

func (g generator) words(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = g.word()
	}
	return list
}

// entry is short, long, or of a family that shares its wording.
func (g generator) entry(i int) string {
	switch i % 5 {
	case 0:
		return strings.Join(g.words(1+g.IntN(12)), " ")
	case 3:
		return strings.Join(g.words(8+g.IntN(6)), " ")
	case 1:
		return fmt.Sprintf("Use the numbers %d, %d and %d once each to make %d, and write nothing but the equation that does it in one line without any other word before or after it.",
			g.IntN(99), g.IntN(99), g.IntN(99), g.IntN(999))
	}
	return strings.Join(g.words(8+g.IntN(40)), " ")
}

// text is an entry with some other spelling, a part of it in other words, or of another family member.
func (g generator) text(entry string) string {
	parts := strings.Fields(entry)
	switch g.IntN(6) {
	case 0:
		return strings.ToUpper(strings.Join(parts, "  ")) + "."
	case 1:
		return g.entry(1) + [...]string{"", " " + system}[g.IntN(2)]
	case 2:
		return strings.Join(g.words(30), " ")
	}
	from := g.IntN(len(parts))
	to := from + g.IntN(len(parts)-from) + 1
	if g.IntN(2) == 0 {
		from, to = 0, len(parts)
	}
	return strings.Join(slices.Concat(g.words(g.IntN(10)), parts[from:to], g.words(g.IntN(10))), " ")
}
