# Everything one does with a checkout. `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
MINUTES ?= 120
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo up down test test-docker proofs soak check lint format types bench lock

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

test: setup ## Run every test on real servers, file by file in two processes with servers of their own; PYTEST_ARGS="-n 0 tests/unit" for a part in one
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

test-docker: setup ## Run the tests that need a Docker engine; PYTEST_ARGS="-m sqlserver" for one database
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[sqlserver,oracle,db2]'
	$(BIN)/python -m pytest -m docker tests/docker $(PYTEST_ARGS)

proofs: setup ## Run what proves a source, and write the table of sources anew
	ROWSTREAM_PROOFS=docs/sources/proofs.json $(BIN)/python -m pytest -m proves $(PYTEST_ARGS)
	$(BIN)/python -m tests.proofs.table

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
	$(BIN)/uv pip compile pyproject.toml --extra embedded --extra bench --extra dev --extra cockroachdb --extra duckdb --extra sqlanywhere --extra sybase --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra cockroachdb --extra db2 --extra duckdb --extra oracle --extra sqlanywhere --extra sqlserver --extra sybase -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o docker/requirements.lock
