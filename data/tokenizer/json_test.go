package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

type object = map[string]any

func TestReadJSON(t *testing.T) {
	v := tiny("gpt-2", "a b", "Ġ a")
	texts := []string{"", "abc a<|end|> <tool>ab", "x\xFF", "  \n a"}
	want := mustNew(t, v)
	for name, b := range map[string][]byte{
		"merges as texts":      tinyJSON(t, v, nil),
		"merges as pairs":      tinyJSON(t, v, func(_, m object) { m["merges"] = [][2]string{{"a", "b"}, {"Ġ", "a"}} }),
		"indented":             indented(tinyJSON(t, v, nil)),
		"escapes":              []byte(strings.ReplaceAll(string(tinyJSON(t, v, nil)), "Ġ", `\u0120`)),
		"no type of the model": tinyJSON(t, v, func(_, m object) { delete(m, "type") }),
		"model first":          append([]byte(`{"model2": {"a": [1, "}", {}]}, `), tinyJSON(t, v, nil)[1:]...),
	} {
		got, err := ReadJSON(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, text := range texts {
			for _, o := range []Options{{}, {Plain: true}} {
				if a, b := got.Encode(text, o), want.Encode(text, o); !slices.Equal(a, b) {
					t.Errorf("%s: %q: %v, want %v", name, text, a, b)
				}
			}
		}
		if got.Digest() != want.Digest() {
			t.Errorf("%s: the same tokenizer with another digest", name)
		}
	}
}

func indented(b []byte) []byte {
	var out bytes.Buffer
	json.Indent(&out, b, "\r\n", "\t ")
	return out.Bytes()
}

func TestPostProcessors(t *testing.T) {
	v := tiny("gpt-2", "a b")
	template := object{"type": "TemplateProcessing",
		"single":         []any{object{"SpecialToken": object{"id": "<|end|>", "type_id": 0}}, object{"Sequence": object{"id": "A", "type_id": 0}}, object{"SpecialToken": object{"id": "two", "type_id": 0}}},
		"pair":           []any{},
		"special_tokens": object{"<|end|>": object{"id": "<|end|>", "ids": []int{257}, "tokens": []string{"<|end|>"}}, "two": object{"id": "two", "ids": []int{1, 2}, "tokens": []string{"x", "y"}}}}
	level := object{"type": "ByteLevel", "trim_offsets": false}
	roberta := object{"type": "RobertaProcessing", "sep": []any{"s", 5}, "cls": []any{"c", 6}, "trim_offsets": true, "add_prefix_space": false}
	for name, c := range map[string]struct {
		post any
		want []int32
	}{
		"none":     {nil, []int32{256}},
		"level":    {level, []int32{256}},
		"template": {template, []int32{257, 256, 1, 2}},
		"roberta":  {roberta, []int32{6, 256, 5}},
		"sequence": {object{"type": "Sequence", "processors": []any{level, template, roberta}}, []int32{6, 257, 256, 1, 2, 5}},
	} {
		tok := mustRead(t, tinyJSON(t, v, func(f, _ object) { f["post_processor"] = c.post }))
		if got := tok.Encode("ab", Options{AddSpecial: true}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if got := tok.Encode("ab", Options{}); !slices.Equal(got, []int32{256}) {
			t.Errorf("%s without AddSpecial: %v", name, got)
		}
	}
}

func TestPrefixSpace(t *testing.T) {
	tok := mustRead(t, tinyJSON(t, tiny("gpt-2", "Ġ a"), func(f, _ object) {
		f["pre_tokenizer"] = object{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true}
	}))
	if got := tok.Encode("a a<tool>a\na", Options{}); !slices.Equal(got, []int32{256, 256, 258, 256, '\n', 'a'}) {
		t.Errorf("%v", got)
	}
}

func TestReadJSONRefuses(t *testing.T) {
	split := func(pattern any, behavior string, invert bool) object {
		return object{"type": "Sequence", "pretokenizers": []any{
			object{"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert},
			object{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}}}
	}
	pre := func(v any) func(f, _ object) { return func(f, _ object) { f["pre_tokenizer"] = v } }
	added := func(list ...any) func(f, _ object) { return func(f, _ object) { f["added_tokens"] = list } }
	set := func(key string, v any) func(_, m object) { return func(_, m object) { m[key] = v } }
	for name, c := range map[string]struct {
		change        func(file, model object)
		want          string
		notUnderstood bool
	}{
		"no model":       {func(f, _ object) { delete(f, "model") }, "no model: this is not a tokenizer.json", false},
		"no vocab":       {func(_, m object) { delete(m, "vocab") }, "model: vocab is missing", false},
		"no merges":      {func(_, m object) { delete(m, "merges") }, "model: merges are missing", false},
		"empty merges":   {set("merges", []string{}), "no merges: byte-level BPE needs them", false},
		"empty vocab":    {set("vocab", object{}), "model: vocab: no tokens", false},
		"vocab list":     {set("vocab", []int{1}), `vocab: offset`, false},
		"text id":        {set("vocab", object{"a": "1"}), `vocab: token "a": offset`, false},
		"fraction":       {set("vocab", object{"a": 1.5}), "an id that is not a whole number from 0 on", false},
		"negative":       {set("vocab", object{"a": -1}), "an id that is not a whole number from 0 on", false},
		"huge":           {set("vocab", object{"a": 1 << 40}), "id above 4194303", false},
		"same id":        {set("vocab", object{"a": 7, "b": 7}), "have the same id 7", false},
		"merge unknown":  {set("merges", []string{"a zz"}), `merge 0 of "a" and "zz": token "zz" is not in the vocabulary`, false},
		"merge of added": {set("merges", []string{"<tool> a"}), `token "<tool>" is not in the vocabulary`, false},
		"merge of one":   {set("merges", []string{"ab"}), `merges: merge 0 "ab": want two tokens with a space between`, false},
		"merge triple":   {set("merges", [][]string{{"a", "b", "c"}}), "merges: merge 0 has 3 tokens, want two", false},
		"merge number":   {set("merges", []int{1}), "merges: merge 0", false},
		"dropout":        {set("dropout", 0.1), "dropout 0.1: not understood", true},
		"dropout text":   {set("dropout", "x"), "model: dropout: json", false},
		"unk":            {set("unk_token", "a"), `unk_token "a": not understood`, true},
		"fuse":           {set("fuse_unk", true), "fuse_unk: not understood", true},
		"fallback":       {set("byte_fallback", true), "byte_fallback or fuse_unk: not understood", true},
		"prefix":         {set("continuing_subword_prefix", "##"), `continuing_subword_prefix "##"`, true},
		"WordPiece":      {set("type", "WordPiece"), `model "WordPiece": not understood; understood are BPE`, true},
		"added id":       {added(object{"id": 300, "content": "<x>"}), `added token "<x>" has id 300, and Hugging Face's library would number it 257`, false},
		"added known":    {added(object{"id": 3, "content": "a"}), `added token "a" has id 3, and Hugging Face's library would number it 97`, false},
		"added empty":    {added(object{"id": 257, "content": ""}), "added_tokens: token 0 of 1: content is empty", false},
		"added no id":    {added(object{"content": "<x>"}), "added_tokens: token 0 of 1: id or content is missing", false},
		"added text id":  {added(object{"id": "1", "content": "<x>"}), "added_tokens: json", false},
		"added twice":    {added(object{"id": 257, "content": "<x>"}, object{"id": 257, "content": "<x>"}), `added tokens 257 and 257 are both found by "<x>"`, false},
		"normaliser":     {func(f, _ object) { f["normalizer"] = object{"type": "Lowercase"} }, `normaliser: type "Lowercase": not understood; understood are NFC, Sequence`, true},
		"decoder":        {func(f, _ object) { f["decoder"] = object{"type": "WordPiece"} }, "understood is ByteLevel where the pre-tokenizer is", true},
		"no decoder":     {func(f, _ object) { f["decoder"] = nil }, "understood is ByteLevel where the pre-tokenizer is", true},
		"post":           {func(f, _ object) { f["post_processor"] = object{"type": "Magic"} }, `post-processor "Magic": not understood; understood are BertProcessing, ByteLevel`, true},
		"post id": {func(f, _ object) {
			f["post_processor"] = object{"type": "BertProcessing", "sep": []any{"a", 999}, "cls": []any{"a", 1}}
		}, "special token 999 is not in the vocabulary", false},
		"template": {func(f, _ object) { f["post_processor"] = object{"type": "TemplateProcessing", "single": []any{}} }, "sequence A 0 times, want once", false},
		"template token": {func(f, _ object) {
			f["post_processor"] = object{"type": "TemplateProcessing", "single": []any{object{"SpecialToken": object{"id": "x"}}}}
		}, `special token "x" is not among its special_tokens`, false},
		"pre unknown":      {pre(object{"type": "Sequence", "pretokenizers": []any{object{"type": "Whitespace"}, object{"type": "ByteLevel"}}}), `pre-tokenizer: Whitespace: type "Whitespace": not understood; understood are ByteLevel, Digits, Punctuation, Sequence, Split`, true},
		"pre two levels":   {pre(object{"type": "Sequence", "pretokenizers": []any{object{"type": "ByteLevel", "add_prefix_space": false}, object{"type": "ByteLevel", "add_prefix_space": false}}}), "2 ByteLevel, want 1", false},
		"regex":            {pre(split(object{"Regex": `\w+`}, "Isolated", false)), `Split: regular expression "\\w+": not understood; understood are those of gpt-2, llama 3, cl100k`, true},
		"string":           {pre(split(object{"String": " "}, "Isolated", false)), "pattern is not a Regex: not understood", true},
		"removed":          {pre(split(object{"Regex": regexLlama3}, "Removed", false)), `behavior "Removed", invert false: not understood`, true},
		"removed runs":     {pre(split(object{"Regex": `\p{L}+`}, "Removed", true)), `behavior "Removed", invert true: not understood`, true},
		"punctuation":      {pre(object{"type": "Sequence", "pretokenizers": []any{object{"type": "Punctuation"}, object{"type": "ByteLevel", "add_prefix_space": false}}}), `behavior "Isolated": not understood; understood are Contiguous`, true},
		"space after":      {pre(object{"type": "Sequence", "pretokenizers": []any{object{"type": "Digits"}, object{"type": "ByteLevel"}}}), "add_prefix_space behind other pre-tokenizers: not understood", true},
		"split after":      {pre(object{"type": "Sequence", "pretokenizers": []any{object{"type": "ByteLevel", "add_prefix_space": false}, object{"type": "Split", "pattern": object{"Regex": `\p{L}+`}, "behavior": "Isolated"}}}), "after ByteLevel: not understood", true},
		"sequence of text": {pre(object{"type": "Sequence", "pretokenizers": "ByteLevel"}), "", false},
	} {
		tok, err := ReadJSON(tinyJSON(t, tiny("gpt-2", "a b"), c.change))
		if err == nil {
			t.Errorf("%s: accepted as %s", name, tok.Name())
		} else if !strings.HasPrefix(err.Error(), "read tokenizer.json: ") || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrNotUnderstood) != c.notUnderstood {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestReadJSONSyntax(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "read tokenizer.json: the file is empty",
		" \n":                                 "read tokenizer.json: the file is empty",
		"[]":                                  `read tokenizer.json: offset 0: '[', want '{'`,
		"tokenizer":                           `read tokenizer.json: offset 0: 't', want '{'`,
		`{"model"`:                            "read tokenizer.json: offset 8: the text ends inside a value",
		`{"model": {"vocab": {"a": 1`:         "read tokenizer.json: model: offset 27: the text ends inside a value",
		`{"model": {"vocab": {"a\x": 1}}}`:    `read tokenizer.json: model: vocab: offset 25: \x in a string`,
		`{"model": {"vocab": {"\ud800": 1}}}`: "read tokenizer.json: model: vocab: offset 28: half a surrogate pair in a string",
		"{\"a\": \"\xFF\", \"model\": {\"vocab\": {\"\xFF\": 1}}}": "read tokenizer.json: model: vocab: offset 33: a string that is not UTF-8",
		"{} x":                        "read tokenizer.json: offset 3: text after the end",
		"{}":                          "read tokenizer.json: no model: this is not a tokenizer.json",
		strings.Repeat(`{"a":`, 2000): "nested deeper than 1000",
	} {
		if _, err := ReadJSON([]byte(text)); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
}
