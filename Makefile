# Afterline: `make build` is the whole nightly run, `make test` the whole test suite. See README.md.

SITE ?=
WAREHOUSE ?= warehouse
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := site/site.yml

.DEFAULT_GOAL := help
.PHONY: help build test coverage lint lock clean
.DELETE_ON_ERROR:

help: ## what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

build: $(READY) $(if $(SITE),,$(DEMO)) ## the nightly run: the demo site, or SITE=path/to/site.yml [WAREHOUSE=folder]
	@$(BIN)/afterline build --site "$(or $(SITE),$(DEMO))" --warehouse "$(WAREHOUSE)"

test: $(READY) ## the test suite
	@$(BIN)/python -m pytest -n 2

# some seven minutes on two cores: the table that tests/analysis/test_coverage.py draws a few of again
coverage: $(READY) ## how often the 95 % intervals cover, over 1,000 made-up studies a line
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.analysis.coverage 1000

lint: export AFTERLINE_BUILD_DB := $(CURDIR)/dbt_project/target/lint/afterline.duckdb
lint: export AFTERLINE_LANDING_DB := $(CURDIR)/dbt_project/target/lint/landing.duckdb
lint: $(READY) ## style of Python and SQL, and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	@# the SQL is checked as dbt compiles it, and dbt wants files to connect to: two empty ones will do
	@mkdir -p dbt_project/target/lint
	@$(BIN)/python -c "import duckdb, os; duckdb.connect(os.environ['AFTERLINE_LANDING_DB']).close()"
	$(BIN)/sqlfluff lint dbt_project --processes 2

# made again by hand when pyproject.toml changes; versions and hashes only, whatever index is in use
lock: ## make .requirements.lock again (needs uv)
	uv pip compile --universal --python-version 3.11 --group dev pyproject.toml --generate-hashes --no-annotate \
	  --no-header --no-emit-index-url --no-emit-find-links --no-strip-extras -o .requirements.lock

# site/ and warehouse/ stay: they may hold more than the demo
clean: ## away with the environment and the caches
	rm -rf $(VENV) dbt_project/target dbt_project/logs logs .pytest_cache .mypy_cache .ruff_cache .hypothesis

# without options, afterline synthesize writes the demo: its patients and its seed are fixed there
$(DEMO): | $(READY)
	@$(BIN)/afterline synthesize site

# exactly what the lock names, then the checkout itself; the stamp is written last, so a broken set-up starts again
$(READY): .requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
