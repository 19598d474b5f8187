// Package export writes groups as data that trainers load and auditors read, and checks it.
//
//	DIR/README.md                                  data set card (Hugging Face)
//	DIR/manifest.json                              what is there: rows, bytes, SHA-256; published last
//	DIR/episodes/train-00000-of-00001.parquet      one row a rollout, all that is known of it
//	DIR/failures/train-00000-of-00001.parquet      one row a kept failed attempt, to start a later run from
//	DIR/kto/train-00000-of-00001.parquet           one row a reflection that trains
//	DIR/sequences/train-00000-of-00001.parquet     one row a training sample: token ids, masks, labels, log-probabilities
//	DIR/arrow/train-00000-of-00001.arrow           the rows of episodes as Arrow IPC file
//	DIR/arrow_stream/train-00000-of-00001.arrows   the rows of episodes as Arrow IPC stream
//	DIR/sequences_arrow/train-00000-of-00001.arrow the rows of sequences as Arrow IPC file
//	DIR/<table>_jsonl/train-00000-of-00001.jsonl   the rows of a table as JSON lines
//
// # Rows
//
// The structs Episode, Call, Failure, KTORow and SequenceRow are the schemas: their parquet tags give names, order
// and types of the columns in every encoding. A pointer, an element of a list of pointers, and a list marked optional may be
// NULL; everything else, list elements included, is required. NULL means that a value is not known or does not
// apply: it is never written for 0 or "", nor the other way round.
//
// # Same groups, same bytes
//
// Ids are digests of content. No clock, chance, map order, host name or library version reaches a
// file, unless Options.Times asks for the times of the draws.
//
// # Exact ids
//
// The format sequences takes ids of the engine, and ids that were aligned with its pieces, in contexts that it returned or that are
// rendered as it does. Others, and log-probabilities of which no ratio can be made, end the export, unless Options name them, or
// leave them out and count them.
//
// # Whole or not at all
//
// Files are written under temporary names while an earlier export in the folder stays valid. Then
// its manifest is removed, the new files take their names, and the new manifest is published. After
// a crash at any moment the folder holds the old export, the new one, or one that Check refuses and
// the next export repairs.
package export
