package similar

import (
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
)

// Entry is one text of an evaluation set: a question, or a question with its answer. An answer alone is a bad entry
// where it is short: every text that says 7 and no more is the answer 7 as a whole.
//
// Entries of the same Set and Name that follow one another are parts of one: the columns of a row, the messages of a
// conversation. It matters for templates: a system prompt or a label that each row repeats is the wording of the set, while
// rows that are the same in all parts count once.
type Entry struct {
	Set  string // "gsm8k/test"
	Name string // of the entry in its set: "line 17"; "": it has no further parts
	Text string
}

// DecontaminateOptions says what counts as overlap. The zero value is GPT-3's rule, without templates.
type DecontaminateOptions struct {
	N             int     // words of an n-gram, 8 to 100; 0: 13
	MinShare      float64 // of the text's words that must lie in overlapping n-grams, 0 to 1; 0: any overlap counts
	KeepTemplates bool    // n-grams and texts that more than 10 entries and more than 5% of the entries of a set hold count like others
}

// Decontaminator knows the n-grams of evaluation sets. It is made once and may then be read concurrently.
//
// It takes about 50 bytes for each different n-gram of a set, all in all: a million of them are 50 MB. A hash
// only finds an n-gram; its words are always compared.
type Decontaminator struct {
	n        int
	minShare float64

	parts  []part
	sets   []set
	setOf  map[string]uint32   // by name
	whole  map[[16]byte]uint32 // by wholeKey: the place in wholes, from 1
	wholes []whole
	words  map[string]uint32 // numbers from 1; 0 is a word of no text
	arena  []uint32          // the words of the indexed texts, one text after the other
	grams  grams
	shorts []int // lengths of texts of 8 to n-1 words, ascending
	stats  DecontaminatorStats
}

// part is one text of an entry.
type part struct {
	name  string
	set   uint32
	entry uint32
	at    uint32 // its first word in the arena
	n     uint32 // its words; 0: not indexed, since it has none or its entry repeats an earlier one of its set
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
	Repeated  int // entries that have the same Tokens as an earlier one of their set: found under its name
	Empty     int // entries without a word: of them, only texts that are the same signs are found
	Hidden    int // entries with texts of 8 words and more that hold nothing but templates: found only as a whole
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
	seen := map[[16]byte]struct{}{} // entries that are indexed
	var parts []Entry               // of one entry
	for e, err := range entries {
		if err != nil {
			return nil, fmt.Errorf("decontaminate: read evaluation entry %d: %w", d.stats.Entries+min(len(parts), 1), err)
		}
		if len(parts) > 0 && (e.Name == "" || e.Name != parts[0].Name || e.Set != parts[0].Set) {
			if err := d.add(parts, seen); err != nil {
				return nil, err
			}
			parts = parts[:0]
		}
		parts = append(parts, e)
	}
	if len(parts) == 0 {
		return nil, errors.New("decontaminate: no evaluation entries")
	}
	if err := d.add(parts, seen); err != nil {
		return nil, err
	}
	d.stats.NGrams = len(d.grams.all)
	if !opts.KeepTemplates {
		d.dropTemplates()
	}
	return d, nil
}

// Stats returns what d was made of.
func (d *Decontaminator) Stats() DecontaminatorStats { return d.stats }

// add takes one entry.
func (d *Decontaminator) add(parts []Entry, seen map[[16]byte]struct{}) error {
	s, ok := d.setOf[parts[0].Set]
	if !ok {
		s = uint32(len(d.sets))
		d.setOf[parts[0].Set] = s
		d.sets = append(d.sets, set{name: parts[0].Set})
	}
	entry := uint32(d.stats.Entries)
	d.stats.Entries++
	all := []string{parts[0].Set}
	words := make([][]string, len(parts))
	total := 0
	for i, p := range parts {
		words[i] = Words(p.Text)
		all = append(append(all, Tokens(p.Text)...), "") // no token is empty
		total += len(words[i])
	}
	if int64(len(d.arena))+int64(total) > math.MaxUint32 {
		return fmt.Errorf("decontaminate: add %s %s: more than 4,294,967,295 words of evaluation texts", parts[0].Set, parts[0].Name)
	}
	key := key16(all)
	_, repeated := seen[key]
	switch {
	case total == 0:
		d.stats.Empty++
	case repeated:
		d.stats.Repeated++
	default:
		seen[key] = struct{}{}
		d.sets[s].distinct++
	}
	for i, p := range parts {
		t := part{name: p.Name, set: s, entry: entry, at: uint32(len(d.arena))}
		if !repeated {
			d.addWhole(p.Text, whole{text: uint32(len(d.parts)), set: s, last: entry, entries: 1})
			t.n = uint32(len(words[i]))
			for _, w := range words[i] {
				d.arena = append(d.arena, d.number(w))
			}
			d.index(t)
		}
		d.parts = append(d.parts, t)
	}
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

// index adds the n-grams of a text that lies in the arena.
func (d *Decontaminator) index(t part) {
	n := d.size(t)
	if n == 0 {
		return
	}
	if at, ok := slices.BinarySearch(d.shorts, n); !ok && n < d.n {
		d.shorts = slices.Insert(d.shorts, at, n)
	}
	for at, hash := range windows(d.arena[t.at:t.at+t.n], n) {
		d.grams.add(d.arena, gram{at: t.at + uint32(at), n: uint16(n), set: t.set, last: t.entry, entries: 1}, hash)
	}
}

// size returns the words of the n-grams that stand for a text; 0: none does.
func (d *Decontaminator) size(t part) int {
	switch {
	case int(t.n) >= d.n:
		return d.n
	case t.n >= shortWords:
		return int(t.n)
	}
	return 0
}

// textAt returns the text that holds a place of the arena.
func (d *Decontaminator) textAt(at uint32) part {
	i := sort.Search(len(d.parts), func(i int) bool { return d.parts[i].at > at })
	return d.parts[i-1] // texts that are not indexed lie at the place of the next one
}
