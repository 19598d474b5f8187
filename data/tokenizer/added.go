package tokenizer

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is found in the text before the model sees it.
type addedToken struct {
	content    string
	id         int32
	singleWord bool // counts only where no word character touches it
	lstrip     bool // takes the white space before it along
	rstrip     bool // takes the white space after it along
	normalized bool // is looked for in the normalised text, in its own normalised form
	special    bool // Options.Plain leaves it as text
}

// matcher finds added tokens: leftmost first, of those the longest.
type matcher struct {
	tokens []addedToken
	nodes  []matchNode // a tree of patterns by bytes; the root is the first
	first  [256]bool   // bytes that a pattern begins with
}

// matchNode is where a pattern has been read to some byte.
type matchNode struct {
	bytes []byte  // that may follow
	next  []int32 // node for each of them
	token int32   // index of the token whose pattern ends here; -1: none
}

// newMatchers returns the matchers of added tokens before and after the normaliser; nil where there are none.
func newMatchers(added []addedToken, n normalizer) (raw, normalized *matcher, err error) {
	patterns := [2]map[string]int32{{}, {}}
	tokens := [2][]addedToken{}
	for _, a := range added {
		if a.content == "" {
			return nil, nil, fmt.Errorf("added token %d is empty", a.id)
		}
		pattern, k := a.content, 0
		if a.normalized {
			k = 1
			if n != nil {
				pattern = n.normalize(pattern, true)
			}
		}
		if pattern == "" {
			return nil, nil, fmt.Errorf("added token %d %q: its normalised form is empty", a.id, a.content)
		}
		if other, ok := patterns[k][pattern]; ok {
			return nil, nil, fmt.Errorf("added tokens %d and %d are both found by %q", tokens[k][other].id, a.id, pattern)
		}
		patterns[k][pattern] = int32(len(tokens[k]))
		tokens[k] = append(tokens[k], a)
	}
	return newMatcher(patterns[0], tokens[0]), newMatcher(patterns[1], tokens[1]), nil
}

func newMatcher(patterns map[string]int32, tokens []addedToken) *matcher {
	if len(tokens) == 0 {
		return nil
	}
	m := &matcher{tokens: tokens, nodes: []matchNode{{token: -1}}}
	for pattern, index := range patterns {
		m.first[pattern[0]] = true
		at := int32(0)
		for i := range len(pattern) {
			n := m.nodes[at].follow(pattern[i])
			if n < 0 {
				n = int32(len(m.nodes))
				m.nodes = append(m.nodes, matchNode{token: -1})
				m.nodes[at].bytes = append(m.nodes[at].bytes, pattern[i])
				m.nodes[at].next = append(m.nodes[at].next, n)
			}
			at = n
		}
		m.nodes[at].token = index
	}
	return m
}

// follow returns the node after a byte, -1 if there is none.
func (n *matchNode) follow(b byte) int32 {
	for i, c := range n.bytes {
		if c == b {
			return n.next[i]
		}
	}
	return -1
}

// find returns the leftmost, longest match at or after i: its start, end and index. Index -1: none.
func (m *matcher) find(text string, i int) (start, end int, index int32) {
	for ; i < len(text); i++ {
		if !m.first[text[i]] {
			continue
		}
		index = -1
		for at, j := int32(0), i; j < len(text); {
			if at = m.nodes[at].follow(text[j]); at < 0 {
				break
			}
			j++
			if m.nodes[at].token >= 0 {
				end, index = j, m.nodes[at].token
			}
		}
		if index >= 0 {
			return i, end, index
		}
	}
	return 0, 0, -1
}

// split calls emit for each added token (id, with its place) and for each non-empty stretch of text
// between them (id -1), in order. Where plain is set, special tokens are text. What the library's
// matching consumes without effect (a special token that is text, a word that is not single) is not
// searched again.
func (m *matcher) split(text string, plain bool, emit func(part string, at int, id int32)) {
	if text == "" {
		return
	}
	if m == nil {
		emit(text, 0, -1)
		return
	}
	done, next := 0, 0
	for {
		start, end, index := m.find(text, next)
		if index < 0 {
			break
		}
		next = end
		a := &m.tokens[index]
		if plain && a.special {
			continue
		}
		if a.singleWord && (endsWithWord(text[:start]) || startsWithWord(text[end:])) {
			continue
		}
		if a.lstrip {
			start = max(spaceBefore(text[:start]), done)
		}
		if a.rstrip {
			end += spaceAfter(text[end:])
		}
		if start >= end {
			continue // a token before has taken this one along as white space; the library panics at some
		}
		if done < start {
			emit(text[done:start], done, -1)
		}
		emit(text[start:end], start, a.id)
		done = end
	}
	if done < len(text) {
		emit(text[done:], done, -1)
	}
}

func startsWithWord(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && isWord(r)
}

func endsWithWord(s string) bool {
	r, n := utf8.DecodeLastRuneInString(s)
	return n > 0 && isWord(r)
}

// isWord reports whether \w of the Rust regex library matches: Alphabetic, M, Nd, Pc, Join_Control.
func isWord(r rune) bool {
	return r != utf8.RuneError && unicode.In(r, unicode.L, unicode.Nl, unicode.Other_Alphabetic, unicode.M,
		unicode.Nd, unicode.Pc, unicode.Join_Control)
}

// spaceBefore returns where the white space at the end of s begins.
func spaceBefore(s string) int {
	for len(s) > 0 {
		r, n := utf8.DecodeLastRuneInString(s)
		if !unicode.IsSpace(r) {
			break
		}
		s = s[:len(s)-n]
	}
	return len(s)
}

// spaceAfter returns where the white space at the start of s ends.
func spaceAfter(s string) int {
	for i, r := range s {
		if !unicode.IsSpace(r) {
			return i
		}
	}
	return len(s)
}
