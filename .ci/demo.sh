#!/usr/bin/env bash
# make demo: the whole job on a real small model, from tasks to Parquet.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/engine.sh"
cd "$root"
need go "https://go.dev/dl"
say "building mulligan"
logged build make -s build
engine_up smollm2:135m
mkdir -p demo
# A run belongs to one plan; the address of the server is no part of it.
if ! cmp -s docs/examples/function_calls.yaml demo/example.yaml || ! diff -rq docs/examples/prompts demo/prompts >/dev/null; then
	rm -rf demo/run demo/prompts
	cp docs/examples/function_calls.yaml demo/example.yaml
	cp -r docs/examples/prompts demo/prompts
fi
sed "s|http://127.0.0.1:11434|$ENDPOINT|" demo/example.yaml >demo/plan.yaml
say "bin/mulligan doctor demo/plan.yaml"
bin/mulligan doctor demo/plan.yaml
say "bin/mulligan run demo/plan.yaml   (about 2 minutes; Ctrl-C is safe: the same command goes on)"
bin/mulligan run demo/plan.yaml --dir demo/run
say "bin/mulligan audit demo/run --html demo/report.html"
bin/mulligan audit demo/run --html demo/report.html | sed -n '1,5p'
say "try next:  open demo/report.html               the audit as a page, and the rollouts to read"
say "           bin/mulligan show demo/run          one prompt; what trains is marked"
say "           bin/mulligan check demo/run demo/run/export"
say "           bin/mulligan export demo/run --for trl --skip no_tokens --to demo/trl"
