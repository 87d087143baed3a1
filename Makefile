# make test does all: installs the vendors' packages the tests need (apt), then
# runs every check. It is what CI runs.

GO ?= go
FUZZTIME ?= 30s

.PHONY: test check peers unit race bench fuzz

test: peers check race
	@echo "all tests passed"

# The vendors' libraries the conformance tests talk to.
peers:
	sh conformance/peers/install.sh

check:
	@fmt=$$(gofmt -l .); if [ -n "$$fmt" ]; then echo "not gofmt-ed:"; echo "$$fmt"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -count=1 ./internal/archtest

# Without the race detector: the allocation tests run here only.
unit:
	$(GO) test -count=1 ./...

race: unit
	$(GO) test -race -count=1 $$($(GO) list ./... | grep -v -e /conformance$$ -e /benchmarks/)

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./benchmarks/... ./internal/gotype

# Every fuzz target for FUZZTIME each (not part of make test, which runs the seeds).
fuzz:
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; done; done
