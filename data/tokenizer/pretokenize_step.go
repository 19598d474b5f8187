package tokenizer

import (
	"encoding/json"
	"fmt"
)

// Kinds of steps.
const (
	stepSplit       = "Split"                  // by a regular expression; what is between matches is a piece
	stepDigit       = "Digits individual"      // numbers one by one
	stepDigits      = "Digits"                 // runs of numbers
	stepPunctuation = "Punctuation Contiguous" // runs of punctuation
	stepByteLevel   = "ByteLevel"              // by the regular expression of GPT-2; what follows sees bytes
	stepBytes       = "ByteLevel use_regex=false"
)

// step is one part of a pre-tokenizer.
type step struct {
	kind  string
	regex string // of stepSplit
}

// newStages makes the stages of steps.
func newStages(steps []step) ([]splitter, error) {
	var stages []splitter
	bytes := false // steps see the stand-ins for bytes
	for _, s := range steps {
		var stage splitter
		switch {
		case s.kind == stepBytes:
			bytes = true
			continue
		case s.kind == stepByteLevel && !bytes:
			stage, bytes = gpt2{classes()}, true
		case s.kind == stepDigit && !bytes, s.kind == stepDigits && !bytes:
			stage = digits{classes(), s.kind == stepDigit}
		case s.kind == stepDigit, s.kind == stepDigits:
			stage = byteDigits{s.kind == stepDigit}
		case s.kind == stepPunctuation && !bytes:
			stage = punctuation{classes()}
		case s.kind == stepSplit && (!bytes || s.regex == `[0-9][0-9][0-9]`):
			var err error
			if stage, _, err = newSplit(s.regex); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%s %s after ByteLevel: %w; understood there are Digits and Split by [0-9][0-9][0-9]", s.kind, s.regex, ErrNotUnderstood)
		}
		stages = append(stages, stage)
	}
	return stages, nil
}

// readSteps reads the pre-tokenizer of a byte-level tokenizer.json. space: ByteLevel puts a space
// before each stretch that has none.
func readSteps(raw json.RawMessage) (steps []step, space bool, err error) {
	all, err := flatten(raw, "pretokenizers")
	if err != nil {
		return nil, false, err
	}
	levels := 0
	for i, p := range all {
		var s step
		switch p.Type {
		case "Split":
			s, err = readSplit(p.raw)
		case "Digits":
			var o struct {
				Individual bool `json:"individual_digits"`
			}
			err = json.Unmarshal(p.raw, &o)
			if s.kind = stepDigits; o.Individual {
				s.kind = stepDigit
			}
		case "Punctuation":
			o := struct{ Behavior string }{"Isolated"}
			err = json.Unmarshal(p.raw, &o)
			if err == nil && o.Behavior != "Contiguous" {
				err = unknown("behavior", o.Behavior, "Contiguous")
			}
			s.kind = stepPunctuation
		case "ByteLevel":
			o := struct {
				Space bool `json:"add_prefix_space"`
				Regex bool `json:"use_regex"`
			}{Space: true, Regex: true}
			err = json.Unmarshal(p.raw, &o)
			if s.kind = stepBytes; o.Regex {
				s.kind = stepByteLevel
			}
			if o.Space && i > 0 {
				err = fmt.Errorf("add_prefix_space behind other pre-tokenizers: %w", ErrNotUnderstood)
			}
			space = o.Space
			levels++
		default:
			err = unknown("type", p.Type, "ByteLevel", "Digits", "Punctuation", "Sequence", "Split")
		}
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", p.Type, err)
		}
		steps = append(steps, s)
	}
	if levels != 1 {
		return nil, false, fmt.Errorf("%d ByteLevel, want 1", levels)
	}
	if last := len(steps) - 1; steps[last].kind == stepBytes {
		steps = steps[:last] // nothing follows that sees bytes
	}
	return steps, space, nil
}

// readSplit reads Split: a regular expression whose matches are pieces of their own.
func readSplit(raw json.RawMessage) (step, error) {
	var o struct {
		Pattern  struct{ Regex, String *string }
		Behavior string
		Invert   bool
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return step{}, err
	}
	if o.Pattern.Regex == nil {
		return step{}, fmt.Errorf("pattern is not a Regex: %w", ErrNotUnderstood)
	}
	_, total, err := newSplit(*o.Pattern.Regex)
	switch {
	case err != nil:
		return step{}, err
	case o.Behavior == "Isolated": // inverted or not: pieces and gaps are the same
	case o.Behavior == "Removed" && o.Invert && total: // drops what is between matches, which is nothing
	default:
		return step{}, fmt.Errorf("behavior %q, invert %t: %w; understood is Isolated, and Removed inverted for regular expressions that match everything",
			o.Behavior, o.Invert, ErrNotUnderstood)
	}
	return step{stepSplit, *o.Pattern.Regex}, nil
}
