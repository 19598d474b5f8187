package tokenizer

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// small is a SentencePiece vocabulary: <unk> 0, <s> 1, </s> 2, bytes 3 to 258, then the tokens of
// scored, with their scores.
func small(scored ...any) Vocabulary {
	v := Vocabulary{
		Model: "llama", Tokens: []string{"<unk>", "<s>", "</s>"}, Types: []int32{2, 3, 3}, Scores: make([]float32, 259),
		BOS: 1, EOS: 2, EOT: -1, EOM: -1, AddBOS: true,
	}
	for x := range 256 {
		v.Tokens, v.Types = append(v.Tokens, fmt.Sprintf("<0x%02X>", x)), append(v.Types, typeByte)
	}
	for i := 0; i < len(scored); i += 2 {
		v.Tokens, v.Types = append(v.Tokens, scored[i].(string)), append(v.Types, typeNormal)
		v.Scores = append(v.Scores, float32(scored[i+1].(float64)))
	}
	return v
}

func newSmall(t testing.TB, v Vocabulary) *Tokenizer {
	t.Helper()
	tok, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestScoresDecide(t *testing.T) {
	v := small("a", -9., "b", -9., "c", -9., "ab", -2., "bc", -1., "abc", -3., "aa", -4., "\u2581", -9., "\u2581a", -5., "xy", -1., "\ufffd", -9., "<", -9., "s>", -3., "s", -9., ">", -9.)
	id := func(token string) int32 { return int32(slices.Index(v.Tokens, token)) }
	for text, want := range map[string][]int32{
		"":         {},
		"abc":      {id("abc")},              // bc first, then a and bc: the higher score wins, not the left one
		"abab":     {id("ab"), id("ab")},     //
		"aaa":      {id("aa"), id("a")},      // leftmost on ties
		"aaaa":     {id("aa"), id("aa")},     //
		" a":       {id("\u2581a")},          //
		"a a":      {id("a"), id("\u2581a")}, //
		"é":        {3 + 0xC3, 3 + 0xA9},     // bytes
		"xy":       {id("xy")},               // of characters that are no tokens
		"x":        {3 + 'x'},                //
		"xab":      {3 + 'x', id("ab")},      //
		"\xff":     {3 + 0xFF},               // no UTF-8
		"a\xe2":    {id("a"), 3 + 0xE2},      //
		"\ufffd":   {id("\ufffd")},           //
		"<0x41>":   {id("<"), 3 + '0', 3 + 'x', 3 + '4', 3 + '1', id(">")},
		"<s>a</s>": {1, id("a"), 2},
	} {
		tok := newSmall(t, v)
		if got := tok.Encode(text, Options{}); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestControlTokensDoNotForm(t *testing.T) {
	v := small("<", -9., "s>", -3., "s", -9., ">", -9., "ss", -2.)
	v.Types[len(v.Types)-1] = typeUnused // llama.cpp and Hugging Face take unused tokens as they come
	tok := newSmall(t, v)
	for text, want := range map[string][]int32{"<s>": {259, 260}, "s>": {260}, "ss": {263}} {
		if got := tok.Encode(text, Options{Plain: true}); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestPiecesOfSpaces wants the spaces that a token stands for, however they are spelled.
func TestPiecesOfSpaces(t *testing.T) {
	v := small("\u2581", -9., "  ", -9.)
	v.Types[260] = typeUserDefined
	tok := newSmall(t, v)
	if got := tok.Encode("   ", Options{}); !slices.Equal(got, []int32{260, 259}) {
		t.Errorf("got %v, want [260 259]", got)
	}
	file := `{"added_tokens":[{"id":1,"content":"▁▁","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":false}],
		"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},
		"decoder":{"type":"Replace","pattern":{"String":"▁"},"content":" "},
		"model":{"type":"BPE","vocab":{"▁":0,"▁▁":1},"merges":["▁ ▁"]}}`
	merged, err := ReadJSON([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	for id, tok := range map[int32]*Tokenizer{260: tok, 1: merged} {
		if piece, _ := tok.Piece(id); string(piece) != "  " {
			t.Errorf("%s: piece of %d: got %q, want two spaces", tok.Name(), id, piece)
		}
		if got, err := tok.Decode([]int32{id}); err != nil || string(got) != "  " {
			t.Errorf("%s: decode %d: got %q, %v, want two spaces", tok.Name(), id, got, err)
		}
	}
}

func TestDigestOfRules(t *testing.T) {
	file := `{"normalizer":{"type":"Prepend","prepend":"x"},"pre_tokenizer":{"type":"Metaspace","replacement":"_","prepend_scheme":"first","split":false},
		"model":{"type":"BPE","unk_token":"a","fuse_unk":true,"byte_fallback":true,"ignore_merges":false,"vocab":{"a":0,"b":1,"ab":2,"ba":3},"merges":["a b","b a"]}}`
	seen := map[string]string{}
	for _, change := range [][2]string{
		{"", ""}, {`"prepend":"x"`, `"prepend":"y"`}, {`"_"`, `"-"`}, {"first", "never"}, {`"split":false`, `"split":true`}, {`"fuse_unk":true`, `"fuse_unk":false`},
		{`"byte_fallback":true`, `"byte_fallback":false`}, {`"ignore_merges":false`, `"ignore_merges":true`}, {`"a b","b a"`, `"b a","a b"`}, {`"unk_token":"a"`, `"unk_token":"b"`},
	} {
		tok, err := ReadJSON([]byte(strings.Replace(file, change[0], change[1], 1)))
		if err != nil {
			t.Fatalf("%v: %v", change, err)
		}
		if other, ok := seen[tok.Digest()]; ok {
			t.Errorf("%q has the digest of %q", change, other)
		}
		seen[tok.Digest()] = change[1]
	}
	v := small("a", -1., "b", -2.)
	changed := small("a", -1., "b", -3.)
	if newSmall(t, v).Digest() == newSmall(t, changed).Digest() {
		t.Error("other scores have the same digest")
	}
}

func TestSpacePrefix(t *testing.T) {
	v := small("\u2581", -9., "a", -9., "\u2581a", -5., "\u2581\u2581", -20.)
	v.AddSpacePrefix = true
	tok := newSmall(t, v)
	space, a, spaceA := int32(259), int32(260), int32(261)
	for text, want := range map[string][]int32{
		"":          {},
		"a":         {spaceA},
		" a":        {space, spaceA},
		"aa":        {spaceA, a},
		"<s>a":      {1, spaceA},        // after an added token too, as llama.cpp and Hugging Face's Prepend
		"<s> a":     {1, space, spaceA}, //
		"a<s>a</s>": {spaceA, 1, spaceA, 2},
	} {
		if got := tok.Encode(text, Options{}); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	for text, ids := range map[string][]int32{"a": {spaceA}, " a": {space, spaceA}, "aa": {a, a}, "<s> a": {1, spaceA}, "": {}} {
		if got, err := tok.Decode(ids); err != nil || string(got) != text {
			t.Errorf("decode %v: got %q, %v, want %q", ids, got, err, text)
		}
	}
	if piece, _ := tok.Piece(spaceA); string(piece) != " a" {
		t.Errorf("piece of %d: got %q, want %q: it is what the token stands for inside a text", spaceA, piece, " a")
	}
}

func TestSentencePieceRefuses(t *testing.T) {
	ok := small("a", -1.)
	for want, change := range map[string]func(v *Vocabulary){
		"260 tokens and 1 scores": func(v *Vocabulary) { v.Scores = v.Scores[:1] },
		"score of token 7":        func(v *Vocabulary) { v.Scores = slices.Clone(v.Scores); v.Scores[7] = float32(math.NaN()) },
		"is of type byte":         func(v *Vocabulary) { v.Types = slices.Clone(v.Types); v.Types[259] = typeByte },
		"no token for byte 0x00": func(v *Vocabulary) {
			v.Types = slices.Clone(v.Types)
			v.Types[0], v.Types[3] = typeControl, typeControl
		},
	} {
		v := ok
		change(&v)
		if _, err := New(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

// TestCutsAreExact compares the ids of a text that is merged in words with those of merging it whole.
func TestCutsAreExact(t *testing.T) {
	v := small("\u2581", -9., "a", -9., "b", -9., ">", -9., "<", -9., "\u2581a", -5., "\u2581\u2581", -6., "ab", -3., ">\u2581<", -1., "\u2581<", -4., "<a", -2., "\u2581\u2581a", -7.)
	b, err := newScored(v)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := newScored(v)
	if err != nil {
		t.Fatal(err)
	}
	whole.uncut = true
	letters := []string{"\u2581", "a", "b", ">", "<", "é", "\u2581"}
	for n := range 7 * 7 * 7 * 7 * 7 * 7 {
		var text string
		for i := n; i > 0; i /= 7 {
			text += letters[i%7]
		}
		if text == "" {
			continue
		}
		if got, want := b.encode(nil, text), whole.encode(nil, text); !slices.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestFewAndMany compares the two ways to merge on words of every length around their border.
func TestFewAndMany(t *testing.T) {
	table := newMergeTable(64)
	for left := range int32(8) {
		for right := range int32(8) {
			if rank := (left*5 + right*3) % 11; rank < 8 {
				table.set(left, right, merge{rank, (left + right + rank) % 8})
			}
		}
	}
	for n := range 2 * fewSymbols {
		for seed := range int32(50) {
			var few, many merger
			for i := range int32(n) {
				few.symbols = append(few.symbols, (i*i*(seed+3)+i*seed/3)%9-1) // -1: in no pair
			}
			many.symbols = slices.Clone(few.symbols)
			few.few(&table)
			many.many(&table)
			if !slices.Equal(few.symbols, many.symbols) {
				t.Fatalf("length %d, seed %d: few gives %v, many %v", n, seed, few.symbols, many.symbols)
			}
		}
	}
}

// TestLongTextsEnd has words of a million characters: with time that grows as their square it would
// not end.
func TestLongTextsEnd(t *testing.T) {
	v := small("a", -9., "aa", -1., "aaaa", -2., "aaaaaaaa", -3., "\u2581", -9., "\u2581\u2581", -1., "b", -9.)
	tok := newSmall(t, v)
	for _, text := range []string{strings.Repeat("a", 1<<20), strings.Repeat(" ", 1<<20), strings.Repeat("b", 1<<20), strings.Repeat("é", 1<<19), strings.Repeat("a ", 1<<19)} {
		ids := tok.Encode(text, Options{})
		b, err := tok.Decode(ids)
		if err != nil || string(b) != text {
			t.Errorf("%q...: %d ids, decode: %d bytes, %v, want %d", text[:4], len(ids), len(b), err, len(text))
		}
	}
}

func TestNotUnderstood(t *testing.T) {
	for want, file := range map[string]string{
		`model "Unigram"`:            `{"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0]]}}`,
		`normaliser "NFKC"`:          `{"normalizer":{"type":"NFKC"},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`,
		`regular expressions`:        `{"normalizer":{"type":"Replace","pattern":{"Regex":" +"},"content":" "},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`,
		`pre-tokenizer "Whitespace"`: `{"pre_tokenizer":{"type":"Whitespace"},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`,
		`decoder "WordPiece"`:        `{"decoder":{"type":"WordPiece"},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`,
		`decoder Replace after`:      `{"decoder":{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"String":"x"},"content":""}]},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`,
		`prepend_scheme "second"`:    `{"pre_tokenizer":{"type":"Metaspace","replacement":"_","prepend_scheme":"second"},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}`,
		`continuing_subword_prefix`:  `{"model":{"type":"BPE","continuing_subword_prefix":"##","vocab":{"a":0},"merges":[]}}`,
	} {
		_, err := ReadJSON([]byte(file))
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, ErrNotUnderstood) {
			t.Errorf("got error %v, want one that is ErrNotUnderstood with %q", err, want)
		}
	}
	for want, file := range map[string]string{
		`unk_token "<unk>"`:    `{"model":{"type":"BPE","unk_token":"<unk>","vocab":{"a":0},"merges":[]}}`,
		`merge 0, "a" and "b"`: `{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}}`,
	} {
		if _, err := ReadJSON([]byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

// FuzzSentencePiece wants every text back, and pieces that are the text.
func FuzzSentencePiece(f *testing.F) {
	v := small("\u2581", -9., "a", -9., "b", -9., "\u2581a", -1., "ab", -2., "\u2581\u2581", -5., "é", -7., "éa", -3., "\u2581ab", -4., "中", -9., "中中", -2.)
	plain := newSmall(f, v)
	v.AddSpacePrefix = true
	prefixed := newSmall(f, v)
	for _, s := range []string{"", " ", "ab ab", "  éa\xff\xe2\x96", "中中中<s>", "</s> a", "<0x41>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spaced := strings.ReplaceAll(text, metaspace, " ") // U+2581 in a text is a space in its tokens
		for _, o := range []Options{{}, {Plain: true}} {
			ids := plain.Encode(text, o)
			if got, err := plain.Decode(ids); err != nil || string(got) != spaced {
				t.Errorf("%q: %v decodes to %q, %v", text, ids, got, err)
			}
			var pieces []byte
			for _, id := range ids {
				piece, _ := plain.Piece(id)
				pieces = append(pieces, piece...)
			}
			if !bytes.Equal(pieces, []byte(spaced)) {
				t.Errorf("%q: pieces of %v are %q", text, ids, pieces)
			}
		}
		ids := prefixed.Encode(text, Options{Plain: true})
		if got, err := prefixed.Decode(ids); err != nil || string(got) != spaced {
			t.Errorf("%q with a space before: %v decodes to %q, %v", text, ids, got, err)
		}
		if utf8.ValidString(text) && len(ids) > len(text)+1 {
			t.Errorf("%q: %d ids", text, len(ids))
		}
	})
}

func BenchmarkSentencePieceLongWord(b *testing.B) {
	tok := newSmall(b, small("a", -9., "aa", -1., "aaaa", -2., "aaaaaaaa", -3.))
	text := strings.Repeat("a", 1<<16)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tok.Encode(text, Options{})
	}
}
