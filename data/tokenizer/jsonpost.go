package tokenizer

import (
	"encoding/json"
	"fmt"
)

// readPostProcessor returns the tokens that a post-processor puts around a single text.
func readPostProcessor(raw json.RawMessage) (prefix, suffix []int32, err error) {
	all, err := flatten(raw, "processors")
	if err != nil {
		return nil, nil, fmt.Errorf("post-processor: %w", err)
	}
	for _, p := range all {
		var before, after []int32
		switch p.Type {
		case "ByteLevel": // changes offsets only
		case "TemplateProcessing":
			before, after, err = readTemplate(p.raw)
		case "BertProcessing", "RobertaProcessing":
			before, after, err = readPair(p.raw)
		default:
			return nil, nil, unknown("post-processor", p.Type, "ByteLevel", "TemplateProcessing", "BertProcessing", "RobertaProcessing", "Sequence")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("post-processor %s: %w", p.Type, err)
		}
		prefix = append(before, prefix...)
		suffix = append(suffix, after...)
	}
	return prefix, suffix, nil
}

// readTemplate reads TemplateProcessing: special tokens around the text, which is sequence A.
func readTemplate(raw json.RawMessage) (before, after []int32, err error) {
	var t struct {
		Single []struct {
			SpecialToken *struct{ ID string }
			Sequence     *struct{ ID string }
		}
		SpecialTokens map[string]struct{ IDs []int32 } `json:"special_tokens"`
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, nil, err
	}
	sequences := 0
	for _, piece := range t.Single {
		switch {
		case piece.Sequence != nil && piece.Sequence.ID == "A":
			sequences++
		case piece.SpecialToken != nil:
			token, ok := t.SpecialTokens[piece.SpecialToken.ID]
			if !ok {
				return nil, nil, fmt.Errorf("special token %q is not among its special_tokens", piece.SpecialToken.ID)
			}
			if sequences == 0 {
				before = append(before, token.IDs...)
			} else {
				after = append(after, token.IDs...)
			}
		default:
			return nil, nil, fmt.Errorf("a piece of its template is neither a special token nor sequence A")
		}
	}
	if sequences != 1 {
		return nil, nil, fmt.Errorf("its template has sequence A %d times, want once", sequences)
	}
	return before, after, nil
}

// readPair reads BertProcessing and RobertaProcessing: cls before and sep after.
func readPair(raw json.RawMessage) (before, after []int32, err error) {
	var t struct{ Cls, Sep []any }
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, nil, err
	}
	id := func(pair []any) ([]int32, error) {
		if len(pair) == 2 {
			if n, ok := pair[1].(float64); ok && n == float64(int32(n)) {
				return []int32{int32(n)}, nil
			}
		}
		return nil, fmt.Errorf("cls and sep: want a token and its id")
	}
	if before, err = id(t.Cls); err != nil {
		return nil, nil, err
	}
	after, err = id(t.Sep)
	return before, after, err
}
