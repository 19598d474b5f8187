package tokenizer

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// class is the set of properties of a character that pre-tokenizers ask for. A byte that is not part
// of a UTF-8 sequence has none.
type class uint16

const (
	classUpper    class = 1 << iota // Lu, Lt
	classLower                      // Ll
	classCaseless                   // Lm, Lo
	classMark                       // M
	classNumber                     // N
	classSpace                      // White_Space
	classPunct                      // P
	classSymbol                     // S
	classDigit                      // what "Digits" of Hugging Face's library takes for numbers: N of a later Unicode version
	classOldPunct                   // what its "Punctuation" takes for punctuation: ASCII, and P of an earlier one

	classLetter = classUpper | classLower | classCaseless
)

// asciiClass holds the classes of bytes below 0x80, those of others are 0.
var asciiClass = func() (t [256]class) {
	for b := range 0x80 {
		r := rune(b)
		switch {
		case unicode.IsUpper(r):
			t[b] = classUpper
		case unicode.IsLower(r):
			t[b] = classLower
		case unicode.IsDigit(r):
			t[b] = classNumber | classDigit
		case unicode.IsSpace(r):
			t[b] = classSpace
		case unicode.IsPunct(r):
			t[b] = classPunct | classOldPunct
		case unicode.IsSymbol(r):
			t[b] = classSymbol | classOldPunct
		}
	}
	return t
}()

// classTable holds the classes of all characters, in pages of 256; equal pages are shared.
type classTable struct {
	page  [(unicode.MaxRune + 1) >> 8]uint16
	pages [][256]class
}

func (t *classTable) of(r rune) class { return t.pages[t.page[r>>8]][r&0xff] }

// classes returns the table, made once: about a millisecond.
var classes = sync.OnceValue(newClassTable)

func newClassTable() *classTable {
	all := make([]class, unicode.MaxRune+1)
	set := func(t *unicode.RangeTable, c class) {
		for _, r := range t.R16 {
			for x := rune(r.Lo); x <= rune(r.Hi); x += rune(r.Stride) {
				all[x] |= c
			}
		}
		for _, r := range t.R32 {
			for x := rune(r.Lo); x <= rune(r.Hi); x += rune(r.Stride) {
				all[x] |= c
			}
		}
	}
	set(unicode.Lu, classUpper)
	set(unicode.Lt, classUpper)
	set(unicode.Ll, classLower)
	set(unicode.Lm, classCaseless)
	set(unicode.Lo, classCaseless)
	set(unicode.M, classMark)
	set(unicode.N, classNumber|classDigit)
	set(unicode.White_Space, classSpace)
	set(unicode.P, classPunct|classOldPunct)
	set(unicode.S, classSymbol)
	for _, d := range unicodeDifferences {
		for x := d.lo; x <= d.hi; x++ {
			all[x] = all[x]&^d.not | d.and
		}
	}
	for b := range 0x80 {
		all[b] = asciiClass[b]
	}
	t := &classTable{}
	seen := map[[256]class]uint16{}
	for p := range t.page {
		page := [256]class(all[p<<8:])
		n, ok := seen[page]
		if !ok {
			n = uint16(len(t.pages))
			seen[page] = n
			t.pages = append(t.pages, page)
		}
		t.page[p] = n
	}
	return t
}

// at returns the class of the character at s[i] and its length in bytes. i is less than len(s).
func (t *classTable) at(s string, i int) (class, int) {
	if b := s[i]; b < utf8.RuneSelf {
		return asciiClass[b], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	if n == 1 {
		return 0, 1
	}
	return t.of(r), n
}

// difference says what characters have or lack against the tables of the standard library (Unicode 15.0).
type difference struct {
	lo, hi   rune
	and, not class
}

// unicodeDifferences make our classes those of the library (tokenizers 0.23.3), measured there for
// every character: its regex engine has Unicode 16.0, Digits 17.0, Punctuation 8.0.
var unicodeDifferences = []difference{
	// Lu
	{0x1C89, 0x1C89, classUpper, 0},
	{0xA7CB, 0xA7CC, classUpper, 0},
	{0xA7DA, 0xA7DA, classUpper, 0},
	{0xA7DC, 0xA7DC, classUpper, 0},
	{0x10D50, 0x10D65, classUpper, 0},
	// Ll
	{0x1C8A, 0x1C8A, classLower, 0},
	{0xA7CD, 0xA7CD, classLower, 0},
	{0xA7DB, 0xA7DB, classLower, 0},
	{0x10D70, 0x10D85, classLower, 0},
	// Lm
	{0x10D4E, 0x10D4E, classCaseless, 0},
	{0x10D6F, 0x10D6F, classCaseless, 0},
	{0x16D40, 0x16D42, classCaseless, 0},
	{0x16D6B, 0x16D6C, classCaseless, 0},
	// Lo
	{0x105C0, 0x105F3, classCaseless, 0},
	{0x10D4A, 0x10D4D, classCaseless, 0},
	{0x10D4F, 0x10D4F, classCaseless, 0},
	{0x10EC2, 0x10EC4, classCaseless, 0},
	{0x11380, 0x11389, classCaseless, 0},
	{0x1138B, 0x1138B, classCaseless, 0},
	{0x1138E, 0x1138E, classCaseless, 0},
	{0x11390, 0x113B5, classCaseless, 0},
	{0x113B7, 0x113B7, classCaseless, 0},
	{0x113D1, 0x113D1, classCaseless, 0},
	{0x113D3, 0x113D3, classCaseless, 0},
	{0x11BC0, 0x11BE0, classCaseless, 0},
	{0x13460, 0x143FA, classCaseless, 0},
	{0x16100, 0x1611D, classCaseless, 0},
	{0x16D43, 0x16D6A, classCaseless, 0},
	{0x18CFF, 0x18CFF, classCaseless, 0},
	{0x1E5D0, 0x1E5ED, classCaseless, 0},
	{0x1E5F0, 0x1E5F0, classCaseless, 0},
	{0x2EBF0, 0x2EE5D, classCaseless, 0},
	// M
	{0x897, 0x897, classMark, 0},
	{0x10D69, 0x10D6D, classMark, 0},
	{0x10EFC, 0x10EFC, classMark, 0},
	{0x113B8, 0x113C0, classMark, 0},
	{0x113C2, 0x113C2, classMark, 0},
	{0x113C5, 0x113C5, classMark, 0},
	{0x113C7, 0x113CA, classMark, 0},
	{0x113CC, 0x113D0, classMark, 0},
	{0x113D2, 0x113D2, classMark, 0},
	{0x113E1, 0x113E2, classMark, 0},
	{0x11F5A, 0x11F5A, classMark, 0},
	{0x1611E, 0x1612F, classMark, 0},
	{0x1E5EE, 0x1E5EF, classMark, 0},
	// N
	{0x10D40, 0x10D49, classNumber | classDigit, 0},
	{0x116D0, 0x116E3, classNumber | classDigit, 0},
	{0x11BF0, 0x11BF9, classNumber | classDigit, 0},
	{0x16130, 0x16139, classNumber | classDigit, 0},
	{0x16D70, 0x16D79, classNumber | classDigit, 0},
	{0x1CCF0, 0x1CCF9, classNumber | classDigit, 0},
	{0x1E5F1, 0x1E5FA, classNumber | classDigit, 0},
	// P
	{0x1B4E, 0x1B4F, classPunct, 0},
	{0x1B7F, 0x1B7F, classPunct, 0},
	{0x10D6E, 0x10D6E, classPunct, 0},
	{0x113D4, 0x113D5, classPunct, 0},
	{0x113D7, 0x113D8, classPunct, 0},
	{0x11BE1, 0x11BE1, classPunct, 0},
	{0x16D6D, 0x16D6F, classPunct, 0},
	{0x1E5FF, 0x1E5FF, classPunct, 0},
	// S
	{0x2427, 0x2429, classSymbol, 0},
	{0x2FFC, 0x2FFF, classSymbol, 0},
	{0x31E4, 0x31E5, classSymbol, 0},
	{0x31EF, 0x31EF, classSymbol, 0},
	{0x10D8E, 0x10D8F, classSymbol, 0},
	{0x1CC00, 0x1CCEF, classSymbol, 0},
	{0x1CD00, 0x1CEB3, classSymbol, 0},
	{0x1F8B2, 0x1F8BB, classSymbol, 0},
	{0x1F8C0, 0x1F8C1, classSymbol, 0},
	{0x1FA89, 0x1FA89, classSymbol, 0},
	{0x1FA8F, 0x1FA8F, classSymbol, 0},
	{0x1FABE, 0x1FABE, classSymbol, 0},
	{0x1FAC6, 0x1FAC6, classSymbol, 0},
	{0x1FADC, 0x1FADC, classSymbol, 0},
	{0x1FADF, 0x1FADF, classSymbol, 0},
	{0x1FAE9, 0x1FAE9, classSymbol, 0},
	{0x1FBCB, 0x1FBEF, classSymbol, 0},
	// Digits only
	{0x11DE0, 0x11DE9, classDigit, 0},
	{0x16FF4, 0x16FF6, classDigit, 0},
	// not for Punctuation
	{0x61D, 0x61D, 0, classOldPunct},
	{0x9FD, 0x9FD, 0, classOldPunct},
	{0xA76, 0xA76, 0, classOldPunct},
	{0xC77, 0xC77, 0, classOldPunct},
	{0xC84, 0xC84, 0, classOldPunct},
	{0x1B4E, 0x1B4F, 0, classOldPunct},
	{0x1B7D, 0x1B7F, 0, classOldPunct},
	{0x2E43, 0x2E4F, 0, classOldPunct},
	{0x2E52, 0x2E5D, 0, classOldPunct},
	{0x10D6E, 0x10D6E, 0, classOldPunct},
	{0x10EAD, 0x10EAD, 0, classOldPunct},
	{0x10F55, 0x10F59, 0, classOldPunct},
	{0x10F86, 0x10F89, 0, classOldPunct},
	{0x113D4, 0x113D5, 0, classOldPunct},
	{0x113D7, 0x113D8, 0, classOldPunct},
	{0x1144B, 0x1144F, 0, classOldPunct},
	{0x1145A, 0x1145B, 0, classOldPunct},
	{0x1145D, 0x1145D, 0, classOldPunct},
	{0x11660, 0x1166C, 0, classOldPunct},
	{0x116B9, 0x116B9, 0, classOldPunct},
	{0x1183B, 0x1183B, 0, classOldPunct},
	{0x11944, 0x11946, 0, classOldPunct},
	{0x119E2, 0x119E2, 0, classOldPunct},
	{0x11A3F, 0x11A46, 0, classOldPunct},
	{0x11A9A, 0x11A9C, 0, classOldPunct},
	{0x11A9E, 0x11AA2, 0, classOldPunct},
	{0x11B00, 0x11B09, 0, classOldPunct},
	{0x11BE1, 0x11BE1, 0, classOldPunct},
	{0x11C41, 0x11C45, 0, classOldPunct},
	{0x11C70, 0x11C71, 0, classOldPunct},
	{0x11EF7, 0x11EF8, 0, classOldPunct},
	{0x11F43, 0x11F4F, 0, classOldPunct},
	{0x11FFF, 0x11FFF, 0, classOldPunct},
	{0x12FF1, 0x12FF2, 0, classOldPunct},
	{0x16D6D, 0x16D6F, 0, classOldPunct},
	{0x16E97, 0x16E9A, 0, classOldPunct},
	{0x16FE2, 0x16FE2, 0, classOldPunct},
	{0x1E5FF, 0x1E5FF, 0, classOldPunct},
	{0x1E95E, 0x1E95F, 0, classOldPunct},
	// for Punctuation only
	{0x166D, 0x166D, classOldPunct, 0},
	{0x111C9, 0x111C9, classOldPunct, 0},
}
