#!/usr/bin/env bash
# make test: everything. Nothing is skipped: what the tests compare with is installed first.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/engine.sh"
. "$(dirname "$0")/python.sh"
cd "$root"
need go "https://go.dev/dl"
say "format and vet"
unformatted=$(gofmt -l $(git ls-files '*.go' 2>/dev/null || find . -name '*.go'))
[ -z "$unformatted" ] || die "gofmt would change: $unformatted"
go vet ./...
logged build make -s build
python_up
export MULLIGAN_FULL=1
say "go test ./... (all but the real model)"
go test -timeout 30m -skip '^TestRealModel$' ./...
# The real model runs alone: its threads spin, and what runs beside them makes it crawl.
engine_up smollm2:135m
export MULLIGAN_OLLAMA=$ENDPOINT
say "go test -run RealModel: the whole job on a real model"
go test -timeout 30m -count=1 -v -run '^TestRealModel$' ./cmd/mulligan
