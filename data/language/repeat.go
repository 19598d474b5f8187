package language

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// loop measures the longest stretch that repeats a piece at least 4 times.
func loop(s sample) (share float64, detail string) {
	if len(s.tokens) >= 30 {
		if at, n, period := longest(s.ids, 64); period > 0 {
			share = float64(n) / float64(len(s.tokens))
			detail = fmt.Sprintf("%q %d times", clip(strings.Join(s.tokens[at:at+period], " ")), n/period)
		}
	}
	if s.runes >= 40 {
		runes := []rune(s.text)
		if at, n, period := longest(runes, 8); period > 0 && float64(n)/float64(s.runes) > share && n >= 40 {
			share = float64(n) / float64(s.runes)
			detail = fmt.Sprintf("%q %d times", string(runes[at:at+period]), n/period)
		}
	}
	return share, detail
}

// longest returns the longest stretch in which everything equals what came period places before, for periods from 1
// to most, if it holds 4 pieces; the shortest period of several. period is 0 where there is none.
func longest[T comparable](list []T, most int) (at, n, period int) {
	for p := 1; p <= most && 4*p <= len(list); p++ {
		run := 0
		for i := p; i < len(list); i++ {
			if list[i] != list[i-p] {
				run = 0
				continue
			}
			if run++; run >= 3*p && run+p > n {
				at, n, period = i-run-p+1, run+p, p
			}
		}
	}
	return at, n, period
}

// repetition measures the words that lie in runs of 10 words that came before. Signs do not count: in code and in JSON
// most of them repeat.
func repetition(s sample) (share float64, detail string) {
	const gram = 10
	var words []string
	var ids []uint64
	for i, t := range s.tokens {
		if r, _ := utf8.DecodeRuneInString(t); isWord(r) {
			words, ids = append(words, t), append(ids, s.ids[i])
		}
	}
	if len(words) < 100 {
		return 0, ""
	}
	seen := make(map[uint64]int, len(words))
	covered, end := 0, 0
	most, first := 0, ""
	for i := 0; i+gram <= len(words); i++ {
		h := uint64(0)
		for _, id := range ids[i : i+gram] {
			h = (h ^ id) * 0x9E3779B97F4A7C15
			h ^= h >> 29
		}
		n := seen[h]
		seen[h] = n + 1
		if n == 0 {
			continue
		}
		covered += i + gram - max(i, end)
		end = i + gram
		if n+1 > most {
			most, first = n+1, strings.Join(words[i:i+gram], " ")
		}
	}
	return float64(covered) / float64(len(words)), fmt.Sprintf("%q %d times", clip(first), most)
}

// clip shortens what is shown to 60 bytes.
func clip(s string) string {
	if len(s) <= 60 {
		return s
	}
	return cut(s, 57) + "..."
}
