# Everything a person or CI does with this checkout. Needs python3.11, make and a package registry.
PYTHON ?= python3.11
BIN := .venv/bin
# Old versions of make cannot keep the lines of one target together.
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
PACKAGES := backend bot migrations miniprogram_api wechat_simulator
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help run test check types lint contracts architecture bench accept screenshots lock format clean

help:  ## Show these targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/.run: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes --no-deps -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
# Where PYTHONDONTWRITEBYTECODE is set, as in many containers, every process would compile us anew: twice the start.
	@$(BIN)/python -m compileall -q $(PACKAGES)
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	$(PIP) --no-compile --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

run: .venv/.run  ## Start the demo: web, bot and WeChat simulator; Ctrl-C stops all
	@$(BIN)/gongjue run-demo

test: .venv/.dev  ## Run every test on SQLite and PostgreSQL
	$(BIN)/python -m pytest -n auto --maxprocesses=4 --dist=worksteal

check: .venv/.dev  ## Lint, format, types, import contracts, migrations
	@$(MAKE) --no-print-directory --jobs=2 --keep-going $(TOGETHER) types lint contracts architecture

types: .venv/.dev
	$(BIN)/mypy

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

contracts: .venv/.dev
	$(BIN)/lint-imports

architecture: .venv/.dev
	$(BIN)/python -m pytest tests/architecture

bench: .venv/.dev  ## Measure votes against bare Flask and pgbench, and reminders; writes var/bench.json
	$(BIN)/python -m bench

accept: .venv/.dev  ## One line with its figure per acceptance item (takes a while)
	$(BIN)/python -m tests.acceptance

screenshots: .venv/.dev  ## Draw docs/screenshots anew from a small rehearsal (needs Chromium)
	$(BIN)/python -m tests.screenshots

format: .venv/.dev  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.dev  ## Renew the hashed locks (hashes only, no addresses)
	$(BIN)/uv lock --upgrade
	$(BIN)/uv export -q --no-emit-project --no-header --no-annotate --no-dev --group build --format requirements.txt > requirements.lock
	$(BIN)/uv export -q --no-emit-project --no-header --no-annotate --group build --format requirements.txt > requirements-dev.lock

clean:  ## Remove the environment and all local data
	rm -rf .venv var build *.egg-info
