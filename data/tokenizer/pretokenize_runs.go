package tokenizer

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// runs cuts off the matches of a regular expression that is a run of one set of characters, like
// \p{N}{1,3}, \s?\p{L}+ or \s+$; what is between matches is a piece, too.
type runs struct {
	t         *classTable
	before    *charSet // one such character may stand before the run; nil: none
	set       charSet
	min, most int  // most 0: any number
	lineEnd   bool // the run must end where a line ends ($); with most 0 only
}

func (p *runs) next(s string, i int) int {
	end, skip := p.match(s, i)
	if end > i {
		return end
	}
	for i = skip; i < len(s); i = skip {
		if end, skip = p.match(s, i); end > i {
			break
		}
	}
	return i
}

// match returns where a match at s[i] ends; i if there is none, and then skip, before which none begins.
func (p *runs) match(s string, i int) (end, skip int) {
	c, n := p.t.at(s, i)
	if p.before != nil && p.before.has(p.t, s, i, n, c) {
		if end, _ := p.run(s, i+n); end > i+n {
			return end, 0
		}
	}
	if end, stop := p.run(s, i); end > i {
		return end, 0
	} else if p.lineEnd && stop > i {
		return i, stop
	}
	return i, i + n
}

// run returns where the run at s[i] ends, i if it does not match, and where its characters end.
func (p *runs) run(s string, i int) (end, stop int) {
	count, line := 0, i
	for stop = i; stop < len(s) && (p.most == 0 || count < p.most); count++ {
		c, n := p.t.at(s, stop)
		if !p.set.has(p.t, s, stop, n, c) {
			break
		}
		if s[stop] == '\n' {
			line = stop
		}
		stop += n
	}
	switch {
	case count < p.min:
		return i, stop
	case p.lineEnd && stop < len(s) && s[stop] != '\n':
		return line, stop
	}
	return stop, stop
}

// charSet is a set of characters: classes, and ranges of characters.
type charSet struct {
	classes class
	ascii   [utf8.RuneSelf]bool // of the ranges
	ranges  [][2]rune           // from 0x80 on
}

// has reports whether the character at s[i], of n bytes and class c, is in the set.
func (m *charSet) has(t *classTable, s string, i, n int, c class) bool {
	if c&m.classes != 0 {
		return true
	}
	if s[i] < utf8.RuneSelf {
		return m.ascii[s[i]]
	}
	if n == 1 || len(m.ranges) == 0 {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	for _, x := range m.ranges {
		if x[0] <= r && r <= x[1] {
			return true
		}
	}
	return false
}

// newRuns reads a regular expression of the form [set?]set[+ {n} {n,m}][$], where a set is \s, \p{L},
// \p{N}, \p{P}, \p{M}, \p{S} or a list of characters and ranges in brackets.
func newRuns(regex string) (*runs, error) {
	p := &runs{t: classes(), min: 1, most: 1}
	rest := regex
	set, rest, err := readSet(rest)
	if err != nil {
		return nil, err
	}
	if after, ok := strings.CutPrefix(rest, "?"); ok {
		p.before = &charSet{}
		*p.before = set
		if set, rest, err = readSet(after); err != nil {
			return nil, err
		}
	}
	p.set = set
	for {
		same, after, err := readSet(rest)
		if err != nil || !same.equal(&set) {
			break
		}
		p.min, p.most, rest = p.min+1, p.most+1, after // [0-9][0-9][0-9]
	}
	switch {
	case strings.HasPrefix(rest, "+") && p.most == 1:
		p.most, rest = 0, rest[1:]
	case strings.HasPrefix(rest, "{") && p.most == 1:
		count, after, ok := strings.Cut(rest[1:], "}")
		low, high, two := strings.Cut(count, ",")
		if !two {
			high = low
		}
		var err1, err2 error
		p.min, err1 = strconv.Atoi(low)
		p.most, err2 = strconv.Atoi(high)
		if !ok || err1 != nil || err2 != nil || p.min < 1 || p.most < p.min {
			return nil, fmt.Errorf("regular expression %q: count {%s}", regex, count)
		}
		rest = after
	}
	if rest == "$" && p.most == 0 && p.before == nil {
		p.lineEnd, rest = true, ""
	}
	if rest != "" {
		return nil, fmt.Errorf("regular expression %q: %q: %w", regex, rest, ErrNotUnderstood)
	}
	return p, nil
}

func (m *charSet) equal(o *charSet) bool {
	return m.classes == o.classes && m.ascii == o.ascii && len(m.ranges) == 0 && len(o.ranges) == 0
}

var setClasses = map[string]class{
	`\s`: classSpace, `\p{L}`: classLetter, `\p{N}`: classNumber, `\p{P}`: classPunct, `\p{M}`: classMark, `\p{S}`: classSymbol,
}

// readSet reads one set of characters at the start of a regular expression.
func readSet(regex string) (set charSet, rest string, err error) {
	for name, c := range setClasses {
		if after, ok := strings.CutPrefix(regex, name); ok {
			set.classes = c
			return set, after, nil
		}
	}
	list, ok := strings.CutPrefix(regex, "[")
	if !ok || strings.HasPrefix(list, "^") {
		return set, "", fmt.Errorf("regular expression %q: %w", regex, ErrNotUnderstood)
	}
	for list != "" && list[0] != ']' {
		if name, c := classPrefix(list); name != "" {
			set.classes |= c
			list = list[len(name):]
			continue
		}
		var low, high rune
		if low, list, err = readChar(list); err != nil {
			return set, "", err
		}
		high = low
		if strings.HasPrefix(list, "-") && !strings.HasPrefix(list, "-]") {
			if high, list, err = readChar(list[1:]); err != nil {
				return set, "", err
			}
		}
		if high < low {
			return set, "", fmt.Errorf("regular expression %q: range %q to %q", regex, low, high)
		}
		for r := low; r <= high && r < utf8.RuneSelf; r++ {
			set.ascii[r] = true
		}
		if high >= utf8.RuneSelf {
			set.ranges = append(set.ranges, [2]rune{max(low, utf8.RuneSelf), high})
		}
	}
	if list == "" {
		return set, "", fmt.Errorf("regular expression %q: [ is not closed", regex)
	}
	return set, list[1:], nil
}

func classPrefix(list string) (string, class) {
	for name, c := range setClasses {
		if strings.HasPrefix(list, name) {
			return name, c
		}
	}
	return "", 0
}

// readChar reads one character of a list in brackets.
func readChar(list string) (rune, string, error) {
	r, n := utf8.DecodeRuneInString(list)
	switch {
	case n == 0 || r == utf8.RuneError && n == 1, r == '[', r == '&' && strings.HasPrefix(list, "&&"):
		return 0, "", fmt.Errorf("regular expression: list of characters %q: %w", list, ErrNotUnderstood)
	case r != '\\':
		return r, list[n:], nil
	case len(list) < 2:
		return 0, "", fmt.Errorf("regular expression ends with a backslash")
	}
	switch c := list[1]; {
	case c == 'n':
		return '\n', list[2:], nil
	case c == 'r':
		return '\r', list[2:], nil
	case c == 't':
		return '\t', list[2:], nil
	case c < utf8.RuneSelf && asciiClass[c]&(classPunct|classSymbol) != 0:
		return rune(c), list[2:], nil
	}
	return 0, "", fmt.Errorf("regular expression: %q: %w", list[:2], ErrNotUnderstood)
}
