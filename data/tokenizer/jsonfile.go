package tokenizer

import "encoding/json"

// jsonFile is a tokenizer.json of Hugging Face's library, with the parts that differ between
// families left as they are.
type jsonFile struct {
	added         []addedToken
	normalizer    json.RawMessage // nil: none
	preTokenizer  json.RawMessage // nil: none
	postProcessor json.RawMessage // nil: none
	decoder       json.RawMessage // nil: none
	model         jsonModel
}

// jsonModel is the "model" of a tokenizer.json. Options that no family understands (dropout) are
// refused before a family sees it.
type jsonModel struct {
	kind         string      // "type": BPE, Unigram, ...; BPE where the file does not say
	tokens       []string    // by id; "" where no token has that id
	size         int32       // number of tokens, as the library counts them
	scores       []float32   // Unigram: by id
	merges       [][2]string // BPE, in order of rank
	unk          string      // BPE "unk_token"; "": none
	unkID        int32       // Unigram "unk_id"; -1: none
	prefix       string      // "continuing_subword_prefix"
	suffix       string      // "end_of_word_suffix"
	fuseUnk      bool
	byteFallback bool
	ignoreMerges bool
}
