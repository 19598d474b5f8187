package similar

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"
	"strings"
)

const (
	// gramWords is the n-gram of GPT-3 (appendix C) and of janitor.py; datatrove takes 12
	// (huggingface/datatrove@17fe6e8 src/datatrove/pipeline/decont/n_grams.py), Tulu 3 takes 8.
	gramWords = 13
	// shortWords is the shortest run that GPT-3 takes for evidence (appendix C: n is 8 to 13).
	shortWords = 8
	// templateTexts and templateShare say when wording belongs to a set and to none of its texts. GPT-3 passed over
	// grams that more than 10 training texts held; those texts are not known here, the evaluation sets are. The share
	// keeps passages that a dozen questions of a set ask about (DROP, SQuAD): they are content.
	templateTexts = 10
	templateShare = 0.05
)

// Entry is one text of an evaluation set: a question, or a question with its answer. An answer alone is a bad entry
// where it is short: every text that says 7 and no more is the answer 7 as a whole.
type Entry struct {
	Set  string // "gsm8k/test"
	Name string // of the entry in its set: "line 17"
	Text string
}

// DecontaminateOptions says what counts as overlap. The zero value is GPT-3's rule, without templates.
type DecontaminateOptions struct {
	N             int     // words of an n-gram, 8 to 100; 0: 13
	MinShare      float64 // of the text's words that must lie in overlapping n-grams, 0 to 1; 0: any overlap counts
	KeepTemplates bool    // n-grams that more than 10 entries and more than 5% of the entries of a set hold count like others
}

// Decontaminator knows the n-grams of evaluation sets. It is made once and may then be read concurrently.
//
// It holds the entries' words as numbers, 4 bytes each, about 27 bytes for each different n-gram of a set, and
// each different word and each entry once: a million n-grams take about 40 MB. A hash only finds an
// n-gram; its words are always compared.
type Decontaminator struct {
	n        int
	minShare float64

	entries []entry
	sets    []set
	setOf   map[string]uint32   // by name
	whole   map[[16]byte]uint32 // digest of wholeForm: the first entry that has it
	words   map[string]uint32   // numbers from 1; 0 is a word of no entry
	arena   []uint32            // the entries' words, one entry after the other
	grams   grams
	shorts  []int // lengths of entries of 8 to n-1 words, ascending
	stats   DecontaminatorStats
}

type entry struct {
	name string
	set  uint32
	at   uint32 // its first word in the arena
	n    uint32 // its words; 0: not indexed, since it has none or repeats an earlier entry of its set
}

type set struct {
	name     string
	distinct uint32 // entries indexed
}

// DecontaminatorStats says what a Decontaminator was made of.
type DecontaminatorStats struct {
	Entries   int
	NGrams    int // different n-grams; one that several sets hold counts for each
	Templates int // of NGrams: wording of a set, which is no evidence
	Repeated  int // entries that have the same words as an earlier one of their set: found under its name
	Empty     int // entries without a word: of them, only texts that are the same signs are found
	Hidden    int // entries of 8 words and more that hold nothing but templates: found only as a whole
}

// NewDecontaminator indexes evaluation entries. An entry of N words or more is found by any of its n-grams; one
// of 8 to N-1 words is sought as one run; a shorter one is found only where a text is the same as a whole.
// Errors: an option out of range, an error of entries, no entries, more than 4 billion words.
func NewDecontaminator(entries iter.Seq2[Entry, error], opts DecontaminateOptions) (*Decontaminator, error) {
	if opts.N == 0 {
		opts.N = gramWords
	}
	if opts.N < shortWords || opts.N > 100 {
		return nil, fmt.Errorf("decontaminate: n-grams of %d words: want %d to 100", opts.N, shortWords)
	}
	if !(opts.MinShare >= 0 && opts.MinShare <= 1) {
		return nil, fmt.Errorf("decontaminate: minimum share %g: want 0 to 1", opts.MinShare)
	}
	d := &Decontaminator{
		n: opts.N, minShare: opts.MinShare,
		setOf: map[string]uint32{}, whole: map[[16]byte]uint32{}, words: map[string]uint32{},
	}
	seen := map[[16]byte]struct{}{} // set and words of entries that are indexed
	for e, err := range entries {
		if err != nil {
			return nil, fmt.Errorf("decontaminate: read evaluation entry %d: %w", len(d.entries), err)
		}
		if err := d.add(e, seen); err != nil {
			return nil, fmt.Errorf("decontaminate: add %s %s: %w", e.Set, e.Name, err)
		}
	}
	if len(d.entries) == 0 {
		return nil, errors.New("decontaminate: no evaluation entries")
	}
	d.stats.Entries, d.stats.NGrams = len(d.entries), len(d.grams.all)
	if !opts.KeepTemplates {
		d.dropTemplates()
	}
	return d, nil
}

// Stats returns what d was made of.
func (d *Decontaminator) Stats() DecontaminatorStats { return d.stats }

func (d *Decontaminator) add(e Entry, seen map[[16]byte]struct{}) error {
	s, ok := d.setOf[e.Set]
	if !ok {
		s = uint32(len(d.sets))
		d.setOf[e.Set] = s
		d.sets = append(d.sets, set{name: e.Set})
	}
	words := Words(e.Text)
	if int64(len(d.arena))+int64(len(words)) > math.MaxUint32 {
		return errors.New("more than 4,294,967,295 words of evaluation texts")
	}
	added := entry{name: e.Name, set: s, at: uint32(len(d.arena))}
	i := uint32(len(d.entries))
	if key, ok := wholeKey(e.Text); ok {
		if _, ok := d.whole[key]; !ok {
			d.whole[key] = i
		}
	}
	key := key16(append([]string{e.Set}, words...))
	_, repeated := seen[key]
	switch {
	case len(words) == 0:
		d.stats.Empty++
	case repeated:
		d.stats.Repeated++
	default:
		seen[key] = struct{}{}
		added.n = uint32(len(words))
		d.sets[s].distinct++
		for _, w := range words {
			d.arena = append(d.arena, d.number(w))
		}
		d.index(added, i)
	}
	d.entries = append(d.entries, added)
	return nil
}

func (d *Decontaminator) number(word string) uint32 {
	if id, ok := d.words[word]; ok {
		return id
	}
	id := uint32(len(d.words) + 1)
	d.words[strings.Clone(word)] = id // a slice of the entry would keep the entry
	return id
}

// index adds the n-grams of an entry that lies in the arena.
func (d *Decontaminator) index(e entry, i uint32) {
	n := d.size(e)
	if n == 0 {
		return
	}
	if at, ok := slices.BinarySearch(d.shorts, n); !ok && n < d.n {
		d.shorts = slices.Insert(d.shorts, at, n)
	}
	ids := d.arena[e.at : e.at+e.n]
	for at, hash := range windows(ids, n) {
		d.grams.add(d.arena, gram{at: e.at + uint32(at), n: uint16(n), set: e.set, last: i, entries: 1}, hash)
	}
}

// size returns the words of the n-grams that stand for an entry; 0: none does.
func (d *Decontaminator) size(e entry) int {
	switch {
	case int(e.n) >= d.n:
		return d.n
	case e.n >= shortWords:
		return int(e.n)
	}
	return 0
}

// dropTemplates marks the n-grams that are wording of their set, and counts the entries that hold no others.
func (d *Decontaminator) dropTemplates() {
	for i := range d.grams.all {
		g := &d.grams.all[i]
		if g.entries > templateTexts && float64(g.entries) > templateShare*float64(d.sets[g.set].distinct) {
			g.template = true
			d.stats.Templates++
		}
	}
	if d.stats.Templates == 0 {
		return
	}
	for _, e := range d.entries {
		n := d.size(e)
		if n == 0 {
			continue
		}
		hidden := true
		ids := d.arena[e.at : e.at+e.n]
		for at, hash := range windows(ids, n) {
			if d.grams.find(d.arena, ids[at:at+n], hash) != nil {
				hidden = false
				break
			}
		}
		if hidden {
			d.stats.Hidden++
		}
	}
}

// entryAt returns the entry that holds a place of the arena.
func (d *Decontaminator) entryAt(at uint32) entry {
	i := sort.Search(len(d.entries), func(i int) bool { return d.entries[i].at > at })
	return d.entries[i-1] // entries that are not indexed lie at the place of the next one
}

// wholeKey identifies a text as a whole: by its tokens, without the punctuation of prose. Signs of calculation and
// brackets stay, since 3 + 4 and 3 - 4 are two questions. ok is false where nothing is left.
func wholeKey(text string) (key [16]byte, ok bool) {
	tokens := slices.DeleteFunc(Tokens(text), func(t string) bool {
		return strings.Contains(".,;:?'\"`‘’“”„«»…—–、。，？；：", t)
	})
	return key16(tokens), len(tokens) > 0
}

func key16(words []string) [16]byte {
	h := sha256.New()
	var b []byte
	for _, w := range words {
		b = append(append(b[:0], w...), 0) // no word holds a zero byte: it is a control character
		h.Write(b)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return [16]byte(sum[:16])
}
