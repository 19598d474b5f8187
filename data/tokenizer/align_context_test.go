package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

func TestContextDoubt(t *testing.T) {
	for _, c := range []struct {
		pre, architecture, text, want string
	}{
		{"qwen2", "qwen2", "caf\u00e9 \u4e2d", ""},
		{"qwen2", "qwen2", "cafe\u0301", ""},  // taken as it is
		{"smollm", "llama", "cafe\u0301", ""}, // this vocabulary has no normaliser
		{"smollm", "llama", "a\u3000b", "U+3000"},
		{"smollm", "falcon", "a\u3000b", ""}, // llama.cpp only
		{"smollm", "llama", "a\tb\n", ""},
		{"gpt-4o", "phi3", "na\u00efve", "U+00EF"},
		{"gpt-4o", "phi3", "plain \u4e2d", ""},
	} {
		tok, err := New(tiny(c.pre, "a b"))
		if err != nil {
			t.Fatal(err)
		}
		a, err := NewAligner(tok, AlignerOptions{End: -1, Architecture: c.architecture})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := a.EncodeContext(c.text, false); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s on %s, %q: %q, want %q", c.pre, c.architecture, c.text, got, c.want)
		}
	}
}

// EncodeContext gives what llama.cpp and Ollama make of a text: no normalisation. The ids of é (2 bytes) and of
// e with U+0301 (3 bytes) are those of their bytes.
func TestEncodeContext(t *testing.T) {
	for _, c := range []struct {
		pre, architecture, text string
		ids                     []byte
		doubt                   string
	}{
		{"qwen2", "qwen2", "e\u0301!", []byte{'e', 0xCC, 0x81, '!'}, ""},
		{"qwen2", "qwen2", "\u00e9!", []byte{0xC3, 0xA9, '!'}, ""},
		{"qwen2", "qwen2", "\u212b\u3000", []byte{0xE2, 0x84, 0xAB, 0xE3, 0x80, 0x80}, "U+3000"}, // U+212B is U+00C5 in NFC
		{"qwen2", "falcon", "\u212b\u3000", []byte{0xE2, 0x84, 0xAB, 0xE3, 0x80, 0x80}, ""},
		{"gpt-4o", "phi3", "e\u0301", []byte{'e', 0xCC, 0x81}, "U+0301"},
	} {
		tok := mustNew(t, tiny(c.pre, "a b"))
		a, err := NewAligner(tok, AlignerOptions{End: -1, Architecture: c.architecture})
		if err != nil {
			t.Fatal(err)
		}
		ids, doubt := a.EncodeContext(c.text, false)
		var bytes []byte
		for _, id := range ids {
			piece, _ := tok.Piece(id)
			bytes = append(bytes, piece...)
		}
		if string(bytes) != string(c.ids) || len(ids) != len(c.ids) {
			t.Errorf("%s on %s, %q: %v of % x, want % x", c.pre, c.architecture, c.text, ids, bytes, c.ids)
		}
		if (c.doubt == "") != (doubt == "") || !strings.Contains(doubt, c.doubt) {
			t.Errorf("%s on %s, %q: doubt %q, want %q", c.pre, c.architecture, c.text, doubt, c.doubt)
		}
	}
}

// Raw leaves out NFC, and nothing else: spaces are put and replaced as without it.
func TestRaw(t *testing.T) {
	v := tiny("qwen2", "a b")
	v.BOS, v.AddBOS = v.EOS, true
	tok := mustNew(t, v)
	if got, want := tok.Encode("e\u0301", Options{Raw: true, AddSpecial: true}), tok.Encode("e\u0301", Options{AddSpecial: true}); len(got) != 4 || len(want) != 3 || got[0] != v.BOS || want[0] != v.BOS {
		t.Errorf("%v raw, %v else, want 4 and 3 ids, BOS first", got, want)
	}
	step := normalizers{replace{" ", "_"}, nfc{}, prepend("^")}
	if got := withoutNFC(step).normalize("a e\u0301", true); got != "^a_e\u0301" {
		t.Errorf("%q, want ^a_e\u0301", got)
	}
	if got := withoutNFC(normalizers{nfc{}}); got != nil {
		t.Errorf("%v, want none", got)
	}
}

// Ollama's own engine looks for added tokens in the order of their ids: of two line feeds it takes one after
// the other, if the token for one has the lower id. llama.cpp takes the longest.
func TestEncodeContextOrder(t *testing.T) {
	v := tiny("gpt-2", "a b")
	one := int32(len(v.Tokens))
	v.Tokens = append(v.Tokens, "\n", "\n\n")
	v.Types = append(v.Types, typeUserDefined, typeUserDefined)
	tok := mustNew(t, v)
	for _, c := range []struct {
		architecture, text string
		ids                []int32
		doubt              string
	}{
		{"gemma3", "\n\nab\n", []int32{one, one, 256, one}, ""},        // its own engine only
		{"falcon", "\n\nab\n", []int32{one + 1, 256, one}, ""},         // llama.cpp only
		{"llama", "\n\nab\n", []int32{one + 1, 256, one}, "otherwise"}, // either
		{"llama", "\nab\n", []int32{one, 256, one}, ""},
	} {
		a, err := NewAligner(tok, AlignerOptions{End: -1, Architecture: c.architecture})
		if err != nil {
			t.Fatal(err)
		}
		ids, doubt := a.EncodeContext(c.text, true)
		if !slices.Equal(ids, c.ids) || (c.doubt == "") != (doubt == "") || !strings.Contains(doubt, c.doubt) {
			t.Errorf("%s, %q: %v, doubt %q, want %v, %q", c.architecture, c.text, ids, doubt, c.ids, c.doubt)
		}
	}
}

// In SentencePiece vocabularies it takes a stretch that is a token for that token, whether merges lead there or not.
func TestEncodeContextWhole(t *testing.T) {
	v := Vocabulary{Model: "llama", BOS: -1, EOS: -1, EOT: -1, EOM: -1,
		Tokens: []string{"<unk>", "a", "b", "c", "abc", "<x>"}, Types: []int32{typeUnknown, typeNormal, typeNormal, typeNormal, typeNormal, typeControl},
		Scores: make([]float32, 6)} // no token "ab" or "bc": "abc" never forms
	tok := mustNew(t, v)
	a, err := NewAligner(tok, AlignerOptions{End: -1, Architecture: "gemma3"})
	if err != nil {
		t.Fatal(err)
	}
	if ids, doubt := a.EncodeContext("abc<x>abca", true); !slices.Equal(ids, []int32{4, 5, 1, 2, 3, 1}) || doubt != "" {
		t.Errorf("%v, doubt %q", ids, doubt)
	}
}
