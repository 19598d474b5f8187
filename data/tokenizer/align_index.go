package tokenizer

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

const replacement = "\uFFFD"

// onWire returns bytes as they come out of JSON: each byte that is not UTF-8 is one U+FFFD.
func onWire(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		s.WriteRune(r)
		b = b[n:]
	}
	return s.String()
}

// sameOnWire reports whether bytes come out of JSON as piece.
func sameOnWire(b string, piece []byte) bool {
	for len(b) > 0 && len(piece) > 0 {
		r, n := utf8.DecodeRuneInString(b)
		p, k := utf8.DecodeRune(piece)
		if r != p {
			return false
		}
		b, piece = b[n:], piece[k:]
	}
	return len(b) == 0 && len(piece) == 0
}

// shortest returns the number of bytes that a piece stands for if each U+FFFD is one lost byte.
func shortest(piece []byte) int {
	return len(piece) - (len(replacement)-1)*bytes.Count(piece, []byte(replacement))
}

// goArchitectures are those that Ollama's Go engine can serve (model/models, v0.17.4).
var goArchitectures = []string{
	"deepseek2", "deepseekocr", "gemma2", "gemma3", "gemma3n", "glm4moelite", "glmocr", "gpt-oss", "gptoss", "lfm2", "lfm2moe", "llama", "llama4",
	"mistral3", "mllama", "nemotron_h", "nemotron_h_moe", "olmo3", "qwen2", "qwen25vl", "qwen3", "qwen35", "qwen35moe", "qwen3moe", "qwen3next",
	"qwen3vl", "qwen3vlmoe",
}

func goEngine(architecture string) bool {
	return architecture == "" || slices.Contains(goArchitectures, architecture)
}

// index lists every token under every form that an engine gives it.
func (a *Aligner) index(goEngine bool) {
	n := a.t.Size()
	a.entries = make([]entry, 0, n)
	a.byBytes = make(map[string]int32, n)
	a.byWire = map[string][]int32{}
	stands := byteLevelSpelling(a.t)
	for id := range int32(n) {
		piece, ok := a.t.Piece(id)
		if !ok {
			continue
		}
		forms := [][]byte{piece, bytes.TrimRight(piece, "\x00"), bytes.ReplaceAll(piece, []byte{0}, nil)}
		if spelling, _ := a.t.Token(id); goEngine && spelling == string(piece) && !ascii(piece) {
			forms = append(forms, []byte(strings.ReplaceAll(spelling, "\u2581", " ")))
			if stands {
				forms = append(forms, asByteLevel(spelling))
			}
		}
		for i, form := range forms {
			if !slices.ContainsFunc(forms[:i], func(f []byte) bool { return bytes.Equal(f, form) }) {
				a.add(id, form)
			}
		}
	}
}

func (a *Aligner) add(id int32, form []byte) {
	k := int32(len(a.entries))
	e := entry{id: id, next: -1, bytes: form}
	if first, ok := a.byBytes[string(form)]; ok {
		e.next = a.entries[first].next
		a.entries[first].next = k
	} else {
		a.byBytes[string(form)] = k
	}
	a.entries = append(a.entries, e)
	if wire := onWire(form); strings.Contains(wire, replacement) {
		a.byWire[wire] = append(a.byWire[wire], k)
	}
}

// chain returns the entries with the same bytes as the first of them.
func (a *Aligner) chain(first int32) []int32 {
	var same []int32
	for k := first; k >= 0; k = a.entries[k].next {
		same = append(same, k)
	}
	return same
}

// byteLevelSpelling reports whether normal tokens are spelled with printable stand-ins for bytes.
func byteLevelSpelling(t *Tokenizer) bool {
	for _, stand := range []string{"\u0120", "\u010A", "\u0109"} { // space, line feed, tab
		if id, ok := t.ID(stand); ok {
			piece, _ := t.Piece(id)
			return len(piece) == 1
		}
	}
	return false
}

// asByteLevel returns what the Go engine makes of a special token that is spelled outside of ASCII:
// it takes the spelling for stand-ins.
func asByteLevel(spelling string) []byte {
	var b []byte
	for _, r := range spelling {
		switch {
		case r == 0x100:
			continue
		case r == 0x143:
			r = 0xAD
		case r > 0x100 && r <= 0x120:
			r -= 0x100
		case r > 0x120 && r <= 0x142:
			r -= 0xA2
		}
		b = append(b, byte(r))
	}
	return b
}

func ascii(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
}

// ownSplit is the tokenizer's split of a text, made when it is first asked for.
type ownSplit struct {
	t    *Tokenizer
	text string
	done bool
	at   map[int]int32 // by offset: the token that begins there; empty where the split is not of these bytes
}

// id returns the token that the tokenizer itself puts at a place of the text. False: none there.
func (s *ownSplit) id(at, n int) (int32, bool) {
	if at < 0 {
		return 0, false
	}
	if !s.done {
		s.done, s.at = true, map[int]int32{}
		ids := s.t.Encode(s.text, Options{})
		whole := make([]byte, 0, len(s.text)+1)
		for _, id := range ids {
			piece, _ := s.t.Piece(id)
			whole = append(whole, piece...)
		}
		offset := 0
		switch { // SentencePiece puts a space before the text
		case string(whole) == " "+s.text:
			offset = -1
		case string(whole) != s.text:
			return 0, false
		}
		for _, id := range ids {
			piece, _ := s.t.Piece(id)
			s.at[offset] = id
			offset += len(piece)
		}
	}
	id, ok := s.at[at]
	if !ok {
		return 0, false
	}
	piece, _ := s.t.Piece(id)
	return id, len(piece) == n
}

// prefer chooses one of several tokens with the same bytes: the tokenizer's own at this place, else
// one that is neither special nor a stand-in for a byte, else the lowest.
func (a *Aligner) prefer(candidates []int32, split *ownSplit, at, n int) int32 {
	own, ok := split.id(at, n)
	rank := func(id int32) int {
		spelling, _ := a.t.Token(id)
		switch {
		case ok && id == own:
			return 0
		case a.t.Special(id):
			return 3
		case len(spelling) == 6 && strings.HasPrefix(spelling, "<0x"):
			return 2
		}
		return 1
	}
	best := a.entries[candidates[0]].id
	for _, k := range candidates[1:] {
		if id := a.entries[k].id; rank(id) < rank(best) || rank(id) == rank(best) && id < best {
			best = id
		}
	}
	return best
}
