# `make test` does everything: it installs the vendors' packages the tests need
# (apt), then runs every check. It is what CI runs.

GO ?= go
FUZZTIME ?= 30s

.PHONY: test peers check unit race interop bench bench-go bench-crypto fuzz

test: peers check unit race interop
	@echo "all tests passed"

# The vendors' libraries that the conformance tests talk to.
peers:
	sh conformance/peers/install.sh

check:
	@fmt=$$(gofmt -l .); if [ -n "$$fmt" ]; then echo "not gofmt-ed:"; echo "$$fmt"; exit 1; fi
	$(GO) vet -tags interop ./...
	$(GO) vet -tags standin ./conformance
	$(GO) tool staticcheck -tags interop ./...
	$(GO) test -count=1 ./internal/archtest

# Without the race detector: the allocation tests run here only.
unit:
	$(GO) test -count=1 ./...

race:
	$(GO) test -race -count=1 . ./cdr/... ./governance/... ./internal/... ./qos/... ./rtps/... ./security/... ./spi/... ./transport/... ./examples/... ./cmd/... ./benchmarks/matrix ./conformance/attack

# Other vendors' libraries, over loopback, and the openssl program.
interop: peers
	$(GO) test -tags interop -count=1 -timeout 2m ./internal/smime
	$(GO) test -tags interop -count=1 -parallel 8 -timeout 10m ./conformance

# Ours beside Cyclone DDS, Fast DDS and bare UDP: writes benchmarks/RESULTS.md in
# about 20 minutes. BENCHFLAGS=-quick: in a few.
bench: peers
	$(GO) run ./benchmarks/matrix $(BENCHFLAGS)

# Go benchmarks of the stages of the data path.
bench-go:
	$(GO) test -run '^$$' -bench . -benchmem . ./benchmarks/... ./internal/gotype ./internal/history ./internal/reliable ./internal/engine ./transport/udp

# What sealing and opening cost beside the bare cipher: writes
# benchmarks/CRYPTO.md in about a minute.
bench-crypto:
	$(GO) test -run '^$$' -bench '^BenchmarkTable$$' -benchtime 50ms -count 3 ./benchmarks/crypto | $(GO) run ./benchmarks/crypto/table -o benchmarks/CRYPTO.md

# Every fuzz target for FUZZTIME each; `make test` runs their seeds.
fuzz:
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p || exit 1; done; done
