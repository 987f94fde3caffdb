# Everything a fresh machine needs: each target sets up what it uses. `make` alone lists the targets.
#
#   PYTHON=python3.12   the interpreter for new virtual environments (default: the newest found)
#   VENV=.venv-312      where they go, to try another Python beside the first
#   SEED=7              the order of the tests; the default keeps a run repeatable
#   JOBS=0              how many processes run the tests; the default is one a core, 0 is this one

VENV   ?= .venv
PYTHON ?=
SEED   ?= 1
JOBS   ?= auto
# A dependency of the core stays the newest, even if a library of an extra is behind with it.
NEWEST_CORE := 'python-dateutil>=4'
# The same examples in every run, so that what is found does not depend on luck.
PROFILE ?= brief
DEMO   ?= review --example --output-dir crmkit-review

PY      := $(VENV)/bin/python
PIP     := -m pip install --quiet --disable-pip-version-check
LOWEST  := .venv-lowest
SPARK   := .venv-spark
NEWEST  := .venv-newest
PINS    := .venv-pins
export PYTHON

# Without the extra for the command line, these have nothing to run on.
CORE_ONLY := --ignore=tests/cli --ignore=src/crmkit/cli

# What must be covered to the last branch: the core, which is everything but what stands around it.
# What runs on Spark has tests of its own: make test-spark.
ON_SPARK := src/crmkit/warehouse/spark.py
CORE := --include='src/crmkit/**' \
        --omit='src/crmkit/cli/**,src/crmkit/intake/**,src/crmkit/testing/**,src/crmkit/__main__.py,$(ON_SPARK)'

# The examples of a page share what it defines, so that a file stays in one process.
PARALLEL := -n $(JOBS) --dist loadfile

COMMA := ,
BENCHMARKS = $(sort $(filter-out benchmarks/_% benchmarks/spark.py,$(wildcard benchmarks/*.py)))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-full test-spark lint check docs test-lowest test-newest reliability \
        bench bench-spark mutation build changelog constraints format clean

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- set-up: one stamp per set of extras; it is redone when a version or a dependency changes ------

$(VENV)/.made:
	@tools/make_venv.sh $(VENV)
	@touch $@

define install
	@echo "installing crmkit[$(1)] into $(VENV) (the first time this takes a minute)"
	@$(PY) $(PIP) -c constraints.txt -e '.[$(1)]'
	@touch $@
endef

$(VENV)/.review: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,review)
$(VENV)/.test: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,review$(COMMA)test)
$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,dev)
$(VENV)/.bench: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,bench)
$(VENV)/.mutation: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,mutation)

# --- the two commands of the README ---------------------------------------------------------------

demo: $(VENV)/.review ## review the example shop: tiers, segments and a report, from nothing
	$(VENV)/bin/crmkit $(DEMO)

test: $(VENV)/.test ## run the tests and every example of the docs, in less than ten minutes
	CRMKIT_RELIABILITY=quick HYPOTHESIS_PROFILE=$(PROFILE) \
	    $(PY) -m pytest $(PARALLEL) --randomly-seed=$(SEED)
	@echo "left out: 100 examples a law instead of 20, and branch coverage (make test-full);"
	@echo "          Spark (make test-spark); the full sizes of crashes, faults and races"
	@echo "          (make reliability)"

# --- the rest of the workshop ---------------------------------------------------------------------

test-full: $(VENV)/.test ## the same with 100 examples a law, and every branch of the core covered
	CRMKIT_RELIABILITY=ci HYPOTHESIS_PROFILE=ci $(PY) -m pytest $(PARALLEL) --randomly-seed=$(SEED) \
	    --cov --cov-report= --cov-fail-under=0
	$(PY) -m coverage report
	@echo "--- the core (shared modules, rooms and storage): every branch"
	$(PY) -m coverage report $(CORE) --fail-under=100

test-spark: $(SPARK)/.test ## the tests of crmkit on Spark (Java is needed), in an environment of their own
	CRMKIT_SPARK=1 HYPOTHESIS_PROFILE=$(PROFILE) $(SPARK)/bin/python -m pytest -q tests/spark

$(SPARK)/.test: pyproject.toml constraints.txt
	@tools/make_venv.sh $(SPARK)
	@$(SPARK)/bin/python $(PIP) -c constraints.txt -e '.[test-spark]'
	@touch $@

reliability: $(VENV)/.test ## crashes, faults, races and damage at release size: one table of promises
	$(PY) tools/reliability.py --size release

lint: $(VENV)/.dev ## ruff (lint and format) and mypy --strict, on the downstream sample too
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	@echo "--- the downstream sample, as a user of the installed package sees it"
	$(PY) -m mypy --strict --config-file=tests/downstream/mypy.ini tests/downstream

format: $(VENV)/.dev ## let ruff format the code and mend what it can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

check: lint test ## lint and test, before a commit

docs: $(VENV)/.dev ## build the documentation site into docs/_build/html
	$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "the site is in docs/_build/html/index.html"

test-lowest: $(LOWEST)/.test ## run the core's tests on the lowest supported dependencies
	$(LOWEST)/bin/python -m pip freeze | grep -i -E '^(attrs|cattrs|python-dateutil)='
	CRMKIT_RELIABILITY=quick HYPOTHESIS_PROFILE=brief $(LOWEST)/bin/python -m pytest -q $(PARALLEL) \
	    --randomly-seed=$(SEED) $(CORE_ONLY)

$(LOWEST)/.test: pyproject.toml constraints.txt tools/lowest_constraints.py
	@tools/make_venv.sh $(LOWEST)
	@$(LOWEST)/bin/python tools/lowest_constraints.py > $(LOWEST)/constraints.txt
	@$(LOWEST)/bin/python $(PIP) -c $(LOWEST)/constraints.txt -e '.[test]'
	@touch $@

test-newest: ## run all tests on the newest releases of everything, constraints.txt left aside
	@tools/make_venv.sh $(NEWEST)
	@$(NEWEST)/bin/python $(PIP) --upgrade --upgrade-strategy eager -e '.[review,test]' $(NEWEST_CORE)
	$(NEWEST)/bin/python -m pip freeze | grep -i -E '^(attrs|cattrs|python-dateutil)='
	$(NEWEST)/bin/python -m pytest -q $(PARALLEL) --randomly-seed=$(SEED)

bench: $(VENV)/.bench ## run every benchmark and print its ratios
	@set -e; for benchmark in $(BENCHMARKS); do echo "--- $$benchmark"; $(PY) $$benchmark; done

bench-spark: $(SPARK)/.test ## hold the kernel on Spark against one query with windows (minutes)
	$(SPARK)/bin/python benchmarks/spark.py

mutation: $(VENV)/.mutation ## mutate money, decision, lifecycle and the tier policies (slow)
	HYPOTHESIS_PROFILE=mutate $(PY) -m mutmut run
	$(PY) -m mutmut results
	$(PY) -m mutmut export-cicd-stats
	$(PY) tools/mutation_score.py mutants/mutmut-cicd-stats.json

build: $(VENV)/.dev ## build wheel and sdist into dist/ and check what they hold
	rm -rf dist
	$(PY) -m build --outdir dist .
	$(PY) tools/check_dist.py dist

changelog: $(VENV)/.dev ## show what the next release will say
	@$(PY) -m towncrier build --draft --version next

constraints: ## pin the newest releases of the development set in constraints.txt
	@tools/make_venv.sh $(PINS)
	@$(PINS)/bin/python $(PIP) --upgrade --upgrade-strategy eager -e '.[dev,bench,mutation]' \
		$(NEWEST_CORE)
	@{ sed -n '/^#/p' constraints.txt; $(PINS)/bin/python -m pip freeze --exclude-editable; } > $(PINS)/new
	@mv $(PINS)/new constraints.txt

clean: ## remove everything that make made, virtual environments too
	rm -rf $(VENV) $(LOWEST) $(NEWEST) $(PINS) $(SPARK) .venv-lifetimes .venv-worktime .venv-transitions
	rm -rf build dist docs/_build mutants crmkit-review
	rm -rf .coverage .coverage.* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache .benchmarks
	find src tests benchmarks examples tools docs -name __pycache__ -type d -prune -exec rm -rf {} +
