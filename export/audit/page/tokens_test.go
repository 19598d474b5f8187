package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"mulligan/data"
)

func piecesOf(all ...string) []data.Piece {
	out := []data.Piece{}
	for _, s := range all {
		out = append(out, data.Piece{Bytes: []byte(s)})
	}
	return out
}

func TestAlign(t *testing.T) {
	for _, c := range []struct {
		text   string
		pieces []data.Piece
		want   string
	}{
		{"a b", piecesOf("a", " b"), "[1 2] true"},
		{"", piecesOf(), "[] true"},
		{"", nil, "[] false"},
		{"a", piecesOf("a", ""), "[1 0] true"},
		{"é", []data.Piece{{Bytes: []byte{0xc3}}, {Bytes: []byte{0xa9}}}, "[1 1] true"}, // an engine that returns bytes
		{"🙂!", piecesOf("\ufffd", "\ufffd", "!"), "[4 0 1] true"},
		{"🙂", piecesOf("\ufffd\ufffd"), "[4] true"},
		{"x🙂", piecesOf("x", "\ufffd"), "[1 4] true"},
		{"🙂é", piecesOf("\ufffd", "é"), "[] false"}, // where the smile ends cannot be told
		{"ab", piecesOf("a"), "[1] false"},
		{"a", piecesOf("a", "b"), "[] false"},
		{"a", piecesOf("\ufffd", "a"), "[] false"},
		{"a", piecesOf("a", "\ufffd"), "[] false"},
		{"<x>", piecesOf("think", "<x>"), "[] false"},
	} {
		cuts, ok := align(c.text, c.pieces)
		if got := fmt.Sprint(cuts, ok); got != c.want {
			t.Errorf("align %q with %v: %s, want %s", c.text, c.pieces, got, c.want)
		}
	}
}

func FuzzAlign(f *testing.F) {
	f.Add("a🙂b", []byte("a\x00\xef\xbf\xbd\x00\xef\xbf\xbd\x00b"))
	f.Add("é", []byte("\xc3\x00\xa9"))
	f.Fuzz(func(t *testing.T, text string, split []byte) {
		var pieces []data.Piece
		for _, b := range bytes.Split(split, []byte{0}) {
			pieces = append(pieces, data.Piece{Bytes: b})
		}
		cuts, ok := align(text, pieces)
		if !ok {
			return
		}
		sum, at := 0, 0
		for i, n := range cuts {
			if n < 0 {
				t.Fatalf("piece %d stands for %d bytes", i, n)
			}
			if sum += n; !broken(pieces[i].Bytes) && text[at:at+n] != string(pieces[i].Bytes) {
				t.Fatalf("piece %d is %q, and stands for %q", i, pieces[i].Bytes, text[at:at+n])
			}
			at += n
		}
		if len(cuts) != len(pieces) || sum != len(text) {
			t.Fatalf("%v stand for %d of %d bytes", cuts, sum, len(text))
		}
	})
}

func TestTokensOfDraw(t *testing.T) {
	pieces := []data.Piece{{Bytes: []byte("a"), Logprob: -1}, {Bytes: []byte("b"), Logprob: -2.34567}}
	ids := func(ids ...int32) *data.Tokens { return &data.Tokens{IDs: ids, Source: data.TokensAligned} }
	for name, c := range map[string]struct {
		text string
		draw data.Draw
		want string
	}{
		"nothing":      {"ab", data.Draw{}, `null`},
		"pieces":       {"ab", data.Draw{Pieces: pieces}, `{"n":[1,1],"l":[-1,-2.35]}`},
		"ids":          {"ab", data.Draw{Pieces: pieces, Tokens: ids(7, 8)}, `{"n":[1,1],"i":[7,8],"l":[-1,-2.35]}`},
		"an end":       {"ab", data.Draw{Pieces: pieces, Tokens: ids(7, 8, 0)}, `{"n":[1,1],"i":[7,8,0],"l":[-1,-2.35]}`},
		"ids alone":    {"ab", data.Draw{Tokens: ids(7)}, `{"i":[7]}`},
		"not pairs":    {"ab", data.Draw{Pieces: pieces, Tokens: ids(7)}, `{"n":[1,1],"u":[7],"l":[-1,-2.35]}`},
		"other text":   {"c", data.Draw{Pieces: pieces}, `{"n":[1,1],"raw":"YWI=","l":[-1,-2.35]}`},
		"empty pieces": {"c", data.Draw{Pieces: piecesOf("", "")}, `{"n":[0,0],"raw":"","l":[0,0]}`},
		"of the ids": {"ab", data.Draw{Pieces: pieces, Tokens: &data.Tokens{IDs: []int32{7, 8, 9}, Logprobs: []float32{-0.5, data.Unknown(), float32(math.Inf(-1))}}},
			`{"n":[1,1],"i":[7,8,9],"l":[-0.5,null,"-Inf"]}`},
	} {
		b, err := json.Marshal(tokensOfDraw(c.text, &c.draw))
		if err != nil || string(b) != c.want {
			t.Errorf("%s: %s %v, want %s", name, b, err, c.want)
		}
	}
}

func TestFormats(t *testing.T) {
	for got, want := range map[string]string{
		thousands(0): "0", thousands(999): "999", thousands(1000): "1,000", thousands(-1234567): "-1,234,567",
		percent(0.12345): "12.3%", points(0.1): "+10.0", points(-0.1): "−10.0", points(0.0001): "0.0",
		at(1.5): "100.000%", at(-1): "0.000%",
		visible("a\u202eb\x00\n\té"): "a‹U+202E›b‹U+0000›\n\té", visible("👩\u200d💻"): "👩\u200d💻",
		signed(-5): "−5", signed(0): "0", signed(2.5): "+2.5",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
