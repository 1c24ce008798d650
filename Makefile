# One command each: `make demo` runs everything on this machine, `make test` tests it. `make help` lists the rest.
# Every path is relative, so the checkout may lie in a path with blanks and Chinese characters.

PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet
PORT ?= 8000
# With a bundle beside us (made by `make bundle` on another machine) no network is needed.
FROM := $(if $(wildcard bundle/*.whl),--no-index --find-links bundle,)

export PORT
export PYTHONUTF8 := 1
export PIP_ROOT_USER_ACTION := ignore
.DEFAULT_GOAL := help
.PHONY: help demo up test lint format types layers migrations deploy-check docs bench bench-peers chaos ci bundle bundle-check bundle-intact upgrade-check clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

demo: .venv/runtime ## the whole platform with the demo estate on http://127.0.0.1:8000 (PORT=… chooses another)
	@$(PY) manage.py demo

up: .venv/runtime ## the whole platform, empty
	@$(PY) manage.py up

test: .venv/dev ## every test this machine can run; the end lists what it left out
	@$(PY) -m pytest --numprocesses 3 --dist loadfile

lint: .venv/dev ## ruff, and the layers
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

format: .venv/dev ## write the code as ruff would
	@$(PY) -m ruff format .

types: .venv/dev ## mypy
	@$(PY) -m mypy

layers: .venv/dev ## who may import whom
	@$(PY) -c 'import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())'

migrations: .venv/dev ## models and migrations agree
	@$(PY) -W ignore manage.py makemigrations --check --dry-run  # no database is running; the models are what is asked

deploy-check: .venv/dev ## the checks of a production installation
	@$(PY) -m pytest -q tests/datagene/test_production.py

docs: .venv/dev ## documentation names everything it must
	@$(PY) -m pytest -q tests/architecture

bench: .venv/dev ## how fast this machine reads, profiles and checks (BENCH="--rows 100000 census" for less)
	@$(PY) -m benchmarks $(BENCH)

bench-peers: .venv/dev ## the same work by DataHub, Soda Core and Great Expectations, each installed for it in an environment of its own
	@$(PY) -m benchmarks --peers $(BENCH)

ci: ## what the build server runs
	@.ci/run

chaos: .venv/dev ## the job ledger under injected faults (SEED=… draws others), and the long fault tests
	@$(PY) -m tests.hostile.faults.chaos $(if $(SEED),--seed $(SEED))
	@$(PY) -m pytest -q -m chaos tests/hostile

bundle: .venv/runtime ## all wheels in bundle/, for a machine without a network (DEV=1: test tools too; PLATFORM=… for another)
	@$(PY) deploy/bundle.py $(if $(DEV),--dev) $(if $(PLATFORM),--platform $(PLATFORM)) $(if $(PYTHON_VERSION),--python-version $(PYTHON_VERSION))

bundle-check: .venv/runtime ## installs bundle/ into a new environment without a network
	@$(PY) deploy/bundle.py --check $(if $(DEV),--dev)

upgrade-check: .venv/runtime ## upgrades a running demo platform from an earlier commit (REV=…; some minutes)
	@$(PY) -u deploy/upgrade_check.py $(REV)

bundle-intact:
	@if [ -d bundle ]; then cd bundle && sha256sum --check --quiet --strict SHA256SUMS || { echo 'bundle/ is not what was made: copy it again' >&2; exit 1; }; fi

clean: ## remove what can be made again; the data stays (its place: make demo prints it)
	@rm -rf .venv bundle bundle.partial staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment ---------------------------------------------------------------------------------------------------
# A stamp is younger than the file it stands for; an interrupted installation leaves none and is done again.

.venv/runtime: requirements.txt | .venv/bin/python
	@$(MAKE) --no-print-directory bundle-intact
	@echo "installing requirements (once; a few minutes)"
	@$(PIP) install $(FROM) --requirement requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt requirements.txt | .venv/bin/python
	@$(MAKE) --no-print-directory bundle-intact
	@echo "installing requirements and test tools (once; a few minutes)"
	@$(PIP) install $(FROM) --requirement requirements-dev.txt
	@touch $@ .venv/runtime

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo 'Python is missing. Run: apt-get install -y make python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1 | cut -d' ' -f2). Name one: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; \
		echo 'On Debian 12 or newer: apt-get install -y make python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'Python cannot make virtual environments here. Run: apt-get install -y make python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
