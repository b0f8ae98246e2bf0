# Coeval's commands. `make help` lists them. Everything is done by the scripts in tools/, which
# say what they do; nothing here does work twice.
.DEFAULT_GOAL := help
.PHONY: check help lint setup build demo test prove bench format tidy install clean
PYTHON := .venv/bin/python
PREFIX ?= /usr/local
# CI=true (set by .ci/run) turns `make test` into the strict `make check`.
ifeq ($(CI),false)
override CI :=
endif

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## install what is missing: Debian packages and .venv
	@tools/bootstrap.sh $(if $(CI),--check)

build: setup ## a release build in build/release: the command, its plugin, the Python extension
	@tools/build.sh release coeval coeval_arrow _core

demo: setup ## the whole road on real data: examples/flights
	@tools/build.sh release coeval coeval_arrow _core
	@tools/demo.sh

test: setup ## every test; ends with "N passed, N failed"
	@$(PYTHON) tools/run_tests.py $(if $(CI),check,test)

check: ## make test and warnings as errors, sanitizers, fuzzers, clang-tidy
	@tools/bootstrap.sh --check
	@$(PYTHON) tools/run_tests.py check

lint: ## clang-tidy over every C++ file; what was clean and did not change costs nothing
	@tools/bootstrap.sh --check
	@$(PYTHON) tools/run_tests.py lint

prove: setup ## the long proofs: large random runs, soaks; writes dated results
	@$(PYTHON) tools/run_tests.py prove

bench: setup ## benchmarks beside their peers
	@$(PYTHON) tools/run_tests.py bench

format: ## clang-format over all C++ files
	@git ls-files --cached --others --exclude-standard '*.h' '*.cc' | xargs -r clang-format-19 -i

tidy: ## the tree checks itself
	@python3 tools/tidy.py

install: build ## install into PREFIX (/usr/local)
	@cmake --install build/release --prefix "$(PREFIX)" --strip

clean: ## remove what was built (not .venv)
	@rm -rf build dist
