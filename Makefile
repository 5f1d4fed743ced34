# The logic of the gate is in .ci/run; these are its short names.

.DEFAULT_GOAL := help
.PHONY: help check test race fuzz bench cover lint build prove ci

help:
	@sed -n 's/^\([a-z]*\):.* ## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

check: ## what to run before every push: all but fuzzing and cross-builds
	.ci/run fmt vet tidy staticcheck race law examples vuln

test: ## every test of every module, once
	go test work

race: ## every test under the race detector, in random order
	.ci/run race

fuzz: ## every fuzz target for a short time (DURWARD_FUZZ_TIME=60s for longer)
	.ci/run fuzz

bench: ## the library beside its peers and the bare primitives, as docs/benchmarks.md has it
	go run ./bench/cmd/table

cover: ## what share of the statements the tests run, by function
	go test -coverprofile=cover.out work
	go tool cover -func=cover.out

lint: ## gofmt, vet, go mod tidy, staticcheck and the law of imports
	.ci/run fmt vet tidy staticcheck law

build: ## bin/durward, for this machine
	CGO_ENABLED=0 go build -trimpath -o bin/ ./server/cmd/durward

prove: ## the proofs of docs/reliability.md, in about 15 minutes (FULL=1 at their whole size, in hours)
	DURWARD_FULL=$(FULL) .ci/prove

ci: ## the whole gate, as it runs for every change
	CI=true .ci/run
