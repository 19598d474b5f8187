package reward

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// longInt reports whether v is an int that Python refuses to write in decimal.
func longInt(v pyValue) bool {
	if v.big == nil || v.big.BitLen() < 14_284 {
		return false
	}
	return v.big.BitLen() > 14_290 || len(strings.TrimPrefix(v.big.String(), "-")) > maxIntDigits
}

// pyRepr is Python's repr of a literal: not of a container.
func pyRepr(v pyValue) string {
	switch v.kind {
	case pyNone:
		return "None"
	case pyBool:
		if v.n != 0 {
			return "True"
		}
		return "False"
	case pyInt:
		return v.integer().String()
	case pyFloat:
		return reprFloat(v.f, true)
	case pyComplex:
		if v.f == 0 && !math.Signbit(v.f) {
			return reprFloat(v.im, false) + "j"
		}
		sign := "+"
		if math.Signbit(v.im) {
			sign = ""
		}
		return "(" + reprFloat(v.f, false) + sign + reprFloat(v.im, false) + "j)"
	case pyBytes:
		return "b" + reprText(v.s, true)
	}
	return reprText(v.s, false)
}

func reprFloat(f float64, point bool) string {
	switch {
	case math.IsInf(f, 0):
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, 64), "+"))
	case math.IsNaN(f):
		return "nan"
	}
	e := strconv.FormatFloat(f, 'e', -1, 64)
	exp, _ := strconv.Atoi(e[strings.IndexByte(e, 'e')+1:])
	if exp < -4 || exp >= 16 {
		return e
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if point && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func reprText(s string, bytes bool) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b := []byte{quote}
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if !bytes {
			r, n = decodeRune(s[i:])
		}
		switch {
		case r == rune(quote) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ' || r == 0x7F || bytes && r > 0x7F || r > 0x7F && r < 0x100 && !unicode.IsPrint(r):
			b = fmt.Appendf(b, `\x%02x`, r)
		case r > 0x7F && !unicode.IsPrint(r) && r < 0x10000:
			b = fmt.Appendf(b, `\u%04x`, r)
		case r >= 0x10000 && !unicode.IsPrint(r):
			b = fmt.Appendf(b, `\U%08x`, r)
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return string(append(b, quote))
}
