package tokenizer

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change        func(v *Vocabulary)
		want          string
		notUnderstood bool
	}{
		"empty":            {func(v *Vocabulary) { *v = Vocabulary{Model: "gpt2"} }, `read vocabulary "gpt2": no tokens`, false},
		"model":            {func(v *Vocabulary) { v.Model = "t5" }, `model "t5": not understood; understood are gpt2 (byte-level BPE) and llama (SentencePiece)`, true},
		"pre":              {func(v *Vocabulary) { v.Pre = "kimi-k2" }, `pre-tokenizer "kimi-k2": not understood; understood are command-r, dbrx, deepseek-coder`, true},
		"no pre":           {func(v *Vocabulary) { v.Pre = "" }, `pre-tokenizer "": not understood`, true},
		"types":            {func(v *Vocabulary) { v.Types = v.Types[1:] }, "259 tokens and 258 types, want as many", false},
		"type":             {func(v *Vocabulary) { v.Types[3] = 7 }, "token 3 has type 7, allowed are 1 to 6", false},
		"no merges":        {func(v *Vocabulary) { v.Merges = nil }, "no merges: byte-level BPE needs them", false},
		"merge of one":     {func(v *Vocabulary) { v.Merges[0] = "ab" }, "merge 0: want two tokens with a space between", false},
		"merge of three":   {func(v *Vocabulary) { v.Merges[0] = "a b c" }, "merge 0: want two tokens with a space between", false},
		"merge left":       {func(v *Vocabulary) { v.Merges[0] = "zz b" }, `merge 0 of "zz" and "b": token "zz" is not in the vocabulary`, false},
		"merge right":      {func(v *Vocabulary) { v.Merges[0] = "a zz" }, `merge 0 of "a" and "zz": token "zz" is not in the vocabulary`, false},
		"merge result":     {func(v *Vocabulary) { v.Merges[0] = "a z" }, `merge 0 of "a" and "z": token "az" is not in the vocabulary`, false},
		"twice":            {func(v *Vocabulary) { v.Tokens[9] = "ab" }, `token "ab" is there twice, as 9 and 256`, false},
		"BOS":              {func(v *Vocabulary) { v.BOS = 259 }, "BOS is token 259, outside of 259 tokens", false},
		"EOT":              {func(v *Vocabulary) { v.EOT = -2 }, "EOT is token -2, outside of 259 tokens", false},
		"ends":             {func(v *Vocabulary) { v.Ends = []int32{2, 999} }, "end token 999 is outside of 259 tokens", false},
		"AddBOS":           {func(v *Vocabulary) { v.AddBOS = true }, "BOS is to be added, and there is none", false},
		"AddEOS":           {func(v *Vocabulary) { v.AddEOS, v.EOS = true, -1 }, "EOS is to be added, and there is none", false},
		"BOS of no token":  {func(v *Vocabulary) { v.BOS, v.AddBOS, v.Tokens[4] = 4, true, "" }, "special token 4 is not in the vocabulary", false},
		"scores of llama":  {func(v *Vocabulary) { v.Model, v.Scores = "llama", make([]float32, 3) }, "259 tokens and 3 scores, want as many", false},
		"two of one added": {func(v *Vocabulary) { v.Types[256] = typeControl; v.Tokens[3] = "x<"; v.Tokens[256] = "<|end|>" }, `token "<|end|>" is there twice, as 256 and 257`, false},
	} {
		v := tiny("gpt-2", "a b")
		c.change(&v)
		tok, err := New(v)
		if err == nil {
			t.Errorf("%s: accepted as %s", name, tok.Name())
		} else if !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrNotUnderstood) != c.notUnderstood {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestNewLeavesArguments: what is made of a vocabulary does not change it.
func TestNewLeavesArguments(t *testing.T) {
	v := tiny("gpt-2", "a b")
	tokens, types, merges := slices.Clone(v.Tokens), slices.Clone(v.Types), slices.Clone(v.Merges)
	mustNew(t, v).Encode("abc<|end|>", Options{})
	if !slices.Equal(v.Tokens, tokens) || !slices.Equal(v.Types, types) || !slices.Equal(v.Merges, merges) {
		t.Error("the vocabulary has changed")
	}
}

// TestPreTokenizers makes a tokenizer of each name, so that a wrong regular expression is found.
func TestPreTokenizers(t *testing.T) {
	for _, name := range knownPreTokenizers() {
		v := tiny(name, "a b")
		tok, err := New(v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text := "Hello's 1234 \n\n 字かな\u3000x"
		got, err := tok.Decode(tok.Encode(text, Options{}))
		if err != nil || string(got) != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
