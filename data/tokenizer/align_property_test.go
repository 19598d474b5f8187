package tokenizer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mulligan/data/tokenizer"
)

// engine is what Ollama's runners do to sampled tokens, written from their source and not from
// align's idea of it.
type engine struct {
	bytes [][]byte // by id
	ends  []int32
	stops []string
	limit int
}

// sampled is what only the engine knows of a reply.
type sampled struct {
	all    []int32 // every token, as counted
	chunks []chunk // as they went to the parser
	lost   int     // tokens that were counted, whose pieces were dropped for an invalid byte
	end    int32   // -1: none
}

// chunk is what one flush returned.
type chunk struct {
	text   string
	pieces [][]byte
}

func (e engine) run(ids []int32) (tokenizer.Reply, sampled) {
	r, truth := tokenizer.Reply{Stops: e.stops}, sampled{end: -1}
	var held []int32
	join := func() string {
		var b []byte
		for _, id := range held {
			b = append(b, e.bytes[id]...)
		}
		return string(b)
	}
	flush := func(text string) {
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
		if text == "" {
			truth.lost += len(held)
			held = nil
			return
		}
		c := chunk{text: text}
		for _, id := range held {
			piece := ""
			for b := e.bytes[id]; len(b) > 0; {
				c, n := utf8.DecodeRune(b)
				piece += string(c)
				b = b[n:]
			}
			c.pieces = append(c.pieces, []byte(piece))
		}
		truth.chunks = append(truth.chunks, c)
		held = nil
	}
sampling:
	for _, id := range ids {
		r.Count++
		truth.all = append(truth.all, id)
		if slices.Contains(e.ends, id) {
			r.Ended, truth.end = true, id
			break
		}
		held = append(held, id)
		if r.Count == e.limit {
			break
		}
		text := join()
		for _, stop := range e.stops {
			if at := strings.Index(text, stop); at >= 0 {
				r.Ended = true
				for n, start := 0, 0; n < len(held); n++ {
					if start >= at {
						held = held[:n]
						break
					}
					start += len(e.bytes[held[n]])
				}
				flush(text[:at])
				break sampling
			}
		}
		wait := false
		for _, stop := range e.stops {
			for n := range stop {
				wait = wait || strings.HasSuffix(text, stop[:n+1])
			}
		}
		if tail := text[max(0, len(text)-3):]; !wait { // an incomplete character at the end?
			for k := range len(tail) {
				if c := tail[k:]; c[0] >= 0xC0 && c[0] < 0xF8 && !utf8.FullRuneInString(c) ||
					c[0] >= 0xC0 && len(c) < 2+int(c[0]>>5&1)+int(c[0]>>4&c[0]>>5&1) && continues(c[1:]) {
					wait = true
				}
			}
		}
		if !wait {
			flush(text)
		}
	}
	flush(join())
	for _, c := range truth.chunks {
		r.Text += c.text
		r.Pieces = append(r.Pieces, c.pieces...)
	}
	return r, truth
}

func continues(s string) bool {
	for i := range len(s) {
		if s[i]&0xC0 != 0x80 {
			return false
		}
	}
	return true
}

// parse drops some chunks with their pieces, and takes stretches of whole characters out of the text of the
// others, as thinking and tool parsers do. It returns how many pieces it dropped.
func parse(rng *rand.Rand, r tokenizer.Reply, chunks []chunk) (tokenizer.Reply, int) {
	r.Parsed = true
	text, dropped := "", 0
	r.Pieces = nil
	drop := rng.IntN(3) == 0
	for i, c := range chunks {
		if drop && (rng.IntN(len(chunks)) == 0 || i == len(chunks)-1 && rng.IntN(8) == 0) {
			dropped += len(c.pieces)
			continue
		}
		text += c.text
		r.Pieces = append(r.Pieces, c.pieces...)
	}
	runes := []rune(text)
	for range rng.IntN(3) {
		if len(runes) > 0 {
			at := rng.IntN(len(runes))
			runes = slices.Delete(runes, at, min(len(runes), at+1+rng.IntN(4)))
		}
	}
	r.Text = string(runes)
	return r, dropped
}

// stopStrings are texts, special tokens and parts of both, one to three of them.
func stopStrings(rng *rand.Rand) []string {
	all := []string{"ab", "\n", "\n\n", "<|s|>", "<|e|>", "中c", "c a", "b", "<", "éa中", "\uFFFD", "<|", "|s"}
	stops := make([]string, 1+rng.IntN(3))
	for i := range stops {
		stops[i] = all[rng.IntN(len(all))]
	}
	return stops
}

var alphabet = []string{"a", "b", "c", " ", "\n", "é", "中", "文", "🙂", "\uFFFD", "<", ">", "ab", "e\u0301", "\u200d"}

// randomVocabulary grows merges over texts of the alphabet and over fragments of its characters.
func randomVocabulary(rng *rand.Rand) tokenizer.Vocabulary {
	var merged [][2]string
	have := map[string]bool{}
	for len(merged) < 40 {
		text := ""
		for range 3 {
			text += alphabet[rng.IntN(len(alphabet))]
		}
		i := rng.IntN(len(text))
		j := i + 1 + rng.IntN(len(text)-i)
		for n := i + 2; n <= j; n++ { // every beginning of it is a token too
			if !have[text[i:n]] {
				have[text[i:n]] = true
				merged = append(merged, [2]string{text[i : n-1], text[n-1 : n]})
			}
		}
	}
	v := alignVocabulary(merged, "<|e|>", "<|s|>", "<|t|>")
	v.EOS = int32(len(v.Tokens) - 3)
	if rng.IntN(2) == 0 {
		v.EOT = v.EOS + 1
	}
	return v
}

func TestAlignProperty(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	rng := rand.New(rand.NewPCG(7, 1))
	tally := map[string]int{}
	for range rounds {
		v := randomVocabulary(rng)
		tok, err := tokenizer.New(v)
		if err != nil {
			t.Fatal(err)
		}
		checkAligned(t, rng, tok, v.EOS, 40, tally, func() []int32 {
			text := ""
			for range 1 + rng.IntN(12) {
				text += alphabet[rng.IntN(len(alphabet))]
			}
			return tok.Encode(text, tokenizer.Options{})
		})
	}
	t.Log(tally)
	// Most of what is no garbage has one solution. If less has, Align gave up on what it could do.
	if n := tally["text"]; tally["text aligned"] < n*9/10 {
		t.Errorf("%d of %d replies of whole text aligned", tally["text aligned"], n)
	}
	for _, kind := range []string{"noise aligned", "noise refused", "parsed aligned", "stopped aligned", "stopped retokenized", "lost refused", "dropped refused"} {
		if tally[kind] == 0 {
			t.Errorf("no reply was %s: %v", kind, tally)
		}
	}
}

// TestAlignMissing draws a few tokens, most of them odd ones: what is lost, dropped and stopped comes to
// the same counts as an end token or a stop string does.
func TestAlignMissing(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	rng := rand.New(rand.NewPCG(7, 2))
	tally := map[string]int{}
	for range rounds {
		v := randomVocabulary(rng)
		odd := []int32{0x80, 0xAD, 0xE4, 0xB8, '<', '|', 's', 'a', 'b', 'c', ' ', '\n', v.EOS + 1, v.EOS + 2}
		for _, token := range []string{"\x80ab", "\xE4b", "ab\x80", "xab", " <", "a\xB8<", "<|", "b\n", "\n\n"} {
			k := slices.Index(v.Tokens, standIn([]byte(token)))
			if k < 0 {
				k = len(v.Tokens)
				v.Tokens, v.Types = append(v.Tokens, standIn([]byte(token))), append(v.Types, tokNormal)
			}
			odd = append(odd, int32(k))
		}
		tok, err := tokenizer.New(v)
		if err != nil {
			t.Fatal(err)
		}
		checkAligned(t, rng, tok, v.EOS, 100, tally, func() []int32 {
			ids := make([]int32, 1+rng.IntN(5))
			for i := range ids {
				if ids[i] = odd[rng.IntN(len(odd))]; rng.IntN(4) == 0 {
					ids[i] = rng.Int32N(v.EOS)
				}
			}
			return ids
		})
	}
	t.Log(tally)
	for _, kind := range []string{"lost aligned", "lost retokenized", "lost refused", "dropped aligned", "dropped retokenized", "dropped refused", "stopped aligned", "stopped retokenized"} {
		if tally[kind] == 0 {
			t.Errorf("no reply was %s: %v", kind, tally)
		}
	}
}

// realReplies is how many replies of each real vocabulary are aligned: a tenth of MULLIGAN_TEXTS, 100 at
// least; 2,000 where that is not set.
func realReplies() int {
	n, err := strconv.Atoi(os.Getenv("MULLIGAN_TEXTS"))
	if err != nil {
		return 2000
	}
	return max(100, n/10)
}

// TestAlignReal does the same with real vocabularies: see TestSameAsHuggingFace.
func TestAlignReal(t *testing.T) {
	dir := os.Getenv("MULLIGAN_VOCABULARIES")
	if dir == "" {
		t.Skip("MULLIGAN_VOCABULARIES is not set")
	}
	for _, v := range real(t, dir) {
		t.Run(v.name, func(t *testing.T) {
			tok, err := v.open(t)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(3, 9))
			tally, texts := map[string]int{}, newTexts(3, v.special)
			checkAligned(t, rng, tok, -1, realReplies(), tally, func() []int32 {
				return tok.Encode(strings.ToValidUTF8(texts.text(), bad), tokenizer.Options{})
			})
			t.Log(tok.Name(), tally)
		})
	}
}

// checkAligned runs replies of one vocabulary through the engine and back.
func checkAligned(t *testing.T, rng *rand.Rand, tok *tokenizer.Tokenizer, end int32, replies int, tally map[string]int, some func() []int32) {
	t.Helper()
	a, err := tokenizer.NewAligner(tok, tokenizer.AlignerOptions{End: end})
	if err != nil {
		t.Fatal(err)
	}
	e := engine{ends: a.PossibleEnds()}
	for id := range int32(tok.Size()) {
		piece, _ := tok.Piece(id)
		e.bytes = append(e.bytes, piece)
	}
	for range replies {
		e.stops, e.limit = nil, 0
		kind := "text"
		ids := some()
		if rng.IntN(4) == 0 {
			kind = "noise"
			for range 1 + rng.IntN(4) {
				ids = slices.Insert(ids, rng.IntN(len(ids)+1), rng.Int32N(int32(tok.Size())))
			}
		}
		if rng.IntN(3) == 0 {
			kind, e.stops = "stopped", stopStrings(rng)
		}
		if len(e.ends) > 0 {
			ids = append(ids, e.ends[rng.IntN(len(e.ends))])
		}
		if e.limit = len(ids); len(ids) > 0 && rng.IntN(4) == 0 {
			e.limit = 1 + rng.IntN(len(ids))
		}
		r, truth := e.run(ids)
		dropped := 0
		if rng.IntN(4) == 0 {
			if kind == "text" {
				kind = "parsed"
			}
			r, dropped = parse(rng, r, truth.chunks)
		}
		switch {
		case dropped > 0:
			kind = "dropped"
		case truth.lost > 0:
			kind = "lost"
		}
		got, err := a.Align(r)
		tally[kind]++
		if err != nil {
			tally[kind+" refused"]++
			continue
		}
		tally[kind+" "+string(got.Source)]++
		n := len(got.IDs)
		if got.End == tokenizer.EndInferred || got.End == tokenizer.EndAssumed {
			n--
		}
		where := fmt.Sprintf("%s: %q as %q, stops %q, parsed %v, count %d, ended %v: %+v, sampled %+v", tok.Name(), r.Text, r.Pieces, r.Stops, r.Parsed, r.Count, r.Ended, got, truth)
		if n != len(r.Pieces) {
			t.Fatalf("%d ids for %d pieces: %s", n, len(r.Pieces), where)
		}
		if wrong := claims(got, truth.all, truth.end, r.Ended); wrong != "" {
			t.Fatalf("%s: %s", wrong, where)
		}
	}
}

// claims holds an alignment to what it says of the tokens that were sampled.
func claims(got tokenizer.Alignment, all []int32, end int32, ended bool) string {
	if got.End == tokenizer.EndNone && end >= 0 {
		return "an end token, and none is told"
	}
	if got.Source != tokenizer.Aligned {
		return ""
	}
	switch n := len(got.IDs); {
	case got.End == tokenizer.EndInferred && !slices.Equal(got.IDs, all):
		return "not what was sampled"
	case got.End == tokenizer.EndAssumed && (n != len(all) || !slices.Equal(got.IDs[:n-1], all[:n-1])):
		return "not what was sampled before the end"
	case got.End == tokenizer.EndMissing && (n != len(all)-1 || !slices.Equal(got.IDs, all[:n])):
		return "not all but the last token"
	case got.End == tokenizer.EndNone && (n > len(all) || !slices.Equal(got.IDs, all[:n])):
		return "not what was sampled before a stop string"
	case got.End == tokenizer.EndNone && !ended && n != len(all):
		return "not all that was sampled"
	}
	return ""
}

// TestAlignIsFast holds the search to its bound: replies that fit in very many ways end in time.
func TestAlignIsFast(t *testing.T) {
	a := aligner(t, nil, -1)
	started := time.Now()
	for _, piece := range []string{"a", bad} {
		r := tokenizer.Reply{Parsed: true, Count: 2001, Text: strings.Repeat(piece, 1000)}
		for range 2000 {
			r.Pieces = append(r.Pieces, []byte(piece))
		}
		r.Pieces = append(r.Pieces, []byte(bad))
		if got, err := a.Align(r); err == nil && got.Source == tokenizer.Aligned {
			t.Errorf("%q: aligned, although it fits in many ways", piece)
		}
	}
	if d := time.Since(started); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

func FuzzAlign(f *testing.F) {
	f.Add("he\xffy\xff \xef\xbf\xbd\xef\xbf\xbd", "hey ", 5, true, "\n\n", false)
	f.Add("\xef\xbf\xbd\xff\xef\xbf\xbd\xff\xef\xbf\xbd", "中", 3, false, "", true)
	a := aligner(f, nil, idEnd)
	f.Fuzz(func(t *testing.T, joined, text string, count int, ended bool, stop string, parsed bool) {
		if len(joined) > 2000 {
			return
		}
		r := tokenizer.Reply{Text: text, Count: count, Ended: ended, Parsed: parsed, Stops: []string{stop}}
		for _, p := range strings.Split(joined, "\xff") {
			r.Pieces = append(r.Pieces, []byte(p))
		}
		got, err := a.Align(r)
		if err == nil && len(got.IDs) != len(r.Pieces) && len(got.IDs) != len(r.Pieces)+1 {
			t.Errorf("%d ids for %d pieces", len(got.IDs), len(r.Pieces))
		}
	})
}

func BenchmarkAlign(b *testing.B) {
	a := aligner(b, nil, idEnd)
	for name, unit := range map[string]tokenizer.Reply{
		"ascii":     {Pieces: wirePieces("he", "y", " ", "y"), Text: "hey y"},
		"multibyte": {Pieces: wirePieces(" "+bad+bad, bad, "y", bad, bad, bad), Text: " 中y文"},
	} {
		r := tokenizer.Reply{Ended: true}
		for len(r.Pieces) < 512 {
			r.Pieces, r.Text = append(r.Pieces, unit.Pieces...), r.Text+unit.Text
		}
		r.Count = len(r.Pieces) + 1
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Align(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
