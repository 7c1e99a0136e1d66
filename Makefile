# The newcomer's commands: `make run` and `make test`. Everything is installed into .venv from hashed requirements.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test test-slow coverage check format lint types docs bench lock clean

run: $(VENV)/.run-ready  ## open the dashboard on this machine
	@$(BIN)/tui-monitor

test: $(VENV)/.test-ready  ## all tests, with real servers on loopback
	$(BIN)/python -m pytest -m "not slow" -n 4 --dist worksteal

test-slow: $(VENV)/.test-ready  ## the tests that need many seconds each
	$(BIN)/python -m pytest -m slow -n 2

coverage: $(VENV)/.test-ready  ## the tests, then which share of each room's lines they run; asserts nothing of it
	$(BIN)/python -m pytest -m "not slow" -n 4 --dist worksteal --cov --cov-report=json:build/coverage.json
	@$(BIN)/python -m tests.support.coverage_rooms build/coverage.json

check: $(VENV)/.test-ready lint types test  ## format, lint, types, tests

format: $(VENV)/.test-ready
	$(BIN)/ruff format tui_monitor tests bench fuzz
	$(BIN)/ruff check --fix tui_monitor tests bench fuzz

lint: $(VENV)/.test-ready
	$(BIN)/ruff format --check tui_monitor tests bench fuzz
	$(BIN)/ruff check tui_monitor tests bench fuzz
	$(BIN)/lint-imports

types: $(VENV)/.test-ready
	$(BIN)/mypy

docs: $(VENV)/.test-ready  ## write the parts of docs/ and the example configuration that are made from the code
	$(BIN)/python -m tests.support.generated_docs

bench: $(VENV)/.test-ready  ## measure; prints JSON, asserts nothing
	$(BIN)/python bench/run.py

fuzz: $(VENV)/.test-ready  ## hostile input for every reader: 50,000 inputs each, some minutes; FUZZ="--seed 7 promql" chooses
	$(BIN)/python -m fuzz.run $(FUZZ)

# A Python without ensurepip (Debian without python3-venv) is told so by venv itself.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run-ready: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install -q --require-hashes -r requirements.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test-ready: requirements-dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install -q --require-hashes -r requirements-dev.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run-ready

lock:  ## pin everything anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml requirements.in -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra dev pyproject.toml requirements.in -o requirements-dev.txt

clean:
	rm -rf $(VENV) build *.egg-info
