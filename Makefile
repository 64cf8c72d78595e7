# Every target runs in .venv, which `make install` creates.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
VENDORS := leanplum monetate pendo rudderstack snowplow

# The demo has files of its own, so that it never touches your warehouse.
DEMO := build/demo
DEMO_DATABASE := $(DEMO)/demo.duckdb
DEMO_EVENTS ?= 2000

# For `make bench`: every size can be given, as `python -m benchmarks --help` lists them.
BENCH_SIZES := EVENTS CASES REPEATS GROWTH INCREMENTS SHARE MEMORY_LIMIT JSON_BYTES AVRO_EVENTS ROWS FILES PENDO_EVENTS KEEP RESULTS
option = $(subst _,-,$(shell echo $(1) | tr A-Z a-z))

# For `make load`: VENDOR=pendo URI=path/to/exports
VENDOR ?=
URI ?=

.DEFAULT_GOAL := help
.PHONY: help install demo load build report test lint lint-python lint-sql docs bench clean
.DELETE_ON_ERROR:

help:  ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed  ## Create .venv and install the project and its tools into it

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Installing into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: install  ## Write sample exports of five vendors, load and build them, answer a first question
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	@echo "--- 1/4 Sample exports of five vendors"
	@$(BIN)/sessionhouse sample $(DEMO)/exports --events $(DEMO_EVENTS) --seed 1
	@echo "--- 2/4 Load what is complete"
	@for vendor in $(VENDORS); do \
	    $(BIN)/sessionhouse load $$vendor $(DEMO)/exports/$$vendor --database $(DEMO_DATABASE) || exit $$?; \
	done
	@echo "--- 3/4 Build the models and test the data"
	@SESSIONHOUSE_DATABASE=$(DEMO_DATABASE) $(BIN)/dbt --no-use-colors build \
	    --exclude-resource-type unit_test --exclude-resource-type exposure \
	    > $(DEMO)/build.log || { cat $(DEMO)/build.log; exit 1; }
	@grep -oE 'PASS=.*' $(DEMO)/build.log
	@echo "--- 4/4 A first answer: which RudderStack visitors have the longest sessions on average, in minutes?"
	@SESSIONHOUSE_DATABASE=$(DEMO_DATABASE) $(BIN)/dbt --quiet --no-use-colors show --limit 5 \
	    --select dbt_top_users_by_avg_session_duration
	@echo "Ask another: SESSIONHOUSE_DATABASE=$(DEMO_DATABASE) $(BIN)/dbt show --select how_do_sessions_begin"

load: install  ## Load exports: make load VENDOR=pendo URI=path/to/exports
	@test -n "$(VENDOR)" -a -n "$(URI)" || { echo "Say what: make load VENDOR=pendo URI=path/to/exports" >&2; exit 2; }
	@$(BIN)/sessionhouse load $(VENDOR) $(URI)

build: install  ## Build and test the models on what is loaded
	@$(BIN)/dbt build

report: install  ## Write the report of what is built to report.html
	@$(BIN)/sessionhouse report

test: lint  ## Install what is missing, lint, parse, and run every test
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: install  ## Check style and types of Python and SQL
	@$(MAKE) --no-print-directory --jobs 2 lint-sql lint-python

lint-python: install
	@$(BIN)/ruff format --check --quiet loaders reporting tests benchmarks
	@$(BIN)/ruff check --quiet loaders reporting tests benchmarks
	@$(BIN)/mypy

# In this order: sqlfluff renders models with what the first one has parsed.
lint-sql: install
	@$(BIN)/dbt --quiet --warn-error parse --no-partial-parse --show-all-deprecations
	@$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 models tests/dbt/singular analysis

docs: install  ## Write the documentation of models and lineage to target/static_index.html
	@$(BIN)/dbt --quiet docs generate --static --empty-catalog
	@echo "target/static_index.html"

bench: install  ## Measure beside peers and floors: make bench EVENTS=1000000 CASES=full_build,loading
	@$(BIN)/python -m benchmarks $(foreach size,$(BENCH_SIZES),$(if $($(size)),--$(call option,$(size)) $($(size))))

clean:  ## Remove what the targets made, except .venv and your warehouse
	@rm -rf build target logs .mypy_cache .ruff_cache
