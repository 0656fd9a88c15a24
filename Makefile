# The course in a few words; `make` lists them. Everything runs inside the environment in .venv, made on first use.
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2

# nbgrader calls `alembic` by its bare name, so the environment's programs come first in the search path.
export PATH := $(abspath $(VENV))/bin:$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 2

.DEFAULT_GOAL := help
.PHONY: help lab env test test-browser lint build demo mutation bench-kernels bench-grading bench-widgets lock clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

lab: env ## open the course in JupyterLab
	jupyter lab --LabApp.default_url=/lab/tree/notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

env: ## make or update the environment in .venv (at once when nothing has changed)
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) on this machine; install Python from https://www.python.org/downloads/ or name yours: PYTHON=/path/to/python make lab" >&2; exit 1; }
	@$(PYTHON) authoring/python_version.py
	@$(PYTHON) authoring/environment.py $(VENV)

test: lint ## lint, then every test
	OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 pytest -n $(JOBS) --dist worksteal

test-browser: env ## work the explorers in JupyterLab and Chromium; screenshots go to .artifacts/screenshots
	pytest tests/browser

lint: env ## check style
	ruff check
	ruff format --check

build: env ## derive notebooks and reference outputs from the author's texts
	python -m authoring.build

demo: env ## grade a made-up class from submission to gradebook
	python -m grading.demo

mutation: env ## test the tests: wrong answers must fail, right ones pass
	python -m tests.exercises.mutation

bench-kernels: env ## time the NumPy kernels (needs the extra: pip install torch)
	python -m benchmarks.kernels

bench-grading: env ## time grading beside nbgrader (beside Otter too: python -m benchmarks.grading --otter PYTHON)
	python -m benchmarks.grading

bench-widgets: env ## time the explorers from a moved control to the new picture
	python -m benchmarks.widgets

lock: env ## choose versions anew from pyproject.toml, keeping those that still fit
	python -m authoring.lock

clean: ## remove what was made here, the environment included
	rm -rf $(VENV) .course build .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
