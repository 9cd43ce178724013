# Everything that a newcomer or CI runs. Needs python3 (3.11 or newer), git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-sdv check lab bench clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

# A stamp an extra: installed again when the project file or the pins change.
$(VENV)/.stamp-%: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing niming ($*) into $(VENV)"
	@$(PIP) install --quiet --constraint constraints.txt --editable ".$(if $(filter core,$*),,[$*])"
	@touch $@

demo: $(VENV)/.stamp-core  ## the main job on real data: out/ with data, evidence, certificate, report, ledger
	@$(BIN)/niming demo --out out

test: $(VENV)/.stamp-test  ## all tests (those of the sdv extra skip visibly without it)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-fast: $(VENV)/.stamp-test  ## the fast tests alone
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not sdv"

test-sdv: $(VENV)/.stamp-test  ## install the sdv extra (SDV is BUSL-1.1) and run its tests
	@$(PIP) install --quiet --constraint constraints.txt torch
	@$(PIP) install --quiet --constraint constraints.txt --editable ".[sdv]"
	$(BIN)/python -m pytest -m sdv

check: $(VENV)/.stamp-test $(VENV)/.stamp-check  ## format, lint, types, import contracts, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

lab: $(VENV)/.stamp-lab  ## start JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir=notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

bench: $(VENV)/.stamp-test  ## the benchmarks, each beside its rivals
	$(BIN)/python -m benchmarks utility
	$(BIN)/python -m benchmarks risk --rows 1000000

clean:  ## remove the environment and the demo's output
	rm -rf $(VENV) out
