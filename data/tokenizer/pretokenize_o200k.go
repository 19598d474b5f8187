package tokenizer

// Letters of a word's two parts in o200k.
const (
	o200kUpper = classUpper | classCaseless | classMark // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
	o200kLower = classLower | classCaseless | classMark // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
)

// o200k is the regular expression of OpenAI's o200k_base, gpt-oss and Llama 4:
//
//	[^\r\n\p{L}\p{N}]?U*W+C?|[^\r\n\p{L}\p{N}]?U+W*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
//
// with U o200kUpper, W o200kLower and C (?i:'s|'t|'re|'ve|'m|'ll|'d). Tekken (Mistral Nemo) has no C
// and single numbers.
type o200k struct {
	t            *classTable
	numbers      int // most numbers in a piece
	contractions bool
}

func (p o200k) next(s string, i int) int {
	c, n := p.t.at(s, i)
	if end := p.word(s, i, c, n); end > i {
		if p.contractions {
			return contraction(s, end, true)
		}
		return end
	}
	if c&classNumber != 0 {
		return p.t.upTo(s, i+n, classNumber, p.numbers-1)
	}
	const not = classSpace | classLetter | classNumber
	switch {
	case c&classSpace == 0:
		return newlines(s, p.t.others(s, i+n, not), true)
	case s[i] == ' ' && i+1 < len(s):
		if next, m := p.t.at(s, i+1); next&not == 0 {
			return newlines(s, p.t.others(s, i+1+m, not), true)
		}
	}
	return p.t.blank(s, i, true)
}

// word returns where one of the first two alternatives ends, without C; i if neither matches. c and n are
// class and length of the character at s[i].
func (p o200k) word(s string, i int, c class, n int) int {
	prefix := c&(classLetter|classNumber) == 0 && !isNewline(s[i])
	if prefix {
		if end := p.mixed(s, i+n); end > 0 {
			return end
		}
	}
	if end := p.mixed(s, i); end > 0 {
		return end
	}
	if prefix {
		if end := p.t.run(s, i+n, o200kUpper); end > i+n {
			return end // no W follows: U*W+ would have matched
		}
	}
	return p.t.run(s, i, o200kUpper)
}

// mixed returns where U*W+ at s[i] ends; 0 if it does not match. Where no W follows the U, the last U
// that is also a W is given back.
func (p o200k) mixed(s string, i int) int {
	both := 0 // end of the last character that is U and W
	for i < len(s) {
		c, n := p.t.at(s, i)
		if c&o200kUpper == 0 {
			if c&o200kLower != 0 {
				return p.t.run(s, i+n, o200kLower)
			}
			break
		}
		i += n
		if c&o200kLower != 0 {
			both = i
		}
	}
	return both
}
