package tokenizer

import (
	"encoding/json"
	"strings"
	"testing"
)

// tiny returns a byte-level vocabulary: a token for each byte, by byte; then one for each merge; then
// <|end|> (control), <tool> (user defined).
func tiny(pre string, merges ...string) Vocabulary {
	v := Vocabulary{Model: "gpt2", Pre: pre, BOS: -1, EOS: -1, EOT: -1, EOM: -1, Merges: merges}
	for _, r := range byteRunes {
		v.Tokens, v.Types = append(v.Tokens, string(r)), append(v.Types, typeNormal)
	}
	for _, m := range merges {
		v.Tokens, v.Types = append(v.Tokens, strings.ReplaceAll(m, " ", "")), append(v.Types, typeNormal)
	}
	v.EOS = int32(len(v.Tokens))
	v.Tokens = append(v.Tokens, "<|end|>", "<tool>")
	v.Types = append(v.Types, typeControl, typeUserDefined)
	return v
}

// tinyJSON returns the same as a tokenizer.json, as changed.
func tinyJSON(t testing.TB, v Vocabulary, change func(file, model map[string]any)) []byte {
	t.Helper()
	vocab := map[string]int{}
	added := []any{}
	for id, token := range v.Tokens {
		if v.Types[id] == typeNormal {
			vocab[token] = id
			continue
		}
		added = append(added, map[string]any{"id": id, "content": token, "single_word": false, "lstrip": false,
			"rstrip": false, "normalized": false, "special": v.Types[id] == typeControl})
	}
	level := map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}
	model := map[string]any{"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
		"end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": vocab, "merges": v.Merges}
	file := map[string]any{"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added, "normalizer": nil,
		"pre_tokenizer": level, "post_processor": level, "decoder": level, "model": model}
	if change != nil {
		change(file, model)
	}
	b, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustNew(t testing.TB, v Vocabulary) *Tokenizer {
	t.Helper()
	tok, err := New(v)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func mustRead(t testing.TB, b []byte) *Tokenizer {
	t.Helper()
	tok, err := ReadJSON(b)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}
