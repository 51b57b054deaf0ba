# What one does daily. `make` alone lists it.
PYTHON ?= python3
VENV ?= .venv
SCENARIO ?= scenarios/commons.toml
BIN = $(VENV)/bin

.PHONY: help run dashboard test test-all check format docs figures notebooks lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

$(VENV)/.run: requirements/run.txt pyproject.toml
	@echo "Setting up $(VENV) for running scenarios (once, a minute or two) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dashboard: requirements/dashboard.txt pyproject.toml
	@echo "Setting up $(VENV) for the dashboard (once, a minute or two) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dashboard.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@ $(VENV)/.run

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	@echo "Setting up $(VENV) for tests and documentation (once, some minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run $(VENV)/.dashboard

run: $(VENV)/.run ## play a scenario and print the comparison (SCENARIO=scenarios/war.toml plays another)
	@$(BIN)/python run_sim.py "$(SCENARIO)" || { code=$$?; test $$code = 3 || exit $$code; } # 3: a story may mean to fail

dashboard: $(VENV)/.dashboard ## look at scenarios in a browser (SCENARIO=scenarios/war.toml is shown first)
	@$(BIN)/python run_sim.py dashboard "$(SCENARIO)"

test: $(VENV)/.dev ## the whole test suite
	@$(BIN)/python -m pytest -n auto -q $(TESTS)

test-all: ## the whole test suite on every Python found, 3.11 to 3.13
	@for version in 3.11 3.12 3.13; do \
	  if python=$$(.ci/find-python $$version); then \
	    echo "== Python $$version"; \
	    $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version || exit 1; \
	  else echo "== Python $$version is not here"; fi; \
	done

check: $(VENV)/.dev ## lint, format, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## put the code into shape
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

docs: $(VENV)/.dev ## the documentation as pages in build/docs, without network; a warning is an error
	@$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -c docs -d build/doctrees . build/docs
	@echo "Open build/docs/index.html"

figures: $(VENV)/.dev ## draw the pictures of the documentation anew
	@$(BIN)/python docs/figures.py

notebooks: $(VENV)/.dev ## run the notebooks anew and keep what they show
	@$(BIN)/python docs/notebooks.py

lock: ## pin the newest versions anew (needs uv)
	@for kind in run dashboard dev; do \
	  case $$kind in \
	    run) extras="" ;; \
	    dashboard) extras="--extra dashboard -c requirements/run.txt" ;; \
	    dev) extras="--extra dashboard --extra dev -c requirements/dashboard.txt" ;; \
	  esac; \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    $$extras pyproject.toml -o requirements/$$kind.txt || exit 1; \
	done

clean: ## remove environments, caches and runs
	@rm -rf .venv .venv-3.* runs .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
