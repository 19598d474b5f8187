package similar_test

import (
	"strings"
	"testing"

	"mulligan/data/similar"
)

// FuzzFind checks what holds of any two texts: an entry inside a text is found if it has 8 words, and what is reported
// is in both.
func FuzzFind(f *testing.F) {
	f.Add("a b c d e f g h i j k l m n", "x y", "z")
	f.Add("one two three four five six seven eight", "", "")
	f.Add("3 + 4", "", "?")
	f.Add("小明有五个苹果，给了小红两个，还剩几个？", "问", "。")
	f.Fuzz(func(t *testing.T, text, before, after string) {
		words := similar.Words(text)
		d, err := similar.NewDecontaminator(entries(similar.Entry{Set: "s", Name: "n", Text: text}), similar.DecontaminateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		long := before + " " + text + " " + after
		m, ok := d.Find(long)
		if !ok && len(words) >= 8 {
			t.Fatalf("%q is not found in %q", text, long)
		}
		if ok && (m.Set != "s" || m.Name != "n" || !(m.Share > 0 && m.Share <= 1)) {
			t.Fatalf("%+v", m)
		}
		in := func(words []string) bool {
			return strings.Contains(" "+strings.Join(words, " ")+" ", " "+m.NGram+" ")
		}
		if ok && !m.Whole && (!in(words) || !in(similar.Words(long))) {
			t.Fatalf("%+v is not in %q and %q", m, text, long)
		}
	})
}

// FuzzNear checks that a text is a near-duplicate of itself, and that a similarity is the definition's.
func FuzzNear(f *testing.F) {
	f.Add("a b c d e f g", "a b c d e f h")
	f.Add("", " ")
	f.Add("3+4", "3-4")
	f.Fuzz(func(t *testing.T, a, b string) {
		near, err := similar.NewNear(similar.NearOptions{Threshold: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		near.Add(1, a)
		if d, ok := near.Add(2, a); !ok || d != (similar.Duplicate{Of: 1, Similarity: 1}) {
			t.Fatalf("%q again: %+v, %v", a, d, ok)
		}
		want := jaccard(shingleSet(a), shingleSet(b))
		if d, ok := near.Add(3, b); ok && (d.Of != 1 || d.Similarity != want || want < 0.5) {
			t.Fatalf("%q and %q: %+v, want %g", a, b, d, want)
		}
	})
}
