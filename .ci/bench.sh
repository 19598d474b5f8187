#!/usr/bin/env bash
# make bench: what docs/performance.md reports. Ratios are taken within one run, because machines are noisy.
# BENCH_PROMPTS (default 1000000) sets the size of the long run.
. "$(dirname "$0")/lib.sh"
cd "$root"
say "journal: acknowledged records a second against a plain fsync a record"
go test ./pipeline/journal -run '^$' -bench . -benchtime 2s
say "CPU a draw against a bare HTTP loop; start to first request"
go test ./cmd/mulligan -run '^$' -bench . -benchtime 5x
say "Ollama's own client against our reading of its replies"
go test ./stages/llm/ollama -run '^$' -bench . -benchtime 2000x
say "${BENCH_PROMPTS:-1000000} prompts with a scripted engine: peak memory, and resume to the first request"
BENCH_PROMPTS=${BENCH_PROMPTS:-1000000} go test ./pipeline -run '^$' -bench Run -benchtime 1x -timeout 60m
say "verifiers, sources, exports"
go test ./reward ./data/source ./export -run '^$' -bench . -benchtime 1s
