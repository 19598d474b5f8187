package openai

import (
	"encoding/json"
	"fmt"
	"strconv"

	"mulligan/data"
)

// readIDs reads a list of token ids; null and nothing are nil. A list of anything else is an error
// that names the field and the place.
func readIDs(field string, raw json.RawMessage) ([]int32, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if raw[0] != '[' {
		return nil, fmt.Errorf("%s is a JSON %s: want a list of token ids", field, kind(raw[0]))
	}
	ids := []int32{}
	for i := 1; i < len(raw); {
		switch c := raw[i]; {
		case c == ',' || c == ']' || c == ' ' || c == '\n' || c == '\t' || c == '\r':
			i++
		default:
			end := i
			for end < len(raw) && raw[end] != ',' && raw[end] != ']' && raw[end] > ' ' {
				end++
			}
			v, err := strconv.ParseInt(string(raw[i:end]), 10, 32)
			if err != nil {
				return nil, fmt.Errorf("%s[%d] is a JSON %s: want a token id", field, len(ids), kind(c))
			}
			ids = append(ids, int32(v))
			i = end
		}
	}
	return ids, nil
}

// kind names a JSON value by its first byte.
func kind(c byte) string {
	switch {
	case c == '"':
		return "string"
	case c == '[':
		return "array"
	case c == '{':
		return "object"
	case c == 'n':
		return "null"
	case c == 't' || c == 'f':
		return "boolean"
	}
	return "number that is no 32-bit integer"
}

// numbered is an entry of a list of log-probabilities that names its token.
type numbered struct {
	id      int32
	logprob float32
}

// place gives each id the log-probability of its entry, where entries are those of some of the ids,
// in order. An id has one only if every way to place all entries gives it the same; NaN otherwise.
func place(ids []int32, entries []numbered) ([]float32, error) {
	first, last := make([]int, len(entries)), make([]int, len(entries))
	at := 0
	for i, e := range entries {
		for at < len(ids) && ids[at] != e.id {
			at++
		}
		if at == len(ids) {
			return nil, fmt.Errorf("log-probability %d is of token %d, which the reply does not hold there", i, e.id)
		}
		first[i] = at
		at++
	}
	at = len(ids) - 1
	for i := len(entries) - 1; i >= 0; i-- {
		for ids[at] != entries[i].id {
			at--
		}
		last[i] = at
		at--
	}
	logprobs := make([]float32, len(ids))
	for i := range logprobs {
		logprobs[i] = data.Unknown()
	}
	for i, e := range entries {
		if first[i] == last[i] {
			logprobs[first[i]] = e.logprob
		}
	}
	return logprobs, nil
}
