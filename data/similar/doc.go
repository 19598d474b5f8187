// Package similar finds texts that say the same: exact duplicates, near-duplicates, and texts that share
// wording with an evaluation set.
//
//	Exact            the same tokens                                       streaming, one digest a text
//	Near             Jaccard similarity of the 5-grams of tokens >= 0.8    streaming, MinHash and LSH, verified
//	Decontaminator   an n-gram of 13 words of an evaluation text           built once, read by many
//
// # Two forms of a text
//
// Tokens keeps every sign: it is the form for duplicates, because 3 + 4 and 3 - 4 are two tasks. Words drops
// punctuation and symbols: it is the form for decontamination, as GPT-3 (arXiv 2005.14165, appendix C) and the
// tools after it have it, because a copy with other punctuation is a copy.
//
// # Templates
//
// Tasks of one family share their wording: every Countdown prompt holds the same 13-grams, and any two of them
// may be 80% alike. No n-gram and no MinHash can tell such wording from a copied task by itself. Therefore a
// Decontaminator leaves out n-grams that a good part of an evaluation set holds, and Near can be given the shingles
// that a good part of the texts hold (Common).
package similar
