# Everything that is done with this repository; `make` alone lists it. Python and its packages live in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# A stamp says that pip has installed what pyproject.toml and constraints.txt ask for; DEV includes RUNTIME.
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt

# vLLM wants other versions than we do, and lives beside us.
VLLM := .venv-vllm

# The libraries that histories are compared with, too.
BASELINES := .venv-baselines

.DEFAULT_GOAL := help
.PHONY: help ui chat install test test-vllm test-transformers test-ray test-servers test-install walk check fix bench bench-collaborative bench-serving clean

help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  ARGS="..." goes on to the command: make chat ARGS="--user ann", make test ARGS="tests/test_cli.py"'
	@echo '  PYTHON=... chooses the Python (3.11 or newer) that .venv is made with'

ui: $(RUNTIME) ## Open the chat page in a browser; the first time, install and build the index
	$(BIN)/convrec ui $(ARGS)

chat: $(RUNTIME) ## Chat in the terminal
	@$(BIN)/convrec chat $(ARGS)

install: $(DEV) ## Install everything, tests and checks included, into .venv

test: $(DEV) ## Run the tests
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

test-vllm: $(DEV) $(VLLM)/.installed ## Run the tests with vLLM, in .venv-vllm (2.5 GB; Linux, no GPU needed)
	VLLM_PYTHON=$(VLLM)/bin/python $(BIN)/python -m pytest -s tests/engines/test_vllm.py $(ARGS)

test-transformers: $(DEV) ## Run the tests with transformers, as a server and in this process
	$(PIP) --editable '.[serving]'
	$(BIN)/python -m pytest -s tests/engines/test_transformers.py $(ARGS)

test-ray: $(DEV) ## Run the tests with a Ray cluster of two workers on this machine
	$(PIP) --editable '.[ray]'
	$(BIN)/python -m pytest -s tests/cluster $(ARGS)

test-servers: $(DEV) ## Run the tests with Postgres, with a Chroma server and two instances, and of every route by schemathesis
	$(PIP) --editable '.[postgres,servers]'
	$(BIN)/python -m pytest tests/servers $(ARGS)

test-install: $(DEV) ## Build the wheel, and try it in a clean environment (minutes)
	$(BIN)/python -m pytest -s tests/install $(ARGS)

bench-collaborative: $(DEV) $(BASELINES)/.installed ## Compare what histories teach with LensKit and implicit, in .venv-baselines
	$(BIN)/python benchmarks/bench_collaborative.py --baselines $(BASELINES)/bin/python $(ARGS)

walk: $(DEV) ## Walk through the page in Chromium (Debian's package chromium), with screenshots in walk/
	$(PIP) --editable '.[browser]'
	CONVREC_WALK=1 $(BIN)/python tests/browser/walk.py --shots walk $(ARGS)

check: $(DEV) ## Check style, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright

fix: $(DEV) ## Format, and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(DEV) ## Run the benchmarks of turns: about half an hour the first time, eight minutes then
	$(BIN)/python benchmarks/bench_understanding.py
	$(BIN)/python benchmarks/bench_start.py
	$(BIN)/python benchmarks/bench_index.py
	$(BIN)/python benchmarks/bench_turn.py
	$(BIN)/python benchmarks/bench_models.py

bench-serving: $(DEV) ## Measure what serving costs, and 200 conversations at once for five minutes
	$(BIN)/python benchmarks/bench_serving.py $(ARGS)

clean: ## Remove the virtual environments and what tools left behind; catalogues and conversations stay
	rm -rf $(VENV) $(VLLM) $(BASELINES) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "convrec needs Python 3.11 or newer, and '$(PYTHON)' is not: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VLLM)/.installed: tests/engines/requirements-vllm.txt
	@echo "Installing vLLM into $(VLLM) (once; some minutes) ..."
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --requirement $<
	@touch $@

$(BASELINES)/.installed: benchmarks/requirements-baselines.txt
	$(PYTHON) -m venv $(BASELINES)
	$(BASELINES)/bin/python -m pip install --disable-pip-version-check --quiet --requirement $<
	@touch $@

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing convrec into $(VENV) (once; some minutes) ..."
	$(PIP) --editable .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing convrec with its tests and checks into $(VENV) (once; some minutes) ..."
	$(PIP) --editable '.[dev]'
	$(PIP) --no-deps xgrammar apache-tvm-ffi # without triton, which is large, and needed on a GPU only
	@mkdir -p $(VENV)/src && ln -sfn ../.. $(VENV)/src/convrec
	@touch $(RUNTIME) $@
