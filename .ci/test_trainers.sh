#!/usr/bin/env bash
# make test-trainers: the exports, loaded by the trainers' own classes, with a step where a CPU can, and the adapters inside them. A
# trainer that cannot be installed today is named, the others run, and the result is a failure.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/trainers.sh"
. "$(dirname "$0")/engine.sh"
cd "$root"
need go "https://go.dev/dl"
trainers_up
once "$cache/smollm2" fetch_model
export MULLIGAN_GGUF=$cache/smollm2/model.gguf # for a few steps of the paper's loop with real weights
status=0
export MULLIGAN_FULL_TRAINERS=1
say "go test ./export/exporttest ./export/adapters: loaders of the trainers, adapters inside them"
log=$cache/test-trainers.log
go test -count=1 -timeout 60m -p 1 -v -run '^(TestTrainers|TestAdapters|TestRealModel)$' ./export/exporttest ./export/adapters >"$log" 2>&1 || status=1
grep -E '^ *--- |^(FAIL|ok|panic)' "$log" || true
[ $status = 0 ] || { tail -n 100 "$log"; say "the whole output is in $log"; }
[ -z "$trainers_failed" ] || die "NOT RUN:$trainers_failed"
exit $status
