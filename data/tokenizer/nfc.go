package tokenizer

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// nfc is the normaliser NFC. It differs from that of golang.org/x/text, whose tables it uses, in that
// it never breaks up long rows of combining marks (x/text puts U+034F after 30 of them). Bytes that
// are not UTF-8 stay as they are and nothing combines across them.
type nfc struct{}

func (nfc) digest(h *hasher) { h.string("NFC") }

// normalize implements normalizer.
func (nfc) normalize(text string, _ bool) string {
	if isASCII(text) {
		return text
	}
	t := nfcTables()
	var out strings.Builder
	done, stable := 0, 0 // copied up to done; the last stable character begins at stable
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(text[i:])
		}
		if t.isStable(r) {
			stable = i
			i += n
			continue
		}
		// The last stable character and all unstable ones after it are one unit.
		from := stable
		if r, n := utf8.DecodeRuneInString(text[from:]); r == utf8.RuneError && n == 1 {
			from = min(from+1, i) // not a character: nothing combines with it
		}
		from = max(from, done)
		end := i + n
		for end < len(text) {
			r, n := utf8.DecodeRuneInString(text[end:])
			if t.isStable(r) {
				break
			}
			end += n
		}
		out.WriteString(text[done:from])
		t.compose(&out, text[from:end])
		done, stable, i = end, end, end
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// withoutNFC returns a normaliser less NFC; nil where nothing is left.
func withoutNFC(n normalizer) normalizer {
	switch n := n.(type) {
	case nfc:
		return nil
	case normalizers:
		var left normalizers
		for _, step := range n {
			if step = withoutNFC(step); step != nil {
				left = append(left, step)
			}
		}
		if len(left) == 0 {
			return nil
		}
		return left
	}
	return n
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// nfcData is what composition needs.
type nfcData struct {
	unstable [firstStable / 64]uint64 // bits: characters that NFC may change or join with what is before
	pairs    map[[2]rune]rune         // primary composites
	parts    map[rune][]rune          // full canonical decompositions
	ccc      map[rune]uint8           // combining classes other than 0
}

// nfcYounger are the characters that the library's tables (of Unicode 9.0) do not know: they give them
// no combining class and no decomposition. Measured there (tokenizers 0.23.3) for every character.
var nfcYounger = [][2]rune{
	{0x7FD, 0x7FD}, {0x898, 0x89F}, {0x8CA, 0x8D3}, {0x9FE, 0x9FE}, {0xC3C, 0xC3C}, {0xD3B, 0xD3C},
	{0xEBA, 0xEBA}, {0x1715, 0x1715}, {0x1ABF, 0x1ACE}, {0x1DF6, 0x1DFA}, {0xA82C, 0xA82C}, {0x10D24, 0x10D27},
	{0x10EAB, 0x10EAC}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85}, {0x11070, 0x11070}, {0x1133B, 0x1133B},
	{0x1145E, 0x1145E}, {0x11839, 0x1183A}, {0x11938, 0x11938}, {0x1193D, 0x1193E}, {0x11943, 0x11943}, {0x119E0, 0x119E0}, {0x11A34, 0x11A34},
	{0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42}, {0x11D44, 0x11D45}, {0x11D97, 0x11D97}, {0x11F41, 0x11F42},
	{0x16FF0, 0x16FF1}, {0x1E08F, 0x1E08F}, {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF},
}

// From firstStable on no character has a decomposition or a combining class.
const firstStable = 0x30000

func (t *nfcData) isStable(r rune) bool {
	return r >= firstStable || t.unstable[r>>6]&(1<<(r&63)) == 0
}

// Hangul syllables are composed by rule (Unicode 15.0, section 3.12).
const (
	hangulS, hangulL, hangulV, hangulT = 0xAC00, 0x1100, 0x1161, 0x11A7
	hangulLs, hangulVs, hangulTs       = 19, 21, 28
	hangulSs                           = hangulLs * hangulVs * hangulTs
)

// nfcTables returns the tables, made once: some milliseconds.
var nfcTables = sync.OnceValue(func() *nfcData {
	t := &nfcData{pairs: map[[2]rune]rune{}, parts: map[rune][]rune{}, ccc: map[rune]uint8{}}
	younger := map[rune]bool{}
	for _, x := range nfcYounger {
		for r := x[0]; r <= x[1]; r++ {
			younger[r] = true
		}
	}
	var composites []rune
	var buf []byte
	for r := rune(0x80); r < firstStable; r++ {
		ideograph := r >= 0x3400 && r < 0xA000 || r >= 0x20000 && r < 0x2F800
		if ideograph || r >= hangulS && r < hangulS+hangulSs || !utf8.ValidRune(r) || younger[r] {
			continue
		}
		buf = utf8.AppendRune(buf[:0], r)
		p := norm.NFC.Properties(buf)
		d := p.Decomposition()
		if ccc := p.CCC(); ccc != 0 {
			t.ccc[r] = ccc
		}
		composed := true
		if d != nil {
			t.parts[r] = []rune(string(d))
			if composed = norm.NFC.IsNormal(buf); composed {
				composites = append(composites, r)
			}
		}
		if !composed || !p.BoundaryBefore() {
			t.unstable[r>>6] |= 1 << (r & 63)
		}
	}
	for _, r := range composites {
		d := t.parts[r]
		last := len(d) - 1
		first := []rune(norm.NFC.String(string(d[:last])))
		if len(first) == 1 {
			t.pairs[[2]rune{first[0], d[last]}] = r
		}
	}
	return t
})

// compose writes the NFC form of a stretch that has no bytes that are not UTF-8.
func (t *nfcData) compose(out *strings.Builder, s string) {
	var runes []rune
	for _, r := range s {
		switch d := t.parts[r]; {
		case r >= hangulS && r < hangulS+hangulSs:
			r -= hangulS
			runes = append(runes, hangulL+r/(hangulVs*hangulTs), hangulV+r%(hangulVs*hangulTs)/hangulTs)
			if r%hangulTs != 0 {
				runes = append(runes, hangulT+r%hangulTs)
			}
		case d != nil:
			runes = append(runes, d...)
		default:
			runes = append(runes, r)
		}
	}
	for i := 0; i < len(runes); i++ { // canonical order
		end := i
		for end < len(runes) && t.ccc[runes[end]] != 0 {
			end++
		}
		if end-i > 1 {
			slices.SortStableFunc(runes[i:end], func(a, b rune) int { return int(t.ccc[a]) - int(t.ccc[b]) })
		}
		i = max(i, end-1)
	}
	starter, before := -1, -1 // the last starter; class of the last one kept after it, -1: none
	kept := runes[:0]
	for _, r := range runes {
		ccc := int(t.ccc[r])
		if starter >= 0 && before < ccc {
			if c, ok := t.pair(kept[starter], r); ok {
				kept[starter] = c
				continue
			}
		}
		if ccc == 0 {
			starter, before = len(kept), -1
		} else {
			before = ccc
		}
		kept = append(kept, r)
	}
	for _, r := range kept {
		out.WriteRune(r)
	}
}

// pair returns the primary composite of two characters.
func (t *nfcData) pair(a, b rune) (rune, bool) {
	switch {
	case a >= hangulL && a < hangulL+hangulLs && b >= hangulV && b < hangulV+hangulVs:
		return hangulS + ((a-hangulL)*hangulVs+b-hangulV)*hangulTs, true
	case a >= hangulS && a < hangulS+hangulSs && (a-hangulS)%hangulTs == 0 && b > hangulT && b < hangulT+hangulTs:
		return a + b - hangulT, true
	}
	c, ok := t.pairs[[2]rune{a, b}]
	return c, ok
}
