# `make demo` and `make test` do everything on a fresh Debian with python3.11, python3-venv, make and git.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
UV := $(VENV)/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11

.PHONY: demo test bench lock tour clean help
.DEFAULT_GOAL := help

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(UV):
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "WGO needs Python 3.11 or newer: apt install python3.11 python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); echo "Python cannot make a virtual environment: apt install python3-venv"; exit 1; }
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check uv

$(VENV)/.run: $(UV) requirements/run.txt pyproject.toml
	@echo "Setting up (once, under a minute) …"
	@[ -f $(VENV)/.dev ] || $(UV) pip install --quiet --require-hashes -r requirements/run.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(UV) requirements/dev.txt pyproject.toml
	@echo "Setting up what the tests need (once, about a minute) …"
	@$(UV) pip sync --quiet --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

demo: $(VENV)/.run ## Play a week at Acme in a local workspace in the browser; no account, no token
	@$(VENV)/bin/wgo demo

test: $(VENV)/.dev ## Lint, types, walls and every test
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/pytest -q -n 2 --dist loadgroup

bench: $(VENV)/.dev ## Measure speed and memory (docs/performance.md holds our figures)
	@$(VENV)/bin/python -m tests.benchmarks

tour: $(VENV)/.dev ## 30 real changes on real components: what was seen, by whom, how fast
	@$(VENV)/bin/python -m tests.tour

lock: $(UV) ## Renew the hash-pinned requirement files
	@$(COMPILE) --upgrade --group dev pyproject.toml -o requirements/dev.txt
	@$(COMPILE) --upgrade --group build pyproject.toml -c requirements/dev.txt -o requirements/run.txt

clean: ## Remove what was set up here
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache
