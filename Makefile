# Needs Python 3.10 or newer and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-advice test-peers accuracy mutants bench bench-losses bench-labels pages clean

demo: $(VENV)/.installed
	$(BIN)/losslint --exit-zero fixtures/demo_project

test: $(VENV)/.dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict -p losslint -p losslint_rules -p tests -p benchmarks
	$(BIN)/pytest

# REPOSITORIES: a folder with a checkout OWNER+NAME@COMMIT for each line of
# benchmarks/accuracy/repositories.txt; without it the packages alone are measured.
accuracy: $(VENV)/.dev-installed
	$(BIN)/python -m benchmarks.accuracy $(if $(REPOSITORIES),--repositories "$(REPOSITORIES)")

mutants: $(VENV)/.dev-installed
	$(BIN)/python -m benchmarks.mutants

bench: $(VENV)/.dev-installed
	$(BIN)/python -m benchmarks.speed

# What the losses are compared with is heavy, so it stays out of the tests.
test-peers: $(VENV)/.dev-installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement peers/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement peers/requirements_alone.txt
	$(BIN)/pytest -W default peers

bench-losses: $(VENV)/.dev-installed
	$(BIN)/python -m benchmarks.losses

# What advice from a file of a million labels costs, beside csv.reader alone.
bench-labels: $(VENV)/.dev-installed
	$(BIN)/python -m benchmarks.labels

# Every script that `losslint advise --emit` can write, run; takes some minutes.
test-advice: $(VENV)/.dev-installed
	$(BIN)/pytest tests/advisor/every_script.py

# The pages of the rules come from the rules; a test fails where these are older.
pages: $(VENV)/.dev-installed
	$(BIN)/losslint --rules --isolated --pages docs/rules

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "losslint needs Python 3.10 or newer, and $(PYTHON) is " + sys.version.split()[0] + ": try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

# What pip installs it also compiles, but not what stays where it is.
COMPILE := $(BIN)/python -m compileall -q losslint rules/losslint_rules

$(VENV)/.installed: pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	$(COMPILE)
	@touch $@

$(VENV)/.dev-installed: pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(COMPILE)
	@touch $@ $(VENV)/.installed
