#!/usr/bin/env bash
# The exports, loaded by the trainers' own classes, with a step where a CPU can. A trainer that cannot be installed
# today is named, the others run, and the result is a failure.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/trainers.sh"
trainers_up
cd "$root"
status=0
MULLIGAN_FULL_TRAINERS=1 go test -count=1 -timeout 60m ./export/exporttest -run '^TestTrainers$' || status=1
[ -z "$trainers_failed" ] || die "NOT RUN:$trainers_failed"
exit $status
