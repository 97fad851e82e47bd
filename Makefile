# What is done to this repository. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# go.work names the modules; each is checked and tested without it, as its users
# get it.
MODULE_DIRS := $(shell GOWORK= go list -m -f '{{.Dir}}')
each = for dir in $(MODULE_DIRS); do (cd $$dir && export GOWORK=off && $(1)) || exit 1; done

FUZZTIME ?= 5s

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: test
test: bin/testall ## run the tests of all modules, the root module's with the race detector
	@bin/testall -race .

# govulncheck is not among the checks: it asks a database on the network, so its
# answer changes while the code does not.
.PHONY: check
check: check-format check-build check-static check-tidy check-repo ## everything that can be checked without running the code

.PHONY: check-format check-build check-static check-tidy check-repo
check-format:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
check-build: # the workspace, then each module by itself; vet compiles the tests too
	@go vet $(addsuffix /...,$(MODULE_DIRS))
	@$(call each,go build -o /dev/null ./... && go vet ./...)
check-static: bin/staticcheck
	@$(call each,$(CURDIR)/bin/staticcheck ./...)
check-tidy:
	@$(call each,go mod tidy -diff)
check-repo: # imports, sizes, documentation, api.txt
	@cd tools && GOWORK=off go test -count=1 ./repo

.PHONY: api
api: ## record the exported surface of the root module in api.txt
	@cd tools && GOWORK=off go test -count=1 ./repo -run TestAPIIsRecorded -update

.PHONY: bench
bench: ## compare with other libraries, in one table of ratios
	@cd benchmarks && GOWORK=off go run ./cmd/ratios

.PHONY: bench-gateway
bench-gateway: ## compare the CPU time of the gateway with a plain reverse proxy's
	@go build -o bin/backstay ./cmd/backstay
	@go run ./gateway/internal/costbench -backstay bin/backstay -limit 1.15

.PHONY: traps
traps: ## run every trap against every library, and print the matrix
	@cd traps && GOWORK=off go run ./cmd/matrix

.PHONY: fuzz
fuzz: ## fuzz each target for FUZZTIME (5s)
	@grep -rHoE --include='*_test.go' '^func Fuzz\w+' . | sed -E 's|/[^/]*:func | |' | while read -r dir target; do \
		echo "$$dir $$target"; \
		go test "$$dir" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) </dev/null || exit 1; \
	done

.PHONY: test-long
test-long: ## run the tests of what must not flake fifty times, and fuzz for longer
	@go test -race -count=50 ./gate/... ./breaker ./bulkhead ./ratelimit ./retry .
	@$(MAKE) fuzz FUZZTIME=1m

.PHONY: bin/testall bin/staticcheck
bin/testall: # go build decides whether there is anything to do
	@cd tools && GOWORK=off go build -o ../$@ ./testall
bin/staticcheck: # at the version that tools/go.mod pins
	@cd tools && GOWORK=off go build -o ../$@ honnef.co/go/tools/cmd/staticcheck
