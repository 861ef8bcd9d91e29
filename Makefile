.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
# What one process compiled, the next ones find.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test lint bench trust pictures lock clean

help: ## show what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed node_modules/.installed ## start the demo: everything it needs, then the addresses; Ctrl-C stops it
	@$(BIN)/flask up --demo

test: $(VENV)/.installed-dev node_modules/.installed $(VENV)/.browser ## install what the tests need and run them all
	@$(BIN)/pytest -n 3 --dist worksteal $(TESTS)

lint: $(VENV)/.installed-dev ## style, types and the fall of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.installed-dev node_modules/.installed ## measure ratios to the hello anchor; a table and JSON
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.console
	@$(BIN)/python -m benchmarks.pushes

trust: $(VENV)/.installed-dev node_modules/.installed ## crash, loss and load trials with real fsync (minutes)
	@$(BIN)/pytest -n 0 trials

pictures: $(VENV)/.installed-dev node_modules/.installed $(VENV)/.browser ## take the manual's pictures anew from a demo of their own (minutes)
	@PYTHONPATH=. $(BIN)/python bin/take-pictures

lock: $(VENV)/.installed-dev ## resolve requirements*.in anew, with hashes
	@for set in requirements requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header $$set.in --output-file $$set.txt; done

clean: ## remove the environments; the demo's data in ./instance stays
	rm -rf $(VENV) node_modules

$(VENV)/bin/python:
	@bash bin/make-venv $(PYTHON) $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing the locked requirements …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing the locked requirements for development …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.installed

node_modules/.installed: package-lock.json | $(VENV)/.installed
	@bash bin/install-front-end $(VENV)
	@touch $@

$(VENV)/.browser: | $(VENV)/bin/python
	@bash bin/install-browser
	@touch $@
