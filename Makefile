# Two commands: `make run` and `make test` do all set-up. ARGS are passed on: make run ARGS="--port 5107 --data DIR".
SHELL := /bin/bash
PYTHON := .venv/bin/python
ARGS ?=

.PHONY: help setup run peers test check format bench faults flood fuzz soak clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

setup: ## system packages, virtual environment from the lock; nothing to do when they are there
	@bash tools/setup.sh

run: setup ## the map of the city, with simulated feeds: http://localhost:5006/
	@exec .venv/bin/vonglau up $(ARGS)

check: setup ## formatting, lint, types, arrows
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

peers: ## programs that we did not write and that the tests talk to
	@bash tools/peers.sh

test: check peers ## everything that must hold; under 15 minutes on 2 cores
	$(PYTHON) -m pytest -n 4 --dist loadfile -m "not slow" $(ARGS)

format: setup ## put the code in shape
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: setup ## speed, measured against a baseline of the same minute
	@for bench in tests/benchmarks/bench_*.py; do $(PYTHON) $$bench $(ARGS) || exit 1; done

faults: setup ## each source cut, stalled, garbled, doubled, delayed: ARGS="--source simulated_air --fault outage"
	$(PYTHON) -m tests.faults.drill $(ARGS)

flood: setup ## a recorded flood day and what the watch must tell of it: ARGS="--renew" writes the list anew
	$(PYTHON) -m tests.flood_day.flood $(ARGS)

fuzz: setup ## mutated recordings against every parser: ARGS="--seconds 20 --adapter cap"
	$(PYTHON) -m tests.fuzz.fuzz $(ARGS)

soak: setup ## wall and planner in Chromium for hours under trouble: ARGS="--hours 8"
	$(PYTHON) -m tests.soak.soak $(ARGS)

clean: ## the virtual environment and what tools left behind; never data
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache build *.egg-info
