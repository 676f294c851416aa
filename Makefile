# Everything a person or CI does with Daybook. A machine needs Python 3.11 or later, make and a package index.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
UV := .uv/bin/uv
# A machine behind a proxy knows whom to trust; uv shall ask it, as pip does.
export UV_SYSTEM_CERTS := 1
BIN := .venv/bin
QUICK := $(wildcard tests/house tests/domain tests/store)

.PHONY: help setup run demo lint check test browser screens torture bench fmt docs lock clean

help: ## List the targets.
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

setup: .venv/.ready ## Install everything, hashes checked (done by the other targets).

run: setup ## Start Daybook on this machine with a demonstration study.
	@$(BIN)/daybook up --demo

demo: setup ## Live through two years of a trial in a minute.
	@$(BIN)/daybook demo

lint: setup ## Style, types and import contracts.
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >.venv/imports.log || { cat .venv/imports.log; exit 1; }

check: lint ## Lint and the quick tests, within a minute.
	@$(BIN)/pytest -n 2 --dist loadfile -m "not slow and not torture" $(QUICK)

test: lint browser ## What CI runs: lint and every test, long campaigns at a seeded tenth.
	@$(BIN)/pytest -n 2 --dist worksteal --ignore=tests/browser
	@$(BIN)/pytest -n 2 --dist loadfile tests/browser

browser: ## Install the Chromium that the browser tests look for, where Debian has one and we may.
	@command -v chromium chromium-browser google-chrome >/dev/null || \
	  { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install --no-install-recommends chromium; } || \
	  echo "There is no Chromium here, and none can be installed: the browser tests will say that they tried nothing."

screens: setup browser ## Take the pictures of the README anew.
	@$(BIN)/python -m tests.browser.screens

torture: setup ## Only the long campaigns, in full and with fresh dice.
	@$(BIN)/pytest -n 2 --dist loadfile --campaign=full -m torture --timeout=0

bench: setup ## Measure, and print what was measured.
	@$(BIN)/python -m benchmarks

fmt: setup ## Format, and mend what can be mended.
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

docs: setup ## Write again the pages that tell what stands in the files of the study.
	@$(BIN)/daybook protocol readings cd19-cart-sle@1 >docs/readings.md
	@$(BIN)/daybook reference values 1 >docs/reference-values.md
	@$(BIN)/python -m tests.compliance

lock: $(UV) ## Resolve the dependencies again after a change in pyproject.toml.
	@$(UV) lock --quiet --python $(PYTHON)
	@$(UV) export --quiet --frozen --only-group bootstrap --no-emit-project --no-header --output-file deploy/bootstrap.txt

clean: ## Remove everything that was made here, environments included.
	@rm -rf .venv .uv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV): deploy/bootstrap.txt
	@$(PYTHON) -m venv --clear .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement deploy/bootstrap.txt
	@touch $@

.venv/.ready: pyproject.toml uv.lock $(UV)
	@$(UV) sync --quiet --frozen --all-extras --python $(PYTHON)
	@touch $@
