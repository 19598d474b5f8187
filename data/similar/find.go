package similar

import (
	"fmt"
	"strings"
)

// Match says where a text overlaps with an evaluation set.
type Match struct {
	Set, Name string  // the first entry that holds NGram
	NGram     string  // the first n-gram of the text that overlaps, as Words joined by spaces; the text's words if Whole
	Share     float64 // of the text's words that lie in n-grams of any entry, more than 0 to 1
	Whole     bool    // the text is the same as the entry
}

// String says it in one line: `gsm8k/test line 17: "natalia sold clips to" (62% of the words)`.
func (m Match) String() string {
	what := fmt.Sprintf("%.3g%% of the words", 100*m.Share)
	if m.Whole {
		what = "the whole text"
	}
	return fmt.Sprintf("%s %s: %q (%s)", m.Set, m.Name, m.NGram, what)
}

// Find reports whether a text overlaps with an evaluation set, and where first. Texts that stand apart (a task,
// an answer) are to be asked for one by one: joined, none of them is an entry as a whole, and each dilutes the share
// of the other. It is safe for concurrent use.
func (d *Decontaminator) Find(text string) (Match, bool) {
	words := Words(text)
	if t, ok := d.findWhole(text); ok {
		return Match{Set: d.sets[t.set].name, Name: t.name, NGram: strings.Join(words, " "), Share: 1, Whole: true}, true
	}
	ids := make([]uint32, len(words))
	for i, w := range words {
		ids[i] = d.words[w]
	}
	var first *gram
	at := len(words)
	var covered []bool
	look := func(n int) {
		end := 0 // of the words that this pass has covered
		for i, hash := range windows(ids, n) {
			g := d.grams.find(d.arena, ids[i:i+n], hash)
			if g == nil {
				continue
			}
			if i < at {
				first, at = g, i
			}
			if covered == nil {
				covered = make([]bool, len(ids))
			}
			for k := max(i, end); k < i+n; k++ {
				covered[k] = true
			}
			end = i + n
		}
	}
	look(d.n)
	for _, n := range d.shorts {
		look(n)
	}
	if first == nil {
		return Match{}, false
	}
	n := 0
	for _, c := range covered {
		if c {
			n++
		}
	}
	t := d.textAt(first.at)
	m := Match{Set: d.sets[t.set].name, Name: t.name, NGram: strings.Join(words[at:at+int(first.n)], " "), Share: float64(n) / float64(len(words))}
	if m.Share < d.minShare {
		return Match{}, false
	}
	return m, true
}
