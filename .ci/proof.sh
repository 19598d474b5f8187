#!/usr/bin/env bash
# make proof: Ollama's ids against llama-server's, on 2,450 replies (about half an hour on 2 cores), and the
# contexts of 500 odd texts.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/engine.sh"
. "$(dirname "$0")/llama.sh"
cd "$root"
engine_up smollm2:135m
llama_up smollm2:135m
export MULLIGAN_OLLAMA=$ENDPOINT MULLIGAN_LLAMA_SERVER MULLIGAN_PROOF=${MULLIGAN_PROOF:-2450}
go test ./stages/llm/ollama -timeout 4h -count=1 -v -run '^(TestProof|TestContexts)$'
