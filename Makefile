# On a Debian machine with a Swift toolchain, `make demo` and `make test` do all the set-up there is.

PACKAGES := libzstd-dev zlib1g-dev libisal-dev libxxhash-dev

.DEFAULT_GOAL := build
.PHONY: deps build demo test bench bench-qemu lint format clean help

deps: ## Install the system libraries that are missing
	@scripts/install-missing $(PACKAGES)

build: deps ## Build the command in release: .build/release/multifd
	swift build --configuration release --product multifd

demo: build ## Migrate a running guest between two processes and prove that nothing was lost
	.build/release/multifd demo

test: deps ## Run all tests, one after the other: many run guests, which need the cores
	swift test --no-parallel

bench: build ## Measure channels, modes and deltas on this machine, with pictures, into bench/out
	bench/run

bench-qemu: build ## Compare with QEMU on the same machine, into bench/RESULTS.md; installs QEMU
	bench/qemu/compare.py
	bench/qemu/receive.py

# The formatter does not see comments and strings, which may be somewhat longer than code.
lint: ## Check the formatting
	swift format lint --strict --recursive --configuration .swift-format Sources Tests
	@if LC_ALL=C.UTF-8 git grep --untracked --line-number --extended-regexp '^.{131,}' -- Sources Tests; then \
		echo 'These lines have more than 130 characters: wrap them.' >&2; exit 1; fi

format: ## Correct the formatting
	swift format --in-place --recursive --configuration .swift-format Sources Tests

clean: ## Remove what was built
	swift package clean

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12
