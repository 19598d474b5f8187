#!/usr/bin/env bash
# make tokenizers: the ids of every vocabulary against Hugging Face's library, 100,000 texts each (about
# 10 minutes), and the speed of both on one core.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/engine.sh"
. "$(dirname "$0")/python.sh"
. "$(dirname "$0")/vocabularies.sh"
cd "$root"
python_up
vocabularies_up
export MULLIGAN_FULL=1 MULLIGAN_TEXTS=${MULLIGAN_TEXTS:-100000}
say "$MULLIGAN_TEXTS texts for each vocabulary in $MULLIGAN_VOCABULARIES"
go test ./data/tokenizer -timeout 60m -count=1 -v -run HuggingFace
BENCH_VOCABULARIES=$MULLIGAN_VOCABULARIES .ci/bench_tokenizer.sh
