package tokenizer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mulligan/data/tokenizer"
)

// Types of tokens in GGUF files.
const (
	tokNormal  = 1
	tokUnknown = 2
	tokControl = 3
	tokByte    = 6
)

// alignVocabulary is a byte-level vocabulary of the 256 bytes (ids 0 to 255), then merges of two
// tokens each, then control tokens.
func alignVocabulary(merged [][2]string, control ...string) tokenizer.Vocabulary {
	v := tokenizer.Vocabulary{Model: "gpt2", Pre: "gpt-2", BOS: -1, EOS: -1, EOT: -1, EOM: -1}
	for b := range 256 {
		v.Tokens = append(v.Tokens, standIn([]byte{byte(b)}))
	}
	for _, m := range merged {
		l, r := standIn([]byte(m[0])), standIn([]byte(m[1]))
		v.Tokens = append(v.Tokens, l+r)
		v.Merges = append(v.Merges, l+" "+r)
	}
	for range v.Tokens {
		v.Types = append(v.Types, tokNormal)
	}
	for _, c := range control {
		v.Tokens, v.Types = append(v.Tokens, c), append(v.Types, tokControl)
	}
	return v
}

// standIn spells bytes as byte-level vocabularies do.
func standIn(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		switch r := rune(c); {
		case c == 0xAD:
			s.WriteRune(0x143)
		case c <= 0x20:
			s.WriteRune(0x100 + r)
		case c >= 0x7F && c <= 0xA0:
			s.WriteRune(0xA2 + r)
		default:
			s.WriteRune(r)
		}
	}
	return s.String()
}

const (
	idHello = 256 + iota // "he"
	idSpaceE4
	idSpaceE4B8
	idStopN // "\n\n"
	idReal  // U+FFFD
	idEnd
	idStart
)

func aligner(t testing.TB, change func(*tokenizer.Vocabulary), end int32) *tokenizer.Aligner {
	t.Helper()
	v := alignVocabulary([][2]string{{"h", "e"}, {" ", "\xE4"}, {" \xE4", "\xB8"}, {"\n", "\n"}, {"\xEF\xBF", "\xBD"}}, "<|e|>", "<|s|>")
	v.EOS = idEnd
	v.Tokens[idReal] = standIn([]byte("\uFFFD"))
	v.Merges = v.Merges[:4]
	if change != nil {
		change(&v)
	}
	tok, err := tokenizer.New(v)
	if err != nil {
		t.Fatal(err)
	}
	a, err := tokenizer.NewAligner(tok, tokenizer.AlignerOptions{End: end})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func wirePieces(s ...string) [][]byte {
	var p [][]byte
	for _, x := range s {
		p = append(p, []byte(x))
	}
	return p
}

const bad = "\uFFFD"

func TestAlign(t *testing.T) {
	more := func(v *tokenizer.Vocabulary) { // a second end token
		v.Tokens, v.Types = append(v.Tokens, "<|endoftext|>"), append(v.Types, tokControl)
	}
	for _, c := range []struct {
		name   string
		change func(*tokenizer.Vocabulary)
		hint   int32
		r      tokenizer.Reply
		ids    []int32
		source tokenizer.Certainty
		end    tokenizer.TurnEnd
		err    string
	}{
		{name: "plain text, one end token", r: tokenizer.Reply{Pieces: wirePieces("he", "y"), Text: "hey", Count: 3, Ended: true},
			ids: []int32{idHello, 'y', idEnd}, source: tokenizer.Aligned, end: tokenizer.EndInferred},
		{name: "cut by length", r: tokenizer.Reply{Pieces: wirePieces("he", "y"), Text: "hey", Count: 2},
			ids: []int32{idHello, 'y'}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "nothing but the end", r: tokenizer.Reply{Count: 1, Ended: true}, ids: []int32{idEnd}, source: tokenizer.Aligned, end: tokenizer.EndInferred},
		{name: "nothing at all", r: tokenizer.Reply{}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "two end tokens, none named", change: more, hint: -1, r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 2, Ended: true},
			ids: []int32{'y'}, source: tokenizer.Aligned, end: tokenizer.EndMissing},
		{name: "two end tokens, one named", change: more, hint: idEnd, r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 2, Ended: true},
			ids: []int32{'y', idEnd}, source: tokenizer.Aligned, end: tokenizer.EndAssumed},
		{name: "the named one ends no turn", change: more, hint: idStart, r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 2, Ended: true},
			ids: []int32{'y'}, source: tokenizer.Aligned, end: tokenizer.EndMissing},
		{name: "a character over three tokens", r: tokenizer.Reply{Pieces: wirePieces(bad, bad, bad), Text: "中", Count: 4, Ended: true},
			ids: []int32{0xE4, 0xB8, 0xAD, idEnd}, source: tokenizer.Aligned, end: tokenizer.EndInferred},
		{name: "a space with two bytes of a character", r: tokenizer.Reply{Pieces: wirePieces("y", " "+bad+bad, bad, "!"), Text: "y 中!", Count: 4},
			ids: []int32{'y', idSpaceE4B8, 0xAD, '!'}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "one token that is U+FFFD", r: tokenizer.Reply{Pieces: wirePieces("y", bad), Text: "y" + bad, Count: 2},
			ids: []int32{'y', idReal}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "three bytes that are U+FFFD", r: tokenizer.Reply{Pieces: wirePieces(bad, bad, bad), Text: bad, Count: 3},
			ids: []int32{0xEF, 0xBF, 0xBD}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "U+FFFD beside a character", r: tokenizer.Reply{Pieces: wirePieces(bad, bad, bad, bad), Text: "中" + bad, Count: 4},
			ids: []int32{0xE4, 0xB8, 0xAD, idReal}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "cut inside a character, one token looks so", r: tokenizer.Reply{Pieces: wirePieces("y", " "+bad+bad), Text: "y ", Count: 2},
			ids: []int32{'y', idSpaceE4B8}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "cut inside a character, its pieces lost", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 3},
			err: "the engine counted 3 tokens and returned 1 pieces"},
		{name: "cut inside a character, two tokens look so", r: tokenizer.Reply{Pieces: wirePieces("y", " "+bad), Text: "y ", Count: 2},
			change: func(v *tokenizer.Vocabulary) {
				v.Tokens, v.Types = append(v.Tokens, standIn([]byte(" \xE3"))), append(v.Types, tokNormal)
			},
			err: `align piece 2 of 2, " ` + bad + `": the engine dropped its bytes from the text, and 2 tokens look like it`},
		{name: "text behind an invalid byte is dropped", r: tokenizer.Reply{Pieces: wirePieces(" "+bad+bad, "he", "y"), Text: " y", Count: 3},
			ids: []int32{idSpaceE4B8, idHello, 'y'}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "stop string of one ordinary token, or the end", hint: idEnd, r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 2, Ended: true, Stops: []string{"\n\n"}},
			ids: []int32{'y'}, source: tokenizer.Aligned, end: tokenizer.EndMissing},
		{name: "stop string of one special token, or the end", hint: -1, r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 2, Ended: true, Stops: []string{"<|s|>"}},
			ids: []int32{'y'}, source: tokenizer.Aligned, end: tokenizer.EndMissing},
		{name: "the same, the end named", hint: idEnd, r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 2, Ended: true, Stops: []string{"<|s|>"}},
			ids: []int32{'y', idEnd}, source: tokenizer.Aligned, end: tokenizer.EndAssumed},
		{name: "stop string that is the end token", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 2, Ended: true, Stops: []string{"<|e|>"}},
			ids: []int32{'y', idEnd}, source: tokenizer.Aligned, end: tokenizer.EndInferred},
		{name: "stop string that no token begins with", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 2, Ended: true, Stops: []string{"END"}},
			ids: []int32{'y', idEnd}, source: tokenizer.Aligned, end: tokenizer.EndInferred},
		{name: "stop string in three tokens", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 4, Ended: true, Stops: []string{"END"}},
			ids: []int32{'y'}, source: tokenizer.Retokenized, end: tokenizer.EndMissing},
		{name: "stop string in more tokens than it needs", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 3, Ended: true, Stops: []string{"\n\n"}},
			ids: []int32{'y'}, source: tokenizer.Retokenized, end: tokenizer.EndMissing},
		{name: "stop string inside the last piece", r: tokenizer.Reply{Pieces: wirePieces("y", "he"), Text: "yh", Count: 2, Ended: true, Stops: []string{"e"}},
			ids: []int32{'y', idHello}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "stop string begins inside the last piece", r: tokenizer.Reply{Pieces: wirePieces("y", "he"), Text: "yh", Count: 3, Ended: true, Stops: []string{"ey"}},
			ids: []int32{'y', idHello}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "the last piece is cut by nothing", r: tokenizer.Reply{Pieces: wirePieces("y", "he"), Text: "yh", Count: 3, Ended: true, Stops: []string{"zz"}},
			err: `align piece 2 of 2, "he": the text of 2 bytes does not go on so`},
		{name: "counted as returned, ended", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 1, Ended: true, Stops: []string{"e"}},
			ids: []int32{'y'}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "two more than returned", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 3, Ended: true},
			err: "the engine counted 3 tokens and returned 1 pieces: an end token is one more"},
		{name: "more pieces than tokens", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: 0}, err: "more pieces than tokens"},
		{name: "not counted, ended", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: -1, Ended: true},
			ids: []int32{'y', idEnd}, source: tokenizer.Retokenized, end: tokenizer.EndInferred},
		{name: "not counted, cut", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "y", Count: -1}, ids: []int32{'y'}, source: tokenizer.Retokenized, end: tokenizer.EndNone},
		{name: "text that no piece holds", r: tokenizer.Reply{Pieces: wirePieces("y"), Text: "yes", Count: 1},
			err: "align 1 pieces: they end at byte 1 of a text of 3"},
		{name: "a piece of another vocabulary", r: tokenizer.Reply{Pieces: wirePieces("y", "hey"), Text: "yhey", Count: 2},
			err: `align piece 2 of 2, "hey": no token of`},
		{name: "a parser took tags and space", r: tokenizer.Reply{Pieces: wirePieces("<", ">", "\n\n", " "+bad+bad, bad, "he", "<", ">"), Text: "中he", Parsed: true, Count: 8},
			ids: []int32{'<', '>', idStopN, idSpaceE4B8, 0xAD, idHello, '<', '>'}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "a parser took tags", r: tokenizer.Reply{Pieces: wirePieces("<", ">", "\n\n", bad, bad, bad, "he", "<", ">"), Text: "中he", Parsed: true, Count: 9},
			ids: []int32{'<', '>', idStopN, 0xE4, 0xB8, 0xAD, idHello, '<', '>'}, source: tokenizer.Aligned, end: tokenizer.EndNone},
		{name: "a parser took a character", r: tokenizer.Reply{Pieces: wirePieces("<", bad, bad, bad, ">"), Parsed: true, Count: 5},
			err: "the engine dropped its bytes from the text, and 1"},
		{name: "a NUL that the engine dropped", r: tokenizer.Reply{Pieces: wirePieces("y", "", "y"), Text: "yy", Count: 3},
			ids: []int32{'y', 0, 'y'}, source: tokenizer.Aligned, end: tokenizer.EndNone},
	} {
		hint := c.hint
		if hint == 0 {
			hint = -1
		}
		got, err := aligner(t, c.change, hint).Align(c.r)
		if c.err != "" {
			if _, ok := errors.AsType[*tokenizer.AlignError](err); !ok || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want one that says %q", c.name, err, c.err)
			}
			continue
		}
		if err != nil || !slices.Equal(got.IDs, c.ids) || got.Source != c.source || got.End != c.end {
			t.Errorf("%s: %v %+v, want %v %s %s", c.name, err, got, c.ids, c.source, c.end)
		}
	}
}

func TestClosers(t *testing.T) {
	a := aligner(t, nil, -1)
	for _, c := range []struct {
		stops []string
		want  []int32
		only  bool
	}{
		{nil, []int32{idEnd}, true},
		{[]string{"<|e|>", ""}, []int32{idEnd}, false}, // any token holds nothing
		{[]string{"|s"}, []int32{idEnd}, false},        // lies inside a special token
		{[]string{"<|e|>", "<|s|>"}, []int32{idEnd, idStart}, true},
		{[]string{"<|s"}, []int32{idEnd, idStart}, true}, // begins a special token
		{[]string{"<|s|>", "\n\n"}, []int32{idEnd, idStart}, false},
		{[]string{"END"}, []int32{idEnd}, true}, // no token begins with it
	} {
		if got, only := a.Closers(c.stops); !slices.Equal(got, c.want) || only != c.only {
			t.Errorf("%q: %v %v, want %v %v", c.stops, got, only, c.want, c.only)
		}
	}
}

// A byte that is also a token of its own: the text does not tell which it was.
func TestAlignSentencePiece(t *testing.T) {
	v := tokenizer.Vocabulary{Model: "llama", BOS: 1, EOS: 2, EOT: -1, EOM: -1, AddBOS: true, AddSpacePrefix: true,
		Tokens: []string{"<unk>", "<s>", "</s>"}, Types: []int32{tokUnknown, tokControl, tokControl}}
	for b := range 256 {
		v.Tokens, v.Types = append(v.Tokens, fmt.Sprintf("<0x%02X>", b)), append(v.Types, tokByte)
	}
	for _, token := range []string{"A", "\u2581", "\u2581A", "é", "\u2581\u2581"} {
		v.Tokens, v.Types = append(v.Tokens, token), append(v.Types, tokNormal)
	}
	v.Scores = make([]float32, len(v.Tokens))
	for i := range v.Scores {
		v.Scores[i] = -float32(i)
	}
	tok, err := tokenizer.New(v)
	if err != nil {
		t.Fatal(err)
	}
	a, err := tokenizer.NewAligner(tok, tokenizer.AlignerOptions{End: -1})
	if err != nil {
		t.Fatal(err)
	}
	const idA, idSpaceA, idE = 259, 261, 262
	for _, c := range []struct {
		r       tokenizer.Reply
		ids     []int32
		source  tokenizer.Certainty
		decided []int
	}{
		{tokenizer.Reply{Pieces: wirePieces(" A", "é", bad, bad, bad), Text: " Aé中", Count: 6, Ended: true}, []int32{idSpaceA, idE, 3 + 0xE4, 3 + 0xB8, 3 + 0xAD, 2}, tokenizer.Aligned, nil},
		{tokenizer.Reply{Pieces: wirePieces(" A", "A"), Text: " AA", Count: 2}, []int32{idSpaceA, idA}, tokenizer.Retokenized, []int{1}},
		{tokenizer.Reply{Pieces: wirePieces(" A", "\n"), Text: " A\n", Count: 2}, []int32{idSpaceA, 3 + '\n'}, tokenizer.Aligned, nil},
		{tokenizer.Reply{Pieces: wirePieces("A", bad, bad, "A"), Text: "A\u00e8A", Count: 4}, []int32{idA, 3 + 0xC3, 3 + 0xA8, idA}, tokenizer.Retokenized, []int{0, 3}},
	} {
		got, err := a.Align(c.r)
		if err != nil || !slices.Equal(got.IDs, c.ids) || got.Source != c.source || !slices.Equal(got.Decided, c.decided) {
			t.Errorf("%q: %v %+v, want %v %s %v", c.r.Text, err, got, c.ids, c.source, c.decided)
		}
	}
}

// The Go engine takes the spelling of an added token for stand-ins: U+FF0B comes out as a byte 0x0B.
func TestAlignArchitecture(t *testing.T) {
	v := alignVocabulary([][2]string{{"h", "e"}})
	v.Tokens, v.Types = append(v.Tokens, "\uFF0B"), append(v.Types, 4)
	tok, err := tokenizer.New(v)
	if err != nil {
		t.Fatal(err)
	}
	for architecture, want := range map[string]tokenizer.Certainty{"": tokenizer.Retokenized, "qwen2": tokenizer.Retokenized, "command-r": tokenizer.Aligned} {
		a, err := tokenizer.NewAligner(tok, tokenizer.AlignerOptions{End: -1, Architecture: architecture})
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Align(tokenizer.Reply{Pieces: wirePieces("\v", "\uFF0B"), Text: "\v\uFF0B", Count: 2})
		if err != nil || !slices.Equal(got.IDs, []int32{0x0B, 257}) || got.Source != want {
			t.Errorf("%q: %v %+v, want %s", architecture, err, got, want)
		}
	}
}
