package tokenizer

import (
	"slices"
	"testing"
)

// flagged are added tokens with every flag; ids of tiny follow: bytes, ab (256), then these from 257 on.
func flagged(f, _ map[string]any) {
	add := func(id int, content string, flags ...string) any {
		a := map[string]any{"id": id, "content": content}
		for _, flag := range []string{"single_word", "lstrip", "rstrip", "normalized", "special"} {
			a[flag] = slices.Contains(flags, flag)
		}
		return a
	}
	f["normalizer"] = map[string]any{"type": "NFC"}
	f["added_tokens"] = []any{
		add(257, "<l>", "lstrip"), add(258, "<r>", "rstrip", "special"), add(259, "<lr>", "lstrip", "rstrip"),
		add(260, "word", "single_word"), add(261, "<l>>"), add(262, "e\u0301", "normalized"), add(263, "u\u0301"),
		add(264, "\n", "lstrip", "rstrip"),
	}
}

// TestAddedTokens has the ids that tokenizers 0.23.3 gives.
func TestAddedTokens(t *testing.T) {
	tok := mustRead(t, tinyJSON(t, tiny("gpt-2", "a b"), flagged))
	for _, c := range []struct {
		text  string
		plain bool
		want  []int32
	}{
		{"a <l> b", false, []int32{97, 257, 32, 98}},
		{"a  \u3000<l><l>b", false, []int32{97, 257, 257, 98}},
		{"a <r> \t b", false, []int32{97, 32, 258, 98}},
		{"a <lr>  <lr> b", false, []int32{97, 259, 259, 98}},
		{"<l>>", false, []int32{261}},
		{"<l><l>>", false, []int32{257, 261}},
		{"word", false, []int32{260}},
		{"a word.", false, []int32{97, 32, 260, 46}},
		{"words", false, []int32{119, 111, 114, 100, 115}},
		{"aword", false, []int32{97, 119, 111, 114, 100}},
		{"_word", false, []int32{95, 119, 111, 114, 100}},
		{"\u0903word", false, []int32{224, 164, 131, 119, 111, 114, 100}},
		{"-word-", false, []int32{45, 260, 45}},
		{"e\u0301", false, []int32{262}},
		{"\u00e9", false, []int32{262}},
		{"x\u00e9y", false, []int32{120, 262, 121}},
		{"u\u0301", false, []int32{263}},
		{"\u00fa", false, []int32{195, 186}},
		{"a <r> b", true, []int32{97, 32, 60, 114, 62, 32, 98}},
		{"a <l> b", true, []int32{97, 257, 32, 98}},
		{"<r> <l>", false, []int32{258, 257}},
		{"<r> <l>", true, []int32{60, 114, 62, 257}},
		{"ab\n\n ab", false, []int32{256, 264, 256}},
		{" \n<r>", false, []int32{264, 258}},
	} {
		if got := tok.Encode(c.text, Options{Plain: c.plain}); !slices.Equal(got, c.want) {
			t.Errorf("%+q, plain %t: %v, want %v", c.text, c.plain, got, c.want)
		}
	}
}
