package ollama

import (
	"math"

	"mulligan/data"
	"mulligan/data/tokenizer"
	"mulligan/stages/llm/llmtest"
)

var ReadVocabulary = readVocabulary

// DecideEnd decides between <|im_end|> and <|endoftext|> of these log-probabilities; -Inf: not told.
func DecideEnd(end, other, floor float64, s data.Sampling) (int32, float32) {
	v, err := readVocabulary(llmtest.SpelledVocabulary())
	if err != nil {
		panic(err)
	}
	t, err := tokenizer.New(v)
	if err != nil {
		panic(err)
	}
	var top []logprob
	for name, lp := range map[string]float64{"<|im_end|>": end, "<|endoftext|>": other} {
		if !math.IsInf(lp, -1) {
			top = append(top, logprob{Token: name, Logprob: &lp})
		}
	}
	top = append(top, logprob{Token: "a", Logprob: &floor})
	return rendered{spoken: spoken{Tokenizer: t}}.decide([]int32{0, 2}, top, s)
}
