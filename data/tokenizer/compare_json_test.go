package tokenizer_test

import (
	"cmp"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"mulligan/data/tokenizer"
)

type object = map[string]any

// byteLevelJSON returns the tokenizer.json of a byte-level vocabulary of SmolLM's pre-tokenizer.
func byteLevelJSON(v tokenizer.Vocabulary) []byte {
	return tokenizerJSON(v, object{
		"pre_tokenizer": object{"type": "Sequence", "pretokenizers": []object{
			{"type": "Digits", "individual_digits": true},
			{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
		}},
		"decoder": object{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
		"model":   object{"type": "BPE", "vocab": ids(v), "merges": v.Merges},
	})
}

// spacedJSON returns the tokenizer.json of a SentencePiece vocabulary, as transformers makes it
// (convert_slow_tokenizer.py, SentencePieceExtractor and LlamaConverter; 4.40 and later, or before: legacy).
func spacedJSON(v tokenizer.Vocabulary, legacy bool) []byte {
	file := object{
		"decoder": object{"type": "Sequence", "decoders": []object{
			{"type": "Replace", "pattern": object{"String": "\u2581"}, "content": " "},
			{"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0},
		}},
		"model": object{
			"type": "BPE", "unk_token": v.Tokens[0], "fuse_unk": true, "byte_fallback": true, "vocab": ids(v), "merges": generateMerges(v),
		},
		"post_processor": object{
			"type": "TemplateProcessing", "pair": []object{},
			"single":         []object{{"SpecialToken": object{"id": "<s>", "type_id": 0}}, {"Sequence": object{"id": "A", "type_id": 0}}},
			"special_tokens": object{"<s>": object{"id": "<s>", "ids": []int{1}, "tokens": []string{"<s>"}}},
		},
	}
	if legacy {
		file["normalizer"] = object{"type": "Sequence", "normalizers": []object{
			{"type": "Prepend", "prepend": "\u2581"},
			{"type": "Replace", "pattern": object{"String": " "}, "content": "\u2581"},
		}}
	} else {
		file["pre_tokenizer"] = object{"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": false}
	}
	return tokenizerJSON(v, file)
}

func tokenizerJSON(v tokenizer.Vocabulary, file object) []byte {
	added := []object{}
	for id, kind := range v.Types {
		if kind >= 2 && kind <= 4 {
			added = append(added, object{
				"id": id, "content": v.Tokens[id], "special": kind != 4,
				"single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
			})
		}
	}
	file["version"], file["added_tokens"] = "1.0", added
	b, err := json.Marshal(file)
	if err != nil {
		panic(err)
	}
	return b
}

func ids(v tokenizer.Vocabulary) map[string]int {
	ids := make(map[string]int, len(v.Tokens))
	for id, token := range v.Tokens {
		ids[token] = id
	}
	return ids
}

// generateMerges returns merges in the order of the scores of what they become, highest first; of one
// token, and of equal scores, those of longer parts first (generate_merges with vocab_scores).
func generateMerges(v tokenizer.Vocabulary) [][2]string {
	type merge struct {
		parts [2]string
		score float32
		left  int // characters
		right int
	}
	known := ids(v)
	var merges []merge
	for id, token := range v.Tokens {
		from := len(merges)
		for i := range token {
			left, right := token[:i], token[i:]
			_, okLeft := known[left]
			_, okRight := known[right]
			if i > 0 && okLeft && okRight {
				merges = append(merges, merge{[2]string{left, right}, v.Scores[id], utf8.RuneCountInString(left), utf8.RuneCountInString(right)})
			}
		}
		slices.SortStableFunc(merges[from:], func(a, b merge) int {
			return cmp.Or(cmp.Compare(known[a.parts[0]], known[b.parts[0]]), cmp.Compare(known[a.parts[1]], known[b.parts[1]]))
		})
	}
	slices.SortStableFunc(merges, func(a, b merge) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.left, a.left), cmp.Compare(b.right, a.right))
	})
	pairs := make([][2]string, len(merges))
	for i, m := range merges {
		pairs[i] = m.parts
	}
	return pairs
}
