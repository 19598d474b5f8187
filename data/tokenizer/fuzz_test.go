package tokenizer

import (
	"strings"
	"testing"
)

// FuzzEncode: decode(encode(x)) = x for any bytes with every pre-tokenizer, and NFC(x) where there is
// that normaliser.
func FuzzEncode(f *testing.F) {
	for _, text := range []string{"", "Hello's WORLD 123456\r\n \t x", "字かな\u3000\u0301e\u0301", "\xFF\xE6\x97 a\xC0", "'ſ <|end|><tool>", "AʰB ½²Ⅷ 😀\u200d"} {
		f.Add(text, false)
	}
	var all []*Tokenizer
	for _, name := range knownPreTokenizers() {
		all = append(all, mustNew(f, tiny(name, "a b", "Ġ a", "Ġ Ġ", "ab ab", "æ Ĺ", "æĹ ¥")))
	}
	f.Fuzz(func(t *testing.T, text string, plain bool) {
		for _, tok := range all {
			want := text
			if tok.normalizer != nil && !strings.Contains(text, "<") { // added tokens are not normalised, nor across them
				want = tok.normalizer.normalize(text, true)
			} else if tok.normalizer != nil {
				continue
			}
			ids := tok.Encode(text, Options{Plain: plain})
			got, err := tok.Decode(ids)
			if err != nil || string(got) != want {
				t.Fatalf("%s: %q: %v, %q, %v", tok.Name(), text, ids, got, err)
			}
		}
	})
}

// FuzzReadJSON: whatever the file holds, an error or a tokenizer that works.
func FuzzReadJSON(f *testing.F) {
	v := tiny("gpt-2", "a b", "Ġ a")
	f.Add(tinyJSON(f, v, nil))
	f.Add(tinyJSON(f, v, func(file, m map[string]any) {
		m["merges"] = [][2]string{{"a", "b"}}
		file["normalizer"] = map[string]any{"type": "NFC"}
		file["pre_tokenizer"] = map[string]any{"type": "Sequence", "pretokenizers": []any{
			map[string]any{"type": "Split", "pattern": map[string]any{"Regex": `[\r\n\-é-ü]{1,3}`}, "behavior": "Isolated", "invert": false},
			map[string]any{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}}}
	}))
	f.Add([]byte(`{"added_tokens":[{"id":1,"content":"x","lstrip":true}],"model":{"vocab":{"a":0},"merges":[["a","a"]]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tok, err := ReadJSON(b)
		if err != nil {
			return
		}
		ids := tok.Encode(" ab é\xFF<tool>\n x ", Options{AddSpecial: true})
		if _, err := tok.Decode(ids); err != nil {
			t.Fatal(err)
		}
	})
}
