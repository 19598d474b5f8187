// Package audit tells whether a data set deserves to be trained on. It judges every stored reply again,
// computes masks, advantages, ids and digests again, and lists each number that does not agree with where
// it stands; and it describes what is there: rates with intervals, lengths, truncation, leaks,
// duplicates, languages, what rewards go with.
//
// Run is fed prompts in order, from a run or from the rows of an export (Folder), and keeps counts, not texts: ten
// million rollouts take the memory of their counts by length, of an entry for each rollout of an export (its id's beginning and its label), of a digest for each distinct text (of a sample of
// them where there are too many, and the report says so), and of a bounded number of findings. Compare holds two data sets against
// each other, task by task.
//
// # What an interval takes for independent
//
// Prompts, and nothing else. Several retries of one failure are alike, so that intervals of retries and of
// their differences are widened by how much they are (package rate, clustered by prompt). `mulligan status`
// takes every retry as independent: its intervals are somewhat narrower.
package audit
