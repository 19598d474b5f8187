package source

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The JSON forms of the values of typed formats.

func appendBool(dst []byte, b bool) []byte   { return strconv.AppendBool(dst, b) }
func appendInt(dst []byte, n int64) []byte   { return strconv.AppendInt(dst, n, 10) }
func appendUint(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) }

// appendFloat appends the shortest number that reads back the same. NaN, which Python's table
// libraries write for a missing number, is null.
func appendFloat(dst []byte, f float64, bits int) ([]byte, error) {
	switch {
	case math.IsNaN(f):
		return append(dst, "null"...), nil
	case math.IsInf(f, 0):
		return nil, fmt.Errorf("%g has no JSON form", f)
	}
	form := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(dst, f, form, -1, bits), nil
}

// appendString appends text, which must be UTF-8.
func appendString(dst, text []byte) ([]byte, error) {
	if at := invalidUTF8(text); at >= 0 {
		return nil, fmt.Errorf("byte %d: not valid UTF-8", at+1)
	}
	return appendText(dst, string(text)), nil
}

// appendBytes appends bytes of no declared kind: as text if they are UTF-8, else in base64.
func appendBytes(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return appendText(dst, string(b))
	}
	return appendText(dst, base64.StdEncoding.EncodeToString(b))
}

// appendText appends valid UTF-8 as a JSON string.
func appendText(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

func appendDate(dst []byte, days int64) []byte {
	return appendText(dst, time.Unix(days*86400, 0).UTC().Format(time.DateOnly))
}

func appendTime(dst []byte, t time.Time) []byte {
	return appendText(dst, t.UTC().Format(time.RFC3339Nano))
}

func bigInt(n int64) *big.Int { return big.NewInt(n) }

// bigEndian reads a two's complement number.
func bigEndian(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// appendDecimal appends n / 10^scale with all its digits.
func appendDecimal(dst []byte, n *big.Int, scale int) []byte {
	if scale <= 0 {
		return append(dst, new(big.Int).Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-scale)), nil)).String()...)
	}
	digits := new(big.Int).Abs(n).String()
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	if n.Sign() < 0 {
		dst = append(dst, '-')
	}
	return slices.Concat(dst, []byte(digits[:len(digits)-scale]), []byte("."), []byte(digits[len(digits)-scale:]))
}
