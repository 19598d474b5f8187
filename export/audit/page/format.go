package page

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// functions are what the templates call.
var functions = template.FuncMap{
	"n":       thousands,
	"percent": percent,
	"plural":  plural,
	"deref":   func(n *int) int { return *n },
	"digits":  func(f *float64) string { return decimals(*f) },
	"pair":    pair,
	"anchor":  textAnchor,
	"signed":  coefficient,
	"share":   func(f float64) string { return decimals(100*f) + "%" },
}

// thousands writes a count with its thousands set apart.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// percent writes a share with one digit behind the point.
func percent(f float64) string { return strconv.FormatFloat(100*f, 'f', 1, 64) + "%" }

// points writes a difference of shares with its sign.
func points(f float64) string {
	s := strconv.FormatFloat(100*math.Abs(f), 'f', 1, 64)
	switch {
	case s == "0.0":
		return s
	case f < 0:
		return "−" + s
	default:
		return "+" + s
	}
}

// coefficient writes a correlation with its sign and two digits.
func coefficient(f float64) string {
	s := strconv.FormatFloat(math.Abs(f), 'f', 2, 64)
	switch {
	case s == "0.00":
		return s
	case f < 0:
		return "−" + s
	default:
		return "+" + s
	}
}

// at is a place on an axis from 0 to 1, as SVG takes it.
func at(f float64) string {
	return strconv.FormatFloat(100*min(1, max(0, f)), 'f', 3, 64) + "%"
}

func px(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// decimals writes a number with at most three digits that count.
func decimals(f float64) string { return strconv.FormatFloat(f, 'g', 3, 64) }

// visible shows by its code point what would turn the direction of text, end its line, or show as nothing.
func visible(s string) string {
	hidden := func(r rune) bool {
		return unicode.Is(unicode.Cc, r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d' ||
			unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
	}
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, "‹U+%04X›", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
