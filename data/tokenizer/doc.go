// Package tokenizer turns text into the token ids of a model and back, exactly as Hugging Face's
// library (tokenizers 0.23.3) does, which trainers use. What it does not understand it refuses by name
// (ErrNotUnderstood): a token id that is only nearly right trains a model on what it never sampled.
//
// # Sources
//
//	New       a vocabulary as GGUF files and Ollama's verbose show have it
//	ReadJSON  a tokenizer.json
//
// Understood are byte-level BPE (GGUF model "gpt2"; tokenizer.json with ByteLevel: GPT-2, Llama 3, Qwen,
// SmolLM, DeepSeek, gpt-oss, Falcon, Mistral Nemo, ...) and SentencePiece (GGUF model "llama";
// tokenizer.json of BPE with byte_fallback: Llama 2, Mistral, Gemma).
//
// # How a text becomes ids
//
//	text
//	  | added tokens that are not normalised are cut out: leftmost first, of those the longest
//	  | the rest is normalised (NFC, Replace, Prepend)
//	  | added tokens that are normalised are cut out
//	  | the pre-tokenizer cuts the rest into words, in one stage or several
//	  | each word is merged into tokens
//	ids
//	  | AddSpecial: what the tokenizer adds is put around
//
// Pre-tokenizers are scanners written by hand, one for each regular expression, chosen by the exact text of
// the expression in a tokenizer.json or by the GGUF's name of it. The classes of characters that they ask for
// are those of the library, measured there for every character: Unicode 16.0, where Go has 15.0
// (unicodeDifferences). So is NFC, which is that of Unicode 9.0 there (nfcYounger).
//
// # Bytes that are not UTF-8
//
// The library takes only UTF-8; models sample any bytes. Here a byte that is not part of a character is a
// character of its own: no letter, number, white space or punctuation, that nothing combines with, and
// it becomes the token of that byte. So decode(encode(x)) = x for every x, where the vocabulary has all
// bytes, is byte-level and has no normaliser; with NFC it is NFC(x). A vocabulary without a token for a byte loses that byte,
// in the library too.
//
// # What engines do otherwise
//
// Ids of a context that an engine tokenised itself can differ from Encode's in these cases.
// Aligner.EncodeContext gives the engine's where it can, and else says why they are in doubt.
//
//   - llama.cpp, and Ollama's runner of it, never normalise: text that is not NFC (e and U+0301 for é)
//     becomes other ids with Qwen, Command R and GPT-NeoX vocabularies; Options.Raw gives those. GGUF does
//     not record the normaliser; New knows it by the name of the pre-tokenizer.
//   - llama.cpp's contractions fold ASCII only ('ſ is no 's); its classes of
//     characters come from tables of its own; its o200k and tekken take marks for no letters and know upper and lower case of ASCII only.
//   - Ollama's own engine (package tokenizer of v0.17.4) does not normalise either; its \s is ASCII only,
//     so that U+3000 or U+00A0 splits otherwise; it takes a word that is a token whole in every vocabulary, which
//     is right only where ignore_merges is set (Llama 3); bytes that are not UTF-8 become U+FFFD.
//   - Both find control tokens and user-defined ones in any text. So does New, without Options.Plain.
//     Ollama's own engine looks for them in the order of their ids, and not for the longest: Gemma 3's two
//     line feeds are two tokens there.
//
// SentencePiece vocabularies of GGUF files have scores and no merges. New merges by scores, as llama.cpp
// and SentencePiece do. That gives the ids of Gemma 3's tokenizer.json, and for Mistral v0.1 and v0.3 those
// of the merges that transformers makes of scores, but for these cases:
//
//   - llama.cpp puts a space before text also after each added token, as a tokenizer.json with Prepend does.
//     One with Metaspace of scheme "first" (transformers 4.40 and later, legacy=False) does so only where the
//     input begins.
//   - GGUF spells the tokens for runs of spaces with spaces, Gemma's tokenizer.json with U+2581, where they
//     are also found in a text that has U+2581 itself.
//   - More of Gemma's tokens are control tokens in GGUF than are special in its tokenizer.json
//     (<unused0>). llama.cpp also takes </s> and others that it knows by name for control tokens, whatever
//     their type. Both matter only with Options.Plain.
//   - Ollama's own engine (Gemma 3) puts no space before a text, takes a stretch between added tokens that
//     is a token whole, and leaves out bytes without a token.
//   - transformers 5.23.0 orders merges by ids where it makes a tokenizer from a SentencePiece model
//     itself: Llama's and Mistral's runs of spaces before a word become other ids than in training. And it knows no
//     "smollm" pre-tokenizer in GGUF files: white space before a digit becomes other ids.
//
// Pieces that an engine returns, and ids, mean the same everywhere.
//
// # Decoding
//
// Decode gives bytes, not text: a model may stop within a character. Special tokens are spelled out.
// Added tokens stand for their own spelling; the library decodes one of letters like é as if they
// stood for bytes, and shows U+FFFD.
package tokenizer
