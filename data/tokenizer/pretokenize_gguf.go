package tokenizer

import (
	"maps"
	"slices"
)

// preTokenizer is what a GGUF's name of a pre-tokenizer stands for: the steps, and what GGUF leaves
// unsaid of the tokenizer.json that the vocabulary came from.
type preTokenizer struct {
	steps      []step
	nfc        bool // its normaliser is NFC
	wholeWords bool // ignore_merges
}

var (
	stepsGPT2      = []step{{kind: stepByteLevel}}
	stepsStarcoder = []step{{kind: stepDigit}, {kind: stepByteLevel}}
	stepsLlama3    = []step{{stepSplit, regexLlama3}}
	stepsQwen2     = []step{{stepSplit, regexQwen2}}
	stepsO200k     = []step{{stepSplit, regexO200k}}
)

// preTokenizers by name. Names: llama.cpp, llama-vocab.cpp. What they stand for: the tokenizer.json of
// the model that a name was made for; "default" is llama.cpp's own, for a GGUF that names none.
var preTokenizers = map[string]preTokenizer{
	"gpt-2": {steps: stepsGPT2},
	"phi-2": {steps: stepsGPT2},
	"mpt":   {steps: stepsGPT2, nfc: true},
	"olmo":  {steps: stepsGPT2, nfc: true},

	"smollm":    {steps: stepsStarcoder},
	"starcoder": {steps: stepsStarcoder},
	"refact":    {steps: stepsStarcoder},
	"command-r": {steps: stepsStarcoder, nfc: true},

	"llama3":    {steps: stepsLlama3, wholeWords: true},
	"llama-v3":  {steps: stepsLlama3, wholeWords: true},
	"llama-bpe": {steps: stepsLlama3, wholeWords: true},
	"dbrx":      {steps: stepsLlama3},
	"falcon3":   {steps: stepsLlama3, wholeWords: true},
	"glm4":      {steps: stepsLlama3, wholeWords: true},

	"qwen2":            {steps: stepsQwen2, nfc: true},
	"deepseek-r1-qwen": {steps: stepsQwen2, nfc: true},
	"qwen35":           {steps: []step{{stepSplit, regexQwen35}}, nfc: true},

	"gpt-4o": {steps: stepsO200k},
	"llama4": {steps: stepsO200k},
	"tekken": {steps: []step{{stepSplit, regexTekken}}, wholeWords: true},

	"deepseek-v3": {steps: []step{{stepSplit, `\p{N}{1,3}`}, {stepSplit, regexDeepseekCJK}, {stepSplit, regexDeepseekLast}}},
	"deepseek-coder": {steps: []step{{stepSplit, `[\r\n]`}, {stepSplit, `\s?\p{L}+`}, {stepSplit, `\s?\p{P}+`},
		{stepSplit, regexDeepseekHan}, {kind: stepDigit}}},
	"deepseek-llm": {steps: []step{{stepSplit, `[\r\n]`}, {stepSplit, regexDeepseekLetters}, {stepSplit, regexDeepseekSigns},
		{stepSplit, `\s+$`}, {stepSplit, regexDeepseekHan}, {kind: stepDigit}}},

	"falcon": {steps: []step{{kind: stepPunctuation}, {kind: stepByteLevel}, {kind: stepDigits}, {stepSplit, `[0-9][0-9][0-9]`}}},
	"default": {steps: []step{{stepSplit, `[\p{P}\$\+<=>\^~\|]+`}, {stepSplit, regexGPT2}, {stepSplit, `\p{N}+`},
		{stepSplit, `[0-9][0-9][0-9]`}}},
}

func knownPreTokenizers() []string { return slices.Sorted(maps.Keys(preTokenizers)) }
