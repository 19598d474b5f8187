package tokenizer

import (
	"slices"
	"strings"
)

// goOnly are the architectures that no other engine of Ollama serves (fs/ggml/ggml.go, v0.17.4,
// OllamaEngineRequired).
var goOnly = []string{
	"bert", "deepseek2", "deepseekocr", "gemma3", "gemma3n", "gptoss", "gpt-oss", "glm4moelite", "glmocr", "lfm2", "lfm2moe", "llama4", "mistral3", "mllama",
	"nemotron_h", "nemotron_h_moe", "nomic-bert", "olmo3", "qwen25vl", "qwen3", "qwen3moe", "qwen35", "qwen35moe", "qwen3next", "qwen3vl", "qwen3vlmoe",
}

// encodeGo returns the ids that Ollama's own engine makes of a text: it looks for added tokens one after the
// other in the order of their ids, wherever they are, and in SentencePiece vocabularies takes a stretch between
// them that is a token for that token (tokenizer/bytepairencoding.go, sentencepiece.go Encode).
func (a *Aligner) encodeGo(text string, addSpecial bool) []int32 {
	stretches := []stretch{{text: text, id: -1}}
	for _, added := range a.t.raw.within(text) {
		for i := 0; i < len(stretches); i++ {
			s := stretches[i].text
			at := strings.Index(s, added.content)
			if stretches[i].id >= 0 || at < 0 {
				continue
			}
			parts := []stretch{{text: s[:at], id: -1}, {text: added.content, id: added.id}, {text: s[at+len(added.content):], id: -1}}
			parts = slices.DeleteFunc(parts, func(p stretch) bool { return p.text == "" })
			stretches = slices.Replace(stretches, i, i+1, parts...)
		}
	}
	var ids []int32
	if addSpecial {
		ids = append(ids, a.t.prefix...)
	}
	_, scored := a.t.model.(*spaced)
	for _, s := range stretches {
		if scored && s.id < 0 {
			if id, ok := a.t.ids[strings.ReplaceAll(s.text, " ", metaspace)]; ok {
				s.id = id
			}
		}
		if s.id >= 0 {
			ids = append(ids, s.id)
		} else {
			ids = append(ids, a.t.Encode(s.text, Options{Raw: true, Plain: true})...)
		}
	}
	if addSpecial {
		ids = append(ids, a.t.suffix...)
	}
	return ids
}

// stretch is a part of a text: an added token, or what is between (id -1).
type stretch struct {
	text string
	id   int32
}

// within returns the added tokens that lie anywhere in a text, overlapping or not, by id.
func (m *matcher) within(text string) []addedToken {
	if m == nil {
		return nil
	}
	found := map[int32]bool{}
	for i := range len(text) {
		if !m.first[text[i]] {
			continue
		}
		for at, j := int32(0), i; j < len(text); j++ {
			if at = m.nodes[at].follow(text[j]); at < 0 {
				break
			}
			if k := m.nodes[at].token; k >= 0 {
				found[k] = true
			}
		}
	}
	var all []addedToken
	for k := range found {
		all = append(all, m.tokens[k])
	}
	slices.SortFunc(all, func(a, b addedToken) int { return int(a.id) - int(b.id) })
	return all
}
