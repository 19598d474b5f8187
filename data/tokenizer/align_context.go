package tokenizer

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// EncodeContext returns the ids that an Ollama makes of a context, addSpecial as in Options, and why they may be
// others, be they as many or not. "": no reason is known. Unlike Encode it leaves text that is not in
// NFC as it is, as both of Ollama's engines do, and finds added tokens as the engine does that
// serves the model's architecture.
func (a *Aligner) EncodeContext(text string, addSpecial bool) (ids []int32, doubt string) {
	ids, doubt = a.t.Encode(text, Options{AddSpecial: addSpecial, Raw: true}), a.engineDoubt(text)
	if !a.goEngine {
		return ids, doubt
	}
	own := a.encodeGo(text, addSpecial)
	if a.goOnly {
		return own, doubt
	}
	if doubt == "" && !slices.Equal(ids, own) {
		doubt = "the context holds added tokens, or is a token, that Ollama's own engine takes otherwise than llama.cpp"
	}
	return ids, doubt
}

// engineDoubt says why the ids of a text that is taken as it is may be others.
func (a *Aligner) engineDoubt(text string) string {
	if isASCII(text) && a.prefixed == "" {
		return ""
	}
	if a.prefixed != "" {
		return a.prefixed
	}
	if a.goEngine {
		for _, r := range text {
			if r >= 0x80 && unicode.IsSpace(r) {
				return fmt.Sprintf("the context has the white space %U, which Ollama's own engine takes for none", r)
			}
		}
	}
	if a.marks {
		for _, r := range text {
			if r >= 0x80 && unicode.IsLetter(r) && (unicode.IsUpper(r) || unicode.IsLower(r)) || unicode.IsMark(r) {
				return fmt.Sprintf("the context has %U, which llama.cpp's splitter of this vocabulary takes for another kind of character", r)
			}
		}
	}
	return ""
}

// doubts notes what of a model's contexts is in doubt.
func (a *Aligner) doubts(architecture string) {
	a.goEngine, a.goOnly = goEngine(architecture), slices.Contains(goOnly, architecture)
	for _, pre := range []string{"/gpt-4o", "/llama4", "/tekken"} {
		a.marks = a.marks || strings.Contains(a.t.Name(), pre)
	}
	if steps, ok := a.t.normalizer.(normalizers); ok && a.goEngine {
		for _, s := range steps {
			if _, ok := s.(prepend); ok {
				a.prefixed = "the model's tokenizer puts a space before the text: llama.cpp does so, and Ollama's own engine does not"
			}
		}
	}
}
