#!/usr/bin/env bash
# Prints how fast our tokenizers are against Hugging Face's library: the same texts, one core, in turns, in one run.
# ratio above 1: ours is faster. BENCH_VOCABULARIES: a folder with tokenizer.json files, named NAME.json.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/engine.sh"
. "$(dirname "$0")/vocabularies.sh"
. "$(dirname "$0")/python.sh"
cd "$root"
need go "https://go.dev/dl"
if [ -n "${BENCH_VOCABULARIES:-}" ]; then
	export MULLIGAN_VOCABULARIES=$BENCH_VOCABULARIES
elif [ -z "${MULLIGAN_VOCABULARIES:-}" ]; then
	vocabularies_up
fi
[ -n "${MULLIGAN_PYTHON:-}" ] || python_up
"$MULLIGAN_PYTHON" -c 'import tokenizers; assert tokenizers.__version__ == "0.23.3", tokenizers.__version__' ||
	die "$MULLIGAN_PYTHON needs tokenizers 0.23.3"
say "encoding: MB/s of ours and of the library on one core, and their ratio"
GOMAXPROCS=1 go test ./data/tokenizer -run '^$' -bench AgainstRust -benchtime 1x -timeout 30m
say "reading tokenizer.json; one word of 100,000 letters"
go test ./data/tokenizer -run '^$' -bench 'ReadJSON|LongWord' -benchtime 5x -timeout 30m
