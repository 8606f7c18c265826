# Everything a person or CI runs. `make` alone prints this help. The work itself is done by the programs named below.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# Compiled bytecode halves every start of Airflow, whatever the caller's environment says.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPATH := $(CURDIR):$(CURDIR)/plugins:$(CURDIR)/simulator

# make test: REQUIRE_ALL=1 turns each skip for a missing tool into a failure; T= chooses tests, ARGS= adds options,
# WORKERS= is the number of processes that share the work (0: all in one); one more than cores, as some wait for Airflow.
REQUIRE_ALL ?=
T ?= tests
WORKERS ?= 3
ARGS ?=
# make chaos: the seed of the first run, and how many runs.
SEED ?= 1
RUNS ?= 10

.DEFAULT_GOAL := help
.PHONY: help demo stop reset status shell venv test check check-format check-lint check-types check-sql check-rooms format bench chaos lock

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo:  ## Start everything, export the demo invoices and say where to look
	@$(PYTHON) -m demo.runner demo

stop:  ## End all processes of the demo; its data stays
	@$(PYTHON) -m demo.runner stop

reset:  ## End all processes of the demo and delete its data
	@$(PYTHON) -m demo.runner reset

status:  ## Show what runs
	@$(PYTHON) -m demo.runner status

shell:  ## A shell whose ledgerline, airflow and psql work on the demo (ARGS="ledgerline check" runs one command)
	@$(PYTHON) -m demo.runner shell $(ARGS)

venv:  ## Make the virtual environment from the pinned requirements
	@$(PYTHON) -m demo.runner venv

test:  ## Run the tests (T=tests/runner chooses, REQUIRE_ALL=1 forbids skipping for a missing tool)
	@$(PYTHON) -m demo.runner test-env
	REQUIRE_ALL=$(REQUIRE_ALL) $(PY) -m pytest -n $(WORKERS) $(T) $(ARGS)

check: check-format check-lint check-types check-sql check-rooms  ## Format, lint, types, SQL lint and the architecture test

check-format: venv
	$(VENV)/bin/ruff format --check .

check-lint: venv
	$(VENV)/bin/ruff check .

check-types: venv
	$(VENV)/bin/mypy include/billing_sync include/stores plugins/qbo_hook simulator/qbo_simulator demo/runner

check-sql: venv
	$(VENV)/bin/sqlfluff lint --disable-progress-bar include/sql demo

check-rooms: venv
	$(PY) -m pytest -q tests/test_architecture.py

format: venv  ## Put code and SQL into the project's shape
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

bench: venv  ## Measure speed, memory and calls, and print a table; takes minutes (ARGS="--only push,idle" chooses, ARGS=--help tells)
	$(PY) -m tests.bench $(ARGS)

chaos: venv  ## Kill processes at random moments and compare both sides (SEED= RUNS=)
	$(PY) -m tests.chaos --seed $(SEED) --runs $(RUNS)

lock: venv  ## Compile the pinned requirement files anew for Python 3.11 to 3.14
	$(PY) -m pip install --quiet uv
	$(PY) -m uv pip compile --universal --python-version 3.11 --only-binary :all: --no-header --output-file requirements.txt requirements.in
	$(PY) -m uv pip compile --universal --python-version 3.11 --only-binary :all: --no-header --output-file requirements-dev.txt requirements-dev.in
