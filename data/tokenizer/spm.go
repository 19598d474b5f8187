package tokenizer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// newSentencePiece sets kind, model and normalizer of a GGUF vocabulary of model "llama", and the
// rules for added tokens. It does as llama.cpp does (src/llama-vocab.cpp, llm_tokenizer_spm):
//
//   - of all neighbours whose text together is a token, those merge first whose token has the highest
//     score, the leftmost on ties; what is no token in the end is spelled in bytes;
//   - with AddSpacePrefix a space is put before each stretch of text that begins the input or follows
//     an added token, also where it begins with a space;
//   - user-defined tokens are found in the text as it is, before spaces become U+2581.
//
// Control, unknown and byte tokens never form of ordinary text, as in SentencePiece itself.
//
// The package comment says what others do otherwise.
func newSentencePiece(v Vocabulary, p *parts) error {
	if len(v.Scores) != len(v.Tokens) {
		return fmt.Errorf("%d tokens and %d scores, want as many", len(v.Tokens), len(v.Scores))
	}
	for id, score := range v.Scores {
		if math.IsNaN(float64(score)) {
			return fmt.Errorf("score of token %d is not a number", id)
		}
	}
	b, err := newScored(v)
	if err != nil {
		return err
	}
	for id, kind := range v.Types {
		if kind == typeUnknown && v.Tokens[id] != "" {
			p.added = append(p.added, addedToken{content: v.Tokens[id], id: int32(id), special: true})
		}
	}
	m := &spaced{charBPE: b, tokens: v.Tokens, gguf: true, from: metaspace, to: " "}
	steps := normalizers{replace{" ", metaspace}}
	if v.AddSpacePrefix {
		m.strip = 1
		steps = slices.Insert(steps, 0, normalizer(prepend(metaspace)))
	}
	p.kind, p.model, p.normalizer = "llama", m, steps
	m.rules = rules(func(h *hasher) {
		h.string("scores")
		for id, score := range v.Scores {
			h.float32(score)
			h.int(int(v.Types[id]))
		}
	})
	return nil
}

// newScored makes the merges of scores: two symbols merge where their text together is a token.
func newScored(v Vocabulary) (*charBPE, error) {
	b := newCharBPE(v.Tokens)
	formed := make(map[string]int32, len(v.Tokens)) // tokens that text can become
	for id, token := range v.Tokens {
		switch v.Types[id] {
		case typeNormal, typeUserDefined, typeUnused:
			if token != "" && utf8.ValidString(token) {
				formed[token] = int32(id)
			}
		case typeUnknown:
			b.unk = int32(id)
		case typeByte:
			x, ok := byteToken(token)
			if !ok {
				return nil, fmt.Errorf("token %d %q is of type byte, want a spelling like <0x0A>", id, token)
			}
			b.bytes[x] = int32(id)
		}
	}
	for x := range b.bytes {
		if id, ok := formed[string([]byte{byte(x)})]; ok && b.bytes[x] < 0 {
			b.bytes[x] = id
		}
		if b.bytes[x] < 0 && b.unk < 0 {
			return nil, fmt.Errorf("no token for byte %#02x and none for unknown text: %w", x, ErrNotUnderstood)
		}
	}
	for token, id := range formed {
		if r, n := utf8.DecodeRuneInString(token); n == len(token) {
			b.runes.set(r, id)
		}
	}
	b.addFormed(v, formed)
	return b, nil
}

// addFormed adds the merges of tokens of more than one character, for each place where two symbols meet.
func (b *charBPE) addFormed(v Vocabulary, formed map[string]int32) {
	symbol := func(text string) int32 {
		if id, ok := formed[text]; ok {
			return id
		}
		if r, n := utf8.DecodeRuneInString(text); n == len(text) {
			return b.symbol(r)
		}
		return noSymbol
	}
	type pair struct {
		left, right int32
		merge
	}
	var pairs []pair
	rank := ranks(v.Scores)
	for id, token := range v.Tokens {
		if to, ok := formed[token]; !ok || to != int32(id) {
			continue
		}
		b.tokenAcross(token)
		for i := range token {
			if i == 0 {
				continue
			}
			left := symbol(token[:i])
			if left == noSymbol {
				continue
			}
			if right := symbol(token[i:]); right != noSymbol {
				pairs = append(pairs, pair{left, right, merge{rank[id], int32(id)}})
			}
		}
	}
	b.merges = newMergeTable(len(pairs))
	for _, p := range pairs {
		b.merges.set(p.left, p.right, p.merge)
	}
}

// ranks returns the rank of each score: 0 for the highest, the same for equal ones.
func ranks(scores []float32) []int32 {
	order := slices.Clone(scores)
	slices.SortFunc(order, func(a, b float32) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	order = slices.Compact(order)
	rank := make([]int32, len(scores))
	for id, score := range scores {
		i, _ := slices.BinarySearchFunc(order, score, func(o, s float32) int {
			switch {
			case o > s:
				return -1
			case o < s:
				return 1
			}
			return 0
		})
		rank[id] = int32(i)
	}
	return rank
}

// byteToken returns the byte that a token like <0x0A> stands for.
func byteToken(token string) (byte, bool) {
	if len(token) != 6 || !strings.HasPrefix(token, "<0x") || token[5] != '>' {
		return 0, false
	}
	var x byte
	for _, c := range []byte(token[3:5]) {
		switch {
		case '0' <= c && c <= '9':
			x = x<<4 | (c - '0')
		case 'A' <= c && c <= 'F':
			x = x<<4 | (c - 'A' + 10)
		default:
			return 0, false
		}
	}
	return x, true
}
