package similar_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"mulligan/data/similar"
)

// shingleSet is the definition, without hashes: every 5 tokens in a row, or all tokens of a shorter text.
func shingleSet(text string) map[string]bool {
	tokens := similar.Tokens(text)
	n := min(5, len(tokens))
	set := map[string]bool{}
	for i := 0; i+n <= len(tokens); i++ {
		set[strings.Join(tokens[i:i+n], "\x00")] = true
	}
	return set
}

func jaccard(a, b map[string]bool) float64 {
	both := 0
	for s := range a {
		if b[s] {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

// variants returns texts of 5 to 120 words, and copies of them with words changed, left out or added.
func variants(r *rand.Rand, families, copies int) []string {
	word := func() string { return fmt.Sprintf("w%d", r.IntN(4000)) }
	var texts []string
	for range families {
		base := make([]string, 5+r.IntN(116))
		for i := range base {
			base[i] = word()
		}
		for range copies {
			text := append([]string(nil), base...)
			for range r.IntN(1 + len(base)/12) {
				switch i := r.IntN(len(text)); r.IntN(3) {
				case 0:
					text[i] = word()
				case 1:
					text = append(text[:i], text[i+1:]...)
				default:
					text = append(text, word())
				}
			}
			texts = append(texts, strings.Join(text, " "))
		}
	}
	r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return texts
}

// TestNearAgainstAllPairs compares with the definition, applied to all pairs: nothing that is reported is wrong in
// its similarity, and nearly nothing is missed.
func TestNearAgainstAllPairs(t *testing.T) {
	for _, threshold := range []float64{0.5, 0.7, 0.8, 0.9, 1} {
		r := rand.New(rand.NewPCG(5, 6))
		texts := variants(r, 100, 6)
		near, err := similar.NewNear(similar.NearOptions{Threshold: threshold})
		if err != nil {
			t.Fatal(err)
		}
		sets := make([]map[string]bool, len(texts))
		var kept []int
		var found, missed int
		for i, text := range texts {
			sets[i] = shingleSet(text)
			best, of := -1.0, -1
			for _, k := range kept {
				if s := jaccard(sets[i], sets[k]); s > best {
					best, of = s, k
				}
			}
			d, ok := near.Add(i, text)
			switch {
			case ok && d.Similarity != jaccard(sets[i], sets[d.Of]):
				t.Fatalf("text %d and %d: similarity %g, want %g", i, d.Of, d.Similarity, jaccard(sets[i], sets[d.Of]))
			case ok && d.Similarity < threshold:
				t.Fatalf("text %d: similarity %g is below %g", i, d.Similarity, threshold)
			case ok && d.Of == of:
				found++
			case best >= threshold: // another one, or none
				missed++
			}
			if !ok {
				kept = append(kept, i)
			}
		}
		s := near.Stats()
		t.Logf("threshold %g: %d texts, %d duplicates, %d missed, expected recall at the threshold %.5f", threshold, len(texts), found, missed, s.Recall)
		if s.Texts != len(texts) || s.Kept != len(kept) || s.Duplicates != len(texts)-len(kept) || s.Undecided != 0 {
			t.Errorf("threshold %g: stats %+v, kept %d", threshold, s, len(kept))
		}
		if s.Recall < 0.998 || found < 60 || missed > 1+found/500 {
			t.Errorf("threshold %g: %d found, %d missed, recall %g", threshold, found, missed, s.Recall)
		}
	}
}

func TestNearLiterals(t *testing.T) {
	near, err := similar.NewNear(similar.NearOptions{Threshold: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		text string
		of   int // -1: none
		like float64
	}{
		{"a b c d e f g h", -1, 0},        // 4 shingles
		{"A  B c d e f g H", 0, 1},        // the same tokens
		{"a b c d e f g x", 0, 3.0 / 5},   // 3 of 5
		{"a b c d e f y x", -1, 0},        // 2 of 6
		{"3 + 4", -1, 0},                  // shorter than a shingle
		{"3 - 4", -1, 0},                  // another sign
		{"3+4", 4, 1},                     //
		{"", -1, 0},                       //
		{"\t", 7, 1},                      // no tokens either
		{"z z z z z z z z", -1, 0},        // one shingle, four times
		{"z z z z z z z z z", 9, 1},       // the same set
		{"b c d e f g h i", 0, 3.0 / 5},   //
		{"a b c d e f g h i", 0, 4.0 / 5}, //
	} {
		d, ok := near.Add(i, c.text)
		if ok != (c.of >= 0) || ok && (d.Of != c.of || d.Similarity != c.like) {
			t.Errorf("text %d %q: %+v, %v, want %d like %g", i, c.text, d, ok, c.of, c.like)
		}
	}
}

// TestNearTemplate adds tasks that share nearly all their wording: without Common each is a near-duplicate of the
// first, or counted as undecided; with it only copies are duplicates.
func TestNearTemplate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	template := "Numbers %d %d %d, target %d:"
	for i := range 150 {
		template += fmt.Sprintf(" word%c%c", 'a'+i/26, 'a'+i%26)
	}
	var texts []string
	for range 1000 {
		texts = append(texts, fmt.Sprintf(template, r.IntN(1000), r.IntN(1000), r.IntN(1000), r.IntN(1000)))
	}
	texts = append(texts, texts[17], texts[999]+"!")
	common, err := similar.NewCommon(5, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		common.Add(text)
	}
	near, err := similar.NewNear(similar.NearOptions{Common: common})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		d, ok := near.Add(i, text)
		switch {
		case i < 1000 && ok:
			t.Errorf("text %d: %+v", i, d)
		case i == 1000 && (!ok || d.Of != 17), i == 1001 && (!ok || d.Of != 999):
			t.Errorf("text %d: %+v, %v", i, d, ok)
		}
	}
	if s := near.Stats(); s.Kept != 1000 || s.Undecided != 0 {
		t.Errorf("stats %+v", s)
	}
	for threshold, undecided := range map[float64]bool{0.8: false, 0.95: true} {
		plain, err := similar.NewNear(similar.NearOptions{Threshold: threshold})
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range texts {
			plain.Add(i, text)
		}
		s := plain.Stats()
		if undecided && (s.Undecided < 500 || s.Kept < 950) || !undecided && s.Duplicates != len(texts)-1 {
			t.Errorf("a template without Common, threshold %g: stats %+v", threshold, s)
		}
		if d, ok := plain.Add(-1, texts[777]); undecided && (!ok || d.Of != 777) {
			t.Errorf("a copy among full buckets: %+v, %v", d, ok)
		}
	}
}

// TestCommonLimits calls nothing common that ten texts hold, however few there are, nor what copies hold.
func TestCommonLimits(t *testing.T) {
	common, err := similar.NewCommon(0, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		common.Add(fmt.Sprintf("the words that all of them share, and number %d", i))
		common.Add("one text, said again and again")
		common.Add("one text,  SAID again and again")
	}
	if n := common.Len(); n != 0 {
		t.Errorf("ten texts: %d common shingles", n)
	}
	common.Add("the words that all of them share, and number 10")
	if n := common.Len(); n != 6 { // of the 10 tokens before the number
		t.Errorf("eleven texts: %d common shingles, want 6", n)
	}
}

func TestNearErrors(t *testing.T) {
	common, err := similar.NewCommon(7, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	for want, opts := range map[string]similar.NearOptions{
		"find near-duplicates: threshold 0.4: want 0.5 to 1":                              {Threshold: 0.4},
		"find near-duplicates: shingles of -1 tokens: want 1 to 100":                      {N: -1},
		"find near-duplicates: shingles of 5 tokens, and common ones of 7: want the same": {Common: common},
	} {
		if _, err := similar.NewNear(opts); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, share := range []float64{0, 1, -1} {
		if _, err := similar.NewCommon(0, share); err == nil {
			t.Errorf("share %g: no error", share)
		}
	}
}

func TestExact(t *testing.T) {
	e := similar.NewExact()
	for i, c := range []struct {
		text  string
		first int
	}{{"Hello,  World", 0}, {"hello, world", 0}, {"hello world", 2}, {"", 3}, {" ", 3}, {"HELLO WORLD", 2}} {
		if first, dup := e.Add(i, c.text); first != c.first || dup != (first != i) {
			t.Errorf("text %d %q: %d, %v, want %d", i, c.text, first, dup, c.first)
		}
	}
}

// TestNearRecall adds 3,000 pairs of a similarity of exactly the threshold: the last 4 of 40 different tokens differ, so
// that 32 of 40 shingles are shared. Of 3,000 pairs 5 may be missed on average; 15 are very unlikely.
func TestNearRecall(t *testing.T) {
	near, err := similar.NewNear(similar.NearOptions{Threshold: 0.8})
	if err != nil {
		t.Fatal(err)
	}
	const pairs = 3000
	missed := 0
	for p := range pairs {
		var a []string
		for i := range 40 {
			a = append(a, fmt.Sprintf("p%dw%d", p, i))
		}
		b := append(append([]string(nil), a[:36]...), fmt.Sprint("x", p), fmt.Sprint("y", p), fmt.Sprint("z", p), "end")
		if d, ok := near.Add(2*p, strings.Join(a, " ")); ok {
			t.Fatalf("pair %d: %+v", p, d)
		}
		switch d, ok := near.Add(2*p+1, strings.Join(b, " ")); {
		case !ok:
			missed++
		case d != (similar.Duplicate{Of: 2 * p, Similarity: 0.8}):
			t.Fatalf("pair %d: %+v", p, d)
		}
	}
	t.Logf("%d of %d pairs missed, expected %.1f", missed, pairs, pairs*(1-near.Stats().Recall))
	if missed > 15 {
		t.Errorf("%d of %d pairs missed", missed, pairs)
	}
}
