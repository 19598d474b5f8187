package similar_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"sync"
	"testing"

	"mulligan/data/similar"
)

func entries(list ...similar.Entry) iter.Seq2[similar.Entry, error] {
	return func(yield func(similar.Entry, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func decontaminator(t testing.TB, opts similar.DecontaminateOptions, list ...similar.Entry) *similar.Decontaminator {
	t.Helper()
	d, err := similar.NewDecontaminator(entries(list...), opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const clips = "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May."

func TestFind(t *testing.T) {
	d := decontaminator(t, similar.DecontaminateOptions{},
		similar.Entry{Set: "gsm8k/test", Name: "line 17", Text: clips},
		similar.Entry{Set: "math/test", Name: "row 3", Text: "Compute 3 + 4."},
		similar.Entry{Set: "math/test", Name: "row 3b", Text: "Compute 3 * 4."},
		similar.Entry{Set: "math/test", Name: "row 4", Text: "What is the smallest prime number above one hundred?"},
		similar.Entry{Set: "zh", Name: "1", Text: "小明有五个苹果，给了小红两个，还剩几个？"},
	)
	for _, c := range []struct {
		text  string
		match similar.Match
		line  string
	}{
		{"Unrelated words that have nothing at all to do with any evaluation set that was given here.", similar.Match{}, ""},
		{"", similar.Match{}, ""},
		{ // 12 words of the entry in a row: one too few
			"NATALIA sold clips to 48 of her friends -- in april and then -- walked home again", similar.Match{}, "",
		},
		{
			"Question: sold clips to 48 of her friends in April and then she sold something else",
			similar.Match{Set: "gsm8k/test", Name: "line 17", NGram: "sold clips to 48 of her friends in april and then she sold", Share: 13.0 / 16},
			`gsm8k/test line 17: "sold clips to 48 of her friends in april and then she sold" (81.2% of the words)`,
		},
		{
			"natalia SOLD clips to 48 of her friends in april and then she sold half as many clips in may.",
			similar.Match{Set: "gsm8k/test", Name: "line 17", NGram: "natalia sold clips to 48 of her friends in april and then she sold half as many clips in may", Share: 1, Whole: true},
			`gsm8k/test line 17: "natalia sold clips to 48 of her friends in april and then she sold half as many clips in may" (the whole text)`,
		},
		{"compute 3+4", similar.Match{Set: "math/test", Name: "row 3", NGram: "compute 34", Share: 1, Whole: true}, ""},
		{"compute 3 * 4", similar.Match{Set: "math/test", Name: "row 3b", NGram: "compute 3 4", Share: 1, Whole: true}, ""},
		{"Compute 3 - 4.", similar.Match{}, ""},
		{"Please compute 3 + 4.", similar.Match{}, ""}, // a short entry is no run
		{ // 9 words: a run
			"Tell me: what is the smallest prime number above one hundred? Think first.",
			similar.Match{Set: "math/test", Name: "row 4", NGram: "what is the smallest prime number above one hundred", Share: 9.0 / 13},
			"",
		},
		{ // characters are words
			"问题：小明有五个苹果给了小红两个。然后呢？",
			similar.Match{Set: "zh", Name: "1", NGram: "小 明 有 五 个 苹 果 给 了 小 红 两 个", Share: 13.0 / 18},
			"",
		},
	} {
		m, ok := d.Find(c.text)
		if m != c.match || ok != (c.match != similar.Match{}) {
			t.Errorf("Find(%q) = %+v, %v, want %+v", c.text, m, ok, c.match)
		}
		if c.line != "" && m.String() != c.line {
			t.Errorf("got %s\nwant %s", m, c.line)
		}
	}
}

func TestMinShare(t *testing.T) {
	text := "sold clips to 48 of her friends in April and then she sold " + strings.Repeat("something else ", 6)
	for _, c := range []struct {
		least float64
		found bool
	}{{0, true}, {0.5, true}, {13.0 / 25, true}, {0.53, false}, {1, false}} {
		d := decontaminator(t, similar.DecontaminateOptions{MinShare: c.least}, similar.Entry{Text: clips})
		if m, ok := d.Find(text); ok != c.found {
			t.Errorf("minimum share %g: %+v, %v, want %v", c.least, m, ok, c.found)
		}
	}
}

// TestTemplate holds a family of tasks that share all their wording but the numbers.
func TestTemplate(t *testing.T) {
	task := func(i, target int) string {
		return fmt.Sprintf("Using the numbers [%d, %d, %d], create an equation that equals %d. You can use basic arithmetic operations "+
			"and each number can only be used once.", i, i+1, 2*i+5, target)
	}
	var list []similar.Entry
	for i := range 40 {
		list = append(list, similar.Entry{Set: "countdown", Name: fmt.Sprint(i), Text: task(100+i, 1000+i)})
	}
	list = append(list, list[7], similar.Entry{Set: "countdown", Name: "empty", Text: "?!"})
	d := decontaminator(t, similar.DecontaminateOptions{}, list...)
	got := d.Stats()
	want := similar.DecontaminatorStats{Entries: 42, NGrams: 40*12 + 2, Templates: 2, Repeated: 1, Empty: 1}
	if got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	if m, ok := d.Find(task(500, 2000)); ok {
		t.Errorf("another task of the family: %s", m)
	}
	m, ok := d.Find("Hello. " + task(107, 1007))
	if !ok || m.Name != "7" {
		t.Errorf("a copied task: %+v, %v", m, ok)
	}
	kept := decontaminator(t, similar.DecontaminateOptions{KeepTemplates: true}, list...)
	if _, ok := kept.Find(task(500, 2000)); !ok {
		t.Error("KeepTemplates: another task of the family is not found")
	}
	if s := kept.Stats(); s.Templates != 0 {
		t.Errorf("KeepTemplates: %d templates", s.Templates)
	}
}

// TestTemplateLimits keeps what ten entries hold, and what many of a larger set ask about.
func TestTemplateLimits(t *testing.T) {
	passage := "The river rises in the eastern hills and runs west for about ninety miles until it meets the sea"
	for _, c := range []struct {
		holders, others int
		found           bool
	}{{10, 0, true}, {11, 0, false}, {11, 208, false}, {11, 209, true}, {30, 600, true}} {
		var list []similar.Entry
		for i := range c.holders {
			list = append(list, similar.Entry{Set: "drop", Text: fmt.Sprintf("%s. Question %d", passage, i)})
		}
		for i := range c.others {
			list = append(list, similar.Entry{Set: "drop", Text: fmt.Sprintf("filler %d", i)})
		}
		d := decontaminator(t, similar.DecontaminateOptions{}, list...)
		if _, ok := d.Find("I read: " + passage); ok != c.found {
			t.Errorf("%d of %d entries: found %v, want %v", c.holders, c.holders+c.others, ok, c.found)
		}
	}
}

// TestParts has rows of two columns: what each row repeats is the wording of the set, and rows that are the same
// throughout are one.
func TestParts(t *testing.T) {
	var list []similar.Entry
	for i := range 30 {
		name, copies := fmt.Sprint("line ", i), 1
		if i == 0 {
			copies = 20 // sampled again and again
		}
		for k := range copies {
			list = append(list,
				similar.Entry{Set: "s", Name: name + strings.Repeat("'", k), Text: "You are a careful assistant who answers each question of the user in one short line."},
				similar.Entry{Set: "s", Name: name + strings.Repeat("'", k), Text: fmt.Sprintf("Question %d: which of the %d rivers that were named in text %d reaches the sea first?", i, i+3, i)},
				similar.Entry{Set: "s", Name: name + strings.Repeat("'", k), Text: [...]string{"Yes.", "No."}[i%2]},
			)
		}
	}
	d := decontaminator(t, similar.DecontaminateOptions{}, list...)
	if s := d.Stats(); s != (similar.DecontaminatorStats{Entries: 49, NGrams: 4 + 30*5, Templates: 4, Repeated: 19}) {
		t.Errorf("stats %+v", s)
	}
	if m, ok := d.Find("You are a careful assistant who answers each question of the user in one short line, or in two."); ok {
		t.Errorf("the wording of the set: %s", m)
	}
	for _, label := range []string{"yes", "You are a careful assistant who answers each question of the user in one short line."} {
		if m, ok := d.Find(label); ok {
			t.Errorf("a column of the set: %s", m)
		}
	}
	if m, ok := d.Find("Question 0: which of the 3 rivers that were named in text 0 reaches the sea first, and why?"); !ok || m.Name != "line 0" {
		t.Errorf("a repeated row: %+v, %v", m, ok)
	}
}

// TestHidden counts entries that a template covers; they are found as a whole only.
func TestHidden(t *testing.T) {
	var list []similar.Entry
	for i := range 20 {
		list = append(list, similar.Entry{Set: "s", Name: fmt.Sprint(i), Text: strings.Repeat("the same words again and again ", 4) + fmt.Sprint(i)})
	}
	list = append(list, similar.Entry{Set: "s", Name: "hidden", Text: strings.Repeat("the same words again and again ", 4)})
	d := decontaminator(t, similar.DecontaminateOptions{}, list...)
	if s := d.Stats(); s.Hidden != 1 || s.Templates != 6 {
		t.Errorf("stats %+v, want 1 hidden, 6 templates", s)
	}
	if m, ok := d.Find(strings.Repeat("the same words again and again ", 4)); !ok || m.Name != "hidden" || !m.Whole {
		t.Errorf("%+v, %v", m, ok)
	}
}

// TestTwoSets shows that wording of one set is evidence for another.
func TestTwoSets(t *testing.T) {
	var list []similar.Entry
	for i := range 20 {
		list = append(list, similar.Entry{Set: "a", Name: fmt.Sprint(i), Text: clips + fmt.Sprint(" ", i)})
	}
	d := decontaminator(t, similar.DecontaminateOptions{}, append(list, similar.Entry{Set: "b", Name: "x", Text: clips + " And more?"})...)
	if m, ok := d.Find("Look: " + clips); !ok || m.Set != "b" {
		t.Errorf("%+v, %v, want a match in b", m, ok)
	}
}

func TestDecontaminatorErrors(t *testing.T) {
	broken := func(yield func(similar.Entry, error) bool) {
		_ = yield(similar.Entry{Text: "a"}, nil) && yield(similar.Entry{}, io.ErrUnexpectedEOF)
	}
	_, err := similar.NewDecontaminator(broken, similar.DecontaminateOptions{})
	if !errors.Is(err, io.ErrUnexpectedEOF) || err.Error() != "decontaminate: read evaluation entry 1: unexpected EOF" {
		t.Errorf("got %v", err)
	}
	for want, opts := range map[string]similar.DecontaminateOptions{
		"decontaminate: n-grams of 7 words: want 8 to 100":  {N: 7},
		"decontaminate: minimum share NaN: want 0 to 1":     {MinShare: math.NaN()},
		"decontaminate: minimum share 1.5: want 0 to 1":     {MinShare: 1.5},
		"decontaminate: no evaluation entries":              {},
		"decontaminate: n-grams of -1 words: want 8 to 100": {N: -1},
	} {
		if _, err := similar.NewDecontaminator(entries(), opts); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestFindConcurrently reads one Decontaminator from several goroutines (for the race detector).
func TestFindConcurrently(t *testing.T) {
	d := decontaminator(t, similar.DecontaminateOptions{}, similar.Entry{Set: "s", Name: "n", Text: clips})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if _, ok := d.Find("Here: " + clips); !ok {
					t.Error("not found")
				}
			}
		})
	}
	wg.Wait()
}
