// Package language says what a short text of a model is written in, and whether it is gibberish. It counts scripts by
// Unicode, and tells languages of one script apart by their commonest words and letters; it never guesses: where
// the evidence is thin, the answer is Unknown.
//
// The profiles (words.go) are lists of function words, the commonest first, and of letters, written down for this package.
// They are enough for sentences and small for a program (no model, no download); a name, a formula, a line of code or
// two words of greeting are Unknown.
//
// Measured on translated messages of programs, which are harder than prose, in 39 of the languages that it knows: of 3,900
// paragraphs of four messages it decided 86% and was right in 99.9% of these; of 15,600 single messages of five words and more
// it decided 50% and was right in 99.4%. Of 895 paragraphs in nine languages that it does not know it took 14% for a
// relative of theirs, nearly all of it Malay for Indonesian and Esperanto for Spanish or French.
package language
