package tokenizer_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// texts makes texts that tokenizers disagree on. The same seed gives the same texts.
type texts struct {
	*rand.Rand
	special []string // of the vocabulary
}

func newTexts(seed uint64, special []string) texts {
	return texts{rand.New(rand.NewPCG(seed, 4)), special}
}

// all returns n texts of about 120 bytes, and what they are made of. All are UTF-8.
func (g texts) all(n int) []string {
	all := append([]string{""}, g.special...)
	for _, s := range g.special {
		all = append(all, " "+s+" ", s+s, "a"+s+"b")
	}
	all = append(all, hardTexts...)
	if n >= 50000 {
		all = append(all, g.everyCharacter()...)
	}
	for len(all) < n {
		all = append(all, strings.ToValidUTF8(g.text(), "\uFFFD"))
	}
	return all[:n]
}

// everyCharacter has each character of the planes that are in use, 32 in a text, each beside another
// kind of character.
func (g texts) everyCharacter() (all []string) {
	beside := []string{"a", " ", "1", "", "'", "\n", "É", ".", "  ", "字", "_"}
	var b strings.Builder
	for r := rune(0); r <= utf8.MaxRune; r++ {
		switch r {
		case 0xD800:
			r = 0xE000
		case 0x32400: // all that follows is unassigned
			r = 0xE0000
		case 0xE0200:
			r = 0x10FFF0
		}
		b.WriteString(g.pick(beside))
		b.WriteRune(r)
		if r%32 == 31 {
			all = append(all, b.String())
			b.Reset()
		}
	}
	return all
}

func (g texts) text() string {
	kinds := []func() string{
		g.prose, g.prose, g.prose, g.prose, g.code, g.code, g.blanks, g.numbers, g.emoji, g.broken,
		g.specials, g.specials, g.reply, g.reply, g.random, g.forms, g.contractions, g.long, g.mixed, g.mixed,
	}
	return kinds[g.IntN(len(kinds))]()
}

func (g texts) pick(from []string) string { return from[g.IntN(len(from))] }

// words joins n of a source with something between them.
func (g texts) words(n int, word func() string, between ...string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(g.pick(between))
		}
		b.WriteString(word())
	}
	return b.String()
}

// word is a word of a script: of its word list, or made of its letters and marks.
func (g texts) word(s script) string {
	if len(s.words) > 0 && g.IntN(3) > 0 {
		return g.pick(s.words)
	}
	letters, marks := []rune(s.letters), []rune(s.marks)
	var b strings.Builder
	for range 1 + g.IntN(8) {
		b.WriteRune(letters[g.IntN(len(letters))])
		for len(marks) > 0 && g.IntN(3) == 0 {
			b.WriteRune(marks[g.IntN(len(marks))])
		}
	}
	word := b.String()
	switch g.IntN(12) {
	case 0:
		return strings.ToUpper(word)
	case 1:
		r, n := utf8.DecodeRuneInString(word)
		return string(unicode.ToTitle(r)) + word[n:]
	}
	return word
}

func (g texts) prose() string {
	s := scripts[g.IntN(len(scripts))]
	text := g.words(3+g.IntN(18), func() string { return g.word(s) }, s.between...)
	return text + g.pick(s.ends)
}

func (g texts) code() string {
	name := func() string {
		return g.pick([]string{"x", "i", "self", "getUserById", "HTTPServer", "snake_case_name", "__init__", "n2", "$el", "kMax", "ñame", "变量"})
	}
	line := func() string {
		l := g.pick(codeLines)
		for strings.Contains(l, "@") {
			l = strings.Replace(l, "@", name(), 1)
		}
		return strings.Repeat(g.pick([]string{" ", "  ", "    ", "\t"}), g.IntN(4)) + l
	}
	return g.words(1+g.IntN(6), line, "\n", "\n", "\n\n", "\r\n", "\n\n\n")
}

func (g texts) blanks() string {
	return g.words(2+g.IntN(12), func() string {
		if g.IntN(2) == 0 {
			return strings.Repeat(g.pick(spaces), 1+g.IntN(1<<g.IntN(6)))
		}
		return g.pick([]string{"a", "word", "0", ".", "é", "日", "x=1", "!", "_", "'s"})
	}, "")
}

func (g texts) numbers() string {
	return g.words(1+g.IntN(8), func() string {
		switch g.IntN(9) {
		case 0:
			return fmt.Sprint(g.IntN(100000))
		case 1:
			return fmt.Sprintf("%d,%03d,%03d.%02d", g.IntN(1000), g.IntN(1000), g.IntN(1000), g.IntN(100))
		case 2:
			return strings.Repeat(fmt.Sprint(g.IntN(10)), 1+g.IntN(40))
		case 3:
			zero := []rune("٠۰०০੦૦୦௦౦೦൦๐໐༠០᠐０𝟎")
			return string(zero[g.IntN(len(zero))]+rune(g.IntN(10))) + string(zero[g.IntN(len(zero))]+rune(g.IntN(10)))
		case 4:
			return g.pick([]string{"½", "⅓x", "10²", "x³⁴", "H₂O", "①②", "Ⅻ", "ⅷ", "㊿", "一二三", "〇", "𐄇", "፩፪", "1½", "٪50", "㍿"})
		case 5:
			return fmt.Sprintf("%.*e", g.IntN(9), g.NormFloat64())
		case 6:
			return fmt.Sprintf("0x%X", g.Uint32())
		case 7:
			return fmt.Sprintf("%02d:%02d:%02d-2026/%02d", g.IntN(24), g.IntN(60), g.IntN(60), g.IntN(12))
		}
		return fmt.Sprintf("%c%d%%", []rune("$€£¥₹-+±#")[g.IntN(9)], g.IntN(10000))
	}, " ", " ", "", ", ", "\n", "x", "\t", ".")
}

func (g texts) emoji() string {
	return g.words(1+g.IntN(8), func() string { return g.pick(emojis) }, "", "", " ", "!", "a", "\u200d", "\ufe0f", "\U0001F3FD", "\n")
}

// broken is text cut in the middle of characters: what decoding with errors="replace" leaves.
func (g texts) broken() string {
	b := []byte(g.prose())
	for range 1 + g.IntN(6) {
		if len(b) == 0 {
			break
		}
		i := g.IntN(len(b))
		switch g.IntN(3) {
		case 0:
			b = append(b[:i], b[i+1:]...)
		case 1:
			b[i] = byte(g.Uint32())
		default:
			b = append(b[:i:i], append([]byte("\uFFFD\uFFFD")[:3*(1+g.IntN(2))], b[i:]...)...)
		}
	}
	return lossy(b)
}

func (g texts) specials() string {
	if len(g.special) == 0 {
		return g.prose()
	}
	return g.words(1+g.IntN(6), func() string {
		s := g.pick(g.special)
		switch g.IntN(10) {
		case 0:
			return s[:g.IntN(len(s)+1)]
		case 1:
			return s[g.IntN(len(s)+1):]
		case 2:
			return strings.ToUpper(s)
		case 3, 4:
			return g.word(scripts[g.IntN(len(scripts))])
		case 5:
			return g.reply()
		}
		return s
	}, "", "", " ", "\n", "  ", "\u2581", "\t", "x")
}

func (g texts) reply() string {
	en := func() string { return g.words(2+g.IntN(9), func() string { return g.word(scripts[0]) }, " ") }
	return g.words(1+g.IntN(3), func() string {
		r := g.pick(replies)
		for strings.Contains(r, "@") {
			r = strings.Replace(r, "@", en(), 1)
		}
		return strings.ReplaceAll(r, "#", fmt.Sprint(g.IntN(1000)))
	}, "\n", "\n\n", " ")
}

// random is of code points of all planes, unassigned ones too, most of them near to each other.
func (g texts) random() string {
	var b strings.Builder
	base := rune(g.IntN(0x3400))
	for range 1 + g.IntN(40) {
		r := base + rune(g.IntN(256))
		switch g.IntN(6) {
		case 0:
			r = rune(g.IntN(utf8.MaxRune + 1))
		case 1:
			r = rune(g.IntN(0x80))
		case 2:
			r = rune(g.IntN(0x3000))
		}
		if utf8.ValidRune(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// forms is prose in another normal form, with marks out of their canonical order.
func (g texts) forms() string {
	text := []norm.Form{norm.NFC, norm.NFD, norm.NFKC, norm.NFKD}[g.IntN(4)].String(g.prose())
	marks := []rune("\u0301\u0323\u0307\u0327\u0345\u05b0\u05c1\u064b\u0651\u093c\u094d\u3099\u309a\u1161\u11a8\u0f71\u0f72\u20d0\u1ab0")
	var b strings.Builder
	for _, r := range text {
		b.WriteRune(r)
		for g.IntN(8) == 0 && unicode.IsLetter(r) {
			b.WriteRune(marks[g.IntN(len(marks))])
		}
	}
	return b.String()
}

func (g texts) contractions() string {
	return g.words(1+g.IntN(10), func() string {
		c := g.pick([]string{"s", "t", "re", "ve", "m", "ll", "d", "S", "T", "RE", "Re", "vE", "LL", "lL", "\u017f", "\u017Fe", "x", "st", "ıl"})
		return g.pick([]string{"I", "you", "don", "O", "WE", "", "1", "é", "_", " ", "rock 'n", "日"}) + g.pick([]string{"'", "'", "\u2019", "''", "`"}) + c
	}, " ", "", "\n", "-", "'")
}

func (g texts) long() string {
	n := 1 << (3 + g.IntN(7))
	switch g.IntN(4) {
	case 0:
		return strings.Repeat(g.word(scripts[g.IntN(len(scripts))]), 1+n/16)
	case 1:
		return strings.Repeat(g.pick([]string{"a", "-", "=", "\u00a0", "é", "字", "ก", "👍", "0", "A", "/", "#", "\\n", "ha", "\u2581"}), n)
	case 2:
		return g.words(n/3, func() string { return string(rune('a' + g.IntN(26))) }, "")
	}
	return g.words(n/4, func() string { return g.pick(scripts[0].words) }, "", "_", "-", "/", ".")
}

func (g texts) mixed() string {
	return g.words(2+g.IntN(4), func() string {
		switch g.IntN(6) {
		case 0:
			return g.pick(emojis)
		case 1:
			return g.numbers()
		case 2:
			return g.pick(spaces)
		case 3:
			return g.pick(hardTexts)
		}
		return g.words(1+g.IntN(4), func() string { return g.word(scripts[g.IntN(len(scripts))]) }, " ", "", "  ")
	}, " ", "", "\n", ". ", ", ")
}

// lossy is what Rust's String::from_utf8_lossy and Python's errors="replace" make of bytes: U+FFFD for
// each maximal part of a character.
func lossy(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = partial(b)
		}
		s.WriteRune(r)
		b = b[n:]
	}
	return s.String()
}

// partial returns how many bytes at the start of b, which is no character, could begin one; at least 1.
func partial(b []byte) int {
	for n := min(3, len(b)); n > 1; n-- {
		for _, rest := range []string{"\x80", "\x80\x80", "\x90", "\x90\x80", "\xa0", "\xbf", "\xbf\xbf", "\x90\x80\x80", "\x80\x80\x80"} {
			if r, size := utf8.DecodeRuneInString(string(b[:n]) + rest); size > n && r != utf8.RuneError {
				return n
			}
		}
	}
	return 1
}
