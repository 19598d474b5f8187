package tokenizer

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

// Ids of tiny: bytes are their own, merges begin at 256.
func TestEncode(t *testing.T) {
	v := tiny("gpt-2", "a b", "b c", "ab c", "Ġ a", "c c")
	v.BOS, v.AddBOS, v.AddEOS = 256, true, true
	tok := mustNew(t, v)
	const end, tool = 261, 262
	for _, c := range []struct {
		text string
		o    Options
		want []int32
	}{
		{"", Options{}, nil},
		{"", Options{AddSpecial: true}, []int32{256, end}},
		{"abc", Options{}, []int32{258}},
		{"abc abc", Options{}, []int32{258, ' ', 258}}, // a b has the lower rank, so that Ġ a never comes
		{"bcc", Options{}, []int32{257, 'c'}},
		{"bccc", Options{}, []int32{257, 260}},
		{"x<|end|>y", Options{}, []int32{'x', end, 'y'}},
		{"x<|end|>y", Options{Plain: true}, []int32{'x', '<', '|', 'e', 'n', 'd', '|', '>', 'y'}},
		{"x<tool>y", Options{Plain: true, AddSpecial: true}, []int32{256, 'x', tool, 'y', end}},
		{"\xFFa\xE6\x97", Options{}, []int32{0xFF, 'a', 0xE6, 0x97}},
	} {
		if got := tok.Encode(c.text, c.o); !slices.Equal(got, c.want) {
			t.Errorf("%q, %+v: %v, want %v", c.text, c.o, got, c.want)
		}
	}
}

func TestDecode(t *testing.T) {
	tok := mustNew(t, tiny("gpt-2", "Ġ a"))
	got, err := tok.Decode([]int32{256, 257, 0xC3, 'b'})
	if err != nil || string(got) != " a<|end|>\xC3b" {
		t.Errorf("%q, %v", got, err)
	}
	for _, id := range []int32{-1, 259, 1 << 30} {
		want := "decode token 2 of 2: no id " + map[int32]string{-1: "-1", 259: "259", 1 << 30: "1073741824"}[id] + " in gpt2/gpt-2, 259 tokens"
		if _, err := tok.Decode([]int32{0, id}); err == nil || err.Error() != want {
			t.Errorf("id %d: %v, want %s", id, err, want)
		}
	}
}

func TestLookups(t *testing.T) {
	v := tiny("gpt-2", "Ġ a")
	v.EOT, v.Ends = 256, []int32{257, 3}
	tok := mustNew(t, v)
	if got := tok.Ends(); !slices.Equal(got, []int32{3, 256, 257}) {
		t.Errorf("ends %v", got)
	}
	if tok.Size() != 259 || tok.Name() != "gpt2/gpt-2, 259 tokens" {
		t.Errorf("%d, %s", tok.Size(), tok.Name())
	}
	if id, ok := tok.ID("Ġa"); id != 256 || !ok {
		t.Errorf("id of Ġa: %d, %t", id, ok)
	}
	if s, ok := tok.Token(256); s != "Ġa" || !ok {
		t.Errorf("token 256: %q, %t", s, ok)
	}
	if b, ok := tok.Piece(256); string(b) != " a" || !ok {
		t.Errorf("piece 256: %q, %t", b, ok)
	}
	if tok.Special(256) || !tok.Special(257) || tok.Special(258) || tok.Special(-1) || tok.Special(300) {
		t.Error("special: want only 257")
	}
	if _, ok := tok.ID(" a"); ok {
		t.Error("ID takes bytes for a spelling")
	}
	if _, ok := tok.Piece(259); ok {
		t.Error("a piece outside of the vocabulary")
	}
}

// TestWholeWords: ignore_merges takes a word that is a token, whether its merges lead there or not.
func TestWholeWords(t *testing.T) {
	// "abc" is made by a, bc; but a b merges first, and then nothing makes ab c.
	v := tiny("gpt-2", "a b", "b c", "a bc")
	if got := mustNew(t, v).Encode("abc", Options{}); !slices.Equal(got, []int32{256, 'c'}) {
		t.Errorf("by merges: %v", got)
	}
	v.Pre = "llama-bpe"
	if got := mustNew(t, v).Encode("abc", Options{}); !slices.Equal(got, []int32{258}) {
		t.Errorf("whole words: %v", got)
	}
}

func TestDigest(t *testing.T) {
	v := tiny("gpt-2", "a b", "b c")
	base := mustNew(t, v).Digest()
	if len(base) != 64 || base != mustNew(t, v).Digest() {
		t.Errorf("digest %q", base)
	}
	for name, change := range map[string]func(*Vocabulary){
		"order of merges": func(v *Vocabulary) { v.Merges = []string{"b c", "a b"} },
		"pre":             func(v *Vocabulary) { v.Pre = "smollm" },
		"normaliser":      func(v *Vocabulary) { v.Pre = "olmo" },
		"type":            func(v *Vocabulary) { v.Types = slices.Clone(v.Types); v.Types[258] = typeUserDefined },
		"token":           func(v *Vocabulary) { v.Tokens = slices.Clone(v.Tokens); v.Tokens[258] = "<|stop|>" },
		"AddEOS":          func(v *Vocabulary) { v.AddEOS = true },
	} {
		other := v
		change(&other)
		if mustNew(t, other).Digest() == base {
			t.Errorf("%s does not change the digest", name)
		}
	}
	v.Ends = []int32{1}
	if mustNew(t, v).Digest() != base {
		t.Error("ends change the digest: they decide no id")
	}
}

// TestConcurrent is for the race detector, and for words that encoders remember.
func TestConcurrent(t *testing.T) {
	tok := mustNew(t, tiny("qwen2", "a b", "b c", "ab c", "Ġ a"))
	text := strings.Repeat("abc e\u0301 ab<|end|> bcab ", 50)
	want := tok.Encode(text, Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got := tok.Encode(text, Options{}); !slices.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestLongWord: a megabyte of one letter is one word. Quadratic merging would take hours.
func TestLongWord(t *testing.T) {
	tok := mustNew(t, tiny("gpt-2", "a a", "aa aa"))
	got := tok.Encode(strings.Repeat("a", 1<<20|3), Options{})
	if len(got) != 1<<18+2 || got[0] != 257 || got[len(got)-2] != 256 || got[len(got)-1] != 'a' {
		t.Errorf("%d tokens", len(got))
	}
}

// TestMissingByte: a byte without a token is left out, as Hugging Face's library does.
func TestMissingByte(t *testing.T) {
	v := tiny("gpt-2", "a b")
	v.Tokens[0xF5] = "unused"
	if got := mustNew(t, v).Encode("a\xF5b", Options{}); !slices.Equal(got, []int32{'a', 'b'}) {
		t.Errorf("%v", got)
	}
}
