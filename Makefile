PYTHON ?= python
.DEFAULT_GOAL := help
.PHONY: help fix check test test-all cover bench reproduce schema golden wheel ci

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

fix: ## correct and format the code
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

check: ## lint, types, import order, schema/ up to date
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m basedpyright
	lint-imports
	$(PYTHON) -m pytest -q tests/spec/test_schema.py

test: ## the tests, less those that take more than 20 s
	$(PYTHON) -m pytest

test-all: ## all tests
	$(PYTHON) -m pytest -m "not gpu"

cover: ## the tests, with branch coverage
	$(PYTHON) -m pytest --cov

bench: ## all benchmarks: name, value, bar, ok or short
	@for script in benchmarks/*.py; do \
		if grep -q '__main__' $$script; then $(PYTHON) $$script || exit 1; fi; \
	done

reproduce: ## fine-tune in two stages on data made here: tables, in a quarter of an hour
	$(PYTHON) benchmarks/recipe/reproduce.py

schema: ## write what is generated anew: schema/, parser tables, docs/fidelity.md
	$(PYTHON) -m protonet.spec.schema schema
	$(PYTHON) -m protonet.syntax.table
	$(PYTHON) -m protonet.spec.fidelity docs/fidelity.md

golden: ## write the goldens of tests/diagnostics anew; the diff is the review
	$(PYTHON) -m tests.diagnostics.golden

wheel: ## build dist/*.whl
	$(PYTHON) -m build --wheel

ci: ## what CI runs, in a fresh virtual environment
	.ci/run
