package reward

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxNumberDigits   = 1000 // of one number
	maxNumberExponent = 1000 // behind e, either sign
)

var latexFraction = regexp.MustCompile(`\\[dt]?frac\{(\d+)\}\{(\d+)\}`)

// plainFractions writes \frac{3}{4} as 3/4.
func plainFractions(text string) string {
	if !strings.Contains(text, `frac{`) {
		return text
	}
	return latexFraction.ReplaceAllString(text, "$1/$2")
}

// scanNumber returns the length of the number that a text begins with, without a sign; 0 if none.
func scanNumber(s string) int {
	n := digits(s)
	if n > 0 && n <= 3 {
		for len(s) >= n+4 && s[n] == ',' && digits(s[n+1:min(len(s), n+5)]) == 3 {
			n += 4
		}
	}
	whole := n > 0
	if n < len(s) && s[n] == '.' {
		if f := digits(s[n+1:]); f > 0 {
			n, whole = n+1+f, false
		}
	}
	if n == 0 {
		return 0
	}
	if n+1 < len(s) && (s[n] == 'e' || s[n] == 'E') {
		sign := 0
		if s[n+1] == '-' || s[n+1] == '+' {
			sign = 1
		}
		if e := digits(s[n+1+sign:]); e > 0 {
			return n + 1 + sign + e
		}
	}
	if whole && n+1 < len(s) && s[n] == '/' {
		if d := digits(s[n+1:]); d > 0 {
			end := n + 1 + d
			// 1/2/2024 and 1/2.5 are no fractions
			if end == len(s) || s[end] != '/' && (s[end] != '.' || digits(s[end+1:]) == 0) {
				return end
			}
		}
	}
	return n
}

// scanNumbers calls yield with the place of each number of a text, signs included, until yield
// returns false.
func scanNumbers(s string, yield func(start, end int) bool) {
	slash := false // the text so far ends with number/, so that what follows is no fraction
	for i := 0; i < len(s); {
		c := s[i]
		if (c < '0' || c > '9') && (c != '.' || i > 0 && (s[i-1] == '.' || s[i-1] >= '0' && s[i-1] <= '9')) {
			i++
			continue
		}
		n := scanNumber(s[i:])
		if n == 0 {
			i++
			continue
		}
		if cut := strings.IndexByte(s[i:i+n], '/'); slash && cut > 0 {
			n = cut
		}
		if !yield(signed(s, i), i+n) {
			return
		}
		i += n
		slash = i < len(s) && s[i] == '/'
	}
}

// signed returns where the number at i begins if a sign right before it belongs to it.
func signed(s string, i int) int {
	r, size := utf8.DecodeLastRuneInString(s[:i])
	if r != '-' && r != '+' && r != '−' {
		return i
	}
	before, _ := utf8.DecodeLastRuneInString(s[:i-size])
	if unicode.IsLetter(before) || unicode.IsDigit(before) || strings.ContainsRune(")]}.%", before) {
		return i
	}
	return i - size
}

// lastNumber returns where the last number of a text is; start equals end if there is none.
func lastNumber(s string) (start, end int) {
	scanNumbers(s, func(a, b int) bool {
		start, end = a, b
		return true
	})
	return start, end
}

// eachNumber calls f with the value of each number of a text that can be read.
func eachNumber(ctx context.Context, s string, f func(*big.Rat) error) error {
	err := context.Cause(ctx)
	count := 0
	scanNumbers(s, func(start, end int) bool {
		if count++; count%1024 == 0 {
			err = context.Cause(ctx)
		}
		if err != nil {
			return false
		}
		if value, bad := parseNumber(s[start:end]); bad == nil {
			err = f(value)
		}
		return err == nil
	})
	if err != nil {
		return fmt.Errorf("number: %w", err)
	}
	return nil
}

// parseNumber reads what scanNumbers found, as an exact rational.
func parseNumber(s string) (*big.Rat, error) {
	s = strings.ReplaceAll(strings.Replace(s, "−", "-", 1), ",", "")
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return new(big.Rat).SetInt64(n), nil
	}
	if len(s) > maxNumberDigits+16 {
		return nil, fmt.Errorf("a number of more than %d digits", maxNumberDigits)
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if e, err := strconv.Atoi(s[i+1:]); err != nil || e > maxNumberExponent || e < -maxNumberExponent {
			return nil, fmt.Errorf("an exponent beyond %d", maxNumberExponent)
		}
	}
	numerator, denominator, isFraction := strings.Cut(s, "/")
	r, ok := new(big.Rat).SetString(withoutZeros(numerator))
	if !ok {
		return nil, fmt.Errorf("not a number: %s", clip(s, 40))
	}
	if isFraction {
		d, ok := new(big.Rat).SetString(withoutZeros(denominator))
		if !ok || d.Sign() == 0 {
			return nil, errors.New("a fraction with the denominator 0")
		}
		r.Quo(r, d)
	}
	return r, nil
}

// withoutZeros removes leading zeros, which big.Rat may take for an octal number.
func withoutZeros(s string) string {
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	for len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' {
		s = s[1:]
	}
	return sign + s
}
