# Everything one does with a checkout. `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
MINUTES ?= 120
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo up down test soak check lint format types bench lock

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "rowstream needs Python 3.11 or newer; name one with make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages, some 400 MB the first time; this takes a minute or two"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

setup: $(BIN)/.installed ## Make the virtual environment from the lock

demo: setup ## Show a CDC job on a real PostgreSQL, from nothing to documents that follow
	@$(BIN)/rowstream demo

up: setup ## Start the embedded stack
	@$(BIN)/rowstream up

down: setup ## Stop the embedded stack
	@$(BIN)/rowstream down

test: setup ## Run every test on real servers
	$(BIN)/python -m pytest $(PYTEST_ARGS)

soak: setup ## Try random jobs under random faults for MINUTES, until one fails
	MINUTES=$(MINUTES) $(BIN)/python -m tests.model.soak

check: setup lint types ## Run every check that needs no server
	$(BIN)/lint-imports

lint: setup ## Lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup ## Check the types
	$(BIN)/mypy

bench: setup ## Measure against the peers; ARGS="--parts a --scale 0.1" for a part of it
	@$(BIN)/python -m bench $(ARGS)

lock: setup ## Resolve the dependencies anew
	$(BIN)/uv pip compile pyproject.toml --extra embedded --extra bench --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements.lock
