package reward

import (
	"fmt"
	"math"
	"strconv"
)

// jsonKind names a kind for people who read JSON.
func (v pyValue) jsonKind() string {
	switch v.kind {
	case pyNone:
		return "null or missing"
	case pyBool:
		return "a boolean"
	case pyStr:
		return "a text"
	case pyList:
		return "an array"
	case pyDict:
		return "an object"
	}
	return "a number"
}

// showCalls writes calls as a JSON array of {"name","arguments"}, cut after about limit bytes. What
// JSON does not have is written near it: a tuple as an array, another key as its text.
func showCalls(calls []pyCall, limit int) string {
	b := []byte{'['}
	for i, c := range calls {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(append(b, `{"name":`...), pyString(c.name), limit)
		b = append(appendJSON(append(b, `,"arguments":`...), c.args, limit), '}')
		if len(b) > limit {
			break
		}
	}
	return clip(string(append(b, ']')), limit)
}

// showValue writes one value as showCalls does.
func showValue(v pyValue, limit int) string { return clip(string(appendJSON(nil, v, limit)), limit) }

// appendJSON writes a value, or some of it if that is longer than limit.
func appendJSON(b []byte, v pyValue, limit int) []byte {
	if len(b) > limit {
		return b
	}
	switch v.kind {
	case pyNone:
		return append(b, "null"...)
	case pyBool:
		return strconv.AppendBool(b, v.n != 0)
	case pyInt, pyFloat:
		switch {
		case v.s != "":
			return append(b, clip(v.s, limit)...)
		case v.kind == pyFloat && !math.IsInf(v.f, 0):
			return append(b, reprFloat(v.f, true)...)
		case v.kind == pyFloat:
			return strconv.AppendFloat(b, v.f, 'g', -1, 64)
		case longInt(v):
			return fmt.Appendf(b, `"an int of %d bits"`, v.big.BitLen())
		}
		return v.integer().Append(b, 10)
	case pyList, pyTuple:
		b = append(b, '[')
		for i, x := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			if b = appendJSON(b, x, limit); len(b) > limit {
				break
			}
		}
		return append(b, ']')
	case pyDict:
		b = append(b, '{')
		for i, k := range v.dict.keys {
			if i > 0 {
				b = append(b, ',')
			}
			if k.kind == pyStr {
				b = appendJSON(b, k, limit)
			} else {
				b = appendJSON(b, pyString(string(appendJSON(nil, k, limit))), limit)
			}
			if b = appendJSON(append(b, ':'), v.dict.vals[i], limit); len(b) > limit {
				break
			}
		}
		return append(b, '}')
	case pyStr:
		return appendJSONString(b, v.s, limit)
	}
	return appendJSONString(b, clip(pyRepr(v), limit), limit)
}

func appendJSONString(b []byte, s string, limit int) []byte {
	b = append(b, '"')
	for i := 0; i < len(s) && len(b) <= limit; {
		r, n := decodeRune(s[i:])
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r < ' ' || r >= 0xD800 && r < 0xE000:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return append(b, '"')
}
