# The project's commands. `make run` and `make test` do all the set-up they need: Python 3.11 or newer, git and make are enough.
# PYTHON=…       the interpreter for .venv (make test PYTHON=python3.12)
# PYTEST_ARGS=…  for pytest (make test PYTEST_ARGS="tests/unit -x")
# LOCK_ARGS=…    for the resolver (make lock LOCK_ARGS="--upgrade-package mypy")

PYTHON ?=
PYTEST_ARGS ?=
BENCH ?=
LOCK_ARGS ?=
VENV_PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup run test checks lint format web bench wheel lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | awk -F '\t' '{ printf "  make %-8s %s\n", $$1, $$2 }'

setup: ## make .venv, or bring it up to date with pyproject.toml and requirements.lock
	@sh checks/setup.sh "$(PYTHON)"

run: setup ## open the review of the demo change in the browser
	@.venv/bin/exosuit demo

test: setup ## all checks, then all tests: most side by side, then those in chromium one by one; what failed once more
	@status=0; failed=0; \
	ended() { case $$1 in 0 | 5) ;; 1) failed=1 ;; *) status=1 ;; esac; }; \
	$(VENV_PYTHON) -m checks || status=1; \
	$(VENV_PYTHON) -m pytest --cache-clear -m "not browser and not alone" -n auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS); ended $$?; \
	$(VENV_PYTHON) -m pytest -m "browser or alone" $(PYTEST_ARGS); ended $$?; \
	if [ $$failed = 1 ]; then \
		echo "failed tests once more, one by one: what passes only now is unsteady, which is a defect too"; \
		$(VENV_PYTHON) -m pytest --last-failed --last-failed-no-failures none || status=1; \
	fi; \
	exit $$status

checks: setup ## all checks, without the tests
	@$(VENV_PYTHON) -m checks

lint: setup ## ruff, mypy and the import contracts only
	@$(VENV_PYTHON) -m checks format lint types layers

format: setup ## let ruff format and mend what it can
	@$(VENV_PYTHON) -m ruff format . && $(VENV_PYTHON) -m ruff check --fix .

web: ## rebuild the web bundle in src/exosuit/faces/web from web/ (needs Node)
	@sh checks/web.sh

bench: setup ## list the benchmarks, or run one: make bench BENCH=import
	@$(VENV_PYTHON) -m checks.bench $(BENCH)

wheel: setup ## build the wheel and the sdist into dist/
	@rm -rf dist && $(VENV_PYTHON) -m build --no-isolation --outdir dist .

lock: setup ## write requirements.lock anew from the ranges in pyproject.toml
	@$(VENV_PYTHON) -m venv build/lock && build/lock/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.13,<1"
	@build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --group dev --generate-hashes --custom-compile-command "make lock" --system-certs $(LOCK_ARGS) --output-file requirements.lock pyproject.toml

clean: ## remove .venv, caches and built files
	rm -rf .venv build dist web/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
