version := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

help: ## print the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

build: ## bin/mulligan
	go build -trimpath -ldflags "-X main.version=$(version)" -o bin/mulligan ./cmd/mulligan

demo: ## the whole job on a real small model: finds or builds Ollama, gets the model, runs, exports
	@.ci/demo.sh

test: ## everything, the real model and the Python readers included
	@.ci/test.sh

test-trainers: ## the trainers' own loaders on our exports, and a step of training where a CPU can
	@.ci/test_trainers.sh

quick: ## the tests that need nothing but Go
	go test -short ./...

tokenizers: ## ids against Hugging Face's library on real vocabularies, 100,000 texts each, and the speed of both
	@.ci/tokenizers.sh

proof: ## ids that Ollama's replies were aligned to, against a llama-server with the same file: 2,450 replies
	@.ci/proof.sh

bench: ## speed and memory, as ratios in one run
	@.ci/bench.sh

clean: ## what was built and run here; the cache of Ollama and Python stays
	rm -rf bin demo

.PHONY: help build demo test test-trainers quick tokenizers proof bench clean
