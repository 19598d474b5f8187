package page

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"

	"mulligan/data"
)

// tokens are the tokens of one sampled turn. Cuts are the lengths in UTF-8 bytes of the pieces of the
// turn's text, or of Raw where the pieces do not make up the text; an id behind the last piece is a
// token that the engine did not show.
type tokens struct {
	Cuts     []int    `json:"n,omitempty"`   // len M; nil: the engine showed no pieces
	Raw      *string  `json:"raw,omitempty"` // base64 of the pieces; nil: they make up the text
	IDs      []int32  `json:"i,omitempty"`   // len M or M+1; nil: not known
	Unpaired []int32  `json:"u,omitempty"`   // ids of which it is not known which piece is which
	Logprobs logprobs `json:"l,omitempty"`   // of IDs, or else of the pieces
}

func tokensOf(all []data.Turn) []*tokens {
	out := make([]*tokens, len(all))
	for i, t := range all {
		if t.Draw != nil && t.Sampled {
			out[i] = tokensOfDraw(t.Content, t.Draw)
		}
	}
	return out
}

func tokensOfDraw(text string, d *data.Draw) *tokens {
	if d.Pieces == nil && d.Tokens == nil {
		return nil
	}
	out := &tokens{Logprobs: logprobsOf(d)}
	if cuts, ok := align(text, d.Pieces); ok {
		out.Cuts = cuts
	} else if d.Pieces != nil {
		var raw bytes.Buffer
		for _, p := range d.Pieces {
			raw.Write(p.Bytes)
			out.Cuts = append(out.Cuts, len(p.Bytes))
		}
		text := base64.StdEncoding.EncodeToString(raw.Bytes())
		out.Raw = &text
	}
	if t := d.Tokens; t != nil {
		if n := len(t.IDs) - len(d.Pieces); len(d.Pieces) == 0 || n == 0 || n == 1 {
			out.IDs = t.IDs
		} else {
			out.Unpaired, out.Logprobs = t.IDs, piecesLogprobs(d)
		}
	}
	return out
}

// logprobsOf returns the log-probabilities of a draw's ids, or of its pieces where its ids have none.
func logprobsOf(d *data.Draw) logprobs {
	if d.Tokens != nil && d.Tokens.Logprobs != nil {
		return d.Tokens.Logprobs
	}
	return piecesLogprobs(d)
}

func piecesLogprobs(d *data.Draw) logprobs {
	if d.Pieces == nil {
		return nil
	}
	l := make(logprobs, len(d.Pieces))
	for i, p := range d.Pieces {
		l[i] = p.Logprob
	}
	return l
}

// align returns how many bytes of text each piece stands for. A run of pieces that are U+FFFD, with
// which Ollama shows parts of characters, stands for the characters outside ASCII at its place; the
// first takes them all. It reports false where the pieces do not make up the text in one way.
func align(text string, pieces []data.Piece) ([]int, bool) {
	cuts, at := make([]int, len(pieces)), 0
	for i := 0; i < len(pieces); i++ {
		b := pieces[i].Bytes
		if len(text)-at >= len(b) && text[at:at+len(b)] == string(b) && !broken(b) {
			cuts[i] = len(b)
			at += len(b)
			continue
		}
		if !broken(b) {
			return nil, false
		}
		first := i
		for i+1 < len(pieces) && broken(pieces[i+1].Bytes) {
			i++
		}
		if i+1 < len(pieces) && (len(pieces[i+1].Bytes) == 0 || pieces[i+1].Bytes[0] >= 0x80) {
			return nil, false
		}
		for at < len(text) && text[at] >= 0x80 {
			cuts[first]++
			at++
		}
		if cuts[first] == 0 {
			return nil, false
		}
	}
	return cuts, at == len(text) && pieces != nil
}

// broken reports whether a piece is made of U+FFFD only.
func broken(b []byte) bool {
	return len(b) > 0 && len(bytes.ReplaceAll(b, []byte("\ufffd"), nil)) == 0
}

// logprobs are written with three digits, as the page shows them; null is not known.
type logprobs []float32

// MarshalJSON writes what is no number in JSON as text.
func (l logprobs) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, f := range l {
		if i > 0 {
			b = append(b, ',')
		}
		switch v := float64(f); {
		case math.IsNaN(v):
			b = append(b, "null"...)
		case math.IsInf(v, 0):
			b = strconv.AppendQuote(b, strconv.FormatFloat(v, 'g', -1, 64))
		default:
			b = strconv.AppendFloat(b, v, 'g', 3, 32)
		}
	}
	return append(b, ']'), nil
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
