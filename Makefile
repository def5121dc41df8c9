# The project's commands. `make` alone lists them; `make scale` and `make test` work from a fresh clone.
#
#   make test PYTHON=python3.13               another interpreter: .venv is remade with it
#   make test PYTHON=python3.13 VENV=.venv13  the same, beside the first one
#   make lock UPGRADE=--upgrade               newer versions; without it, those that still fit are kept

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV = $(or $(shell command -v uv 2>/dev/null),$(BIN)/uv)

# What the environment was made with: the checkout (an editable install points at it) and, where one is
# named, the interpreter. A stamp that says otherwise is of no worth.
SAY_VERSION := import sys; print(sys.version)
MADE_IN := $(shell sed -n 1p $(STAMP) 2>/dev/null)
MADE_WITH := $(shell sed -n 2p $(STAMP) 2>/dev/null)
ifneq ($(MADE_IN),$(CURDIR))
.PHONY: $(STAMP)
else ifdef PYTHON
ifneq ($(MADE_WITH),$(strip $(shell $(PYTHON) -c '$(SAY_VERSION)' 2>/dev/null)))
.PHONY: $(STAMP)
endif
endif

.PHONY: help setup test lint scale course reliability sample soak bench measure lock audit clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s%s\n", $$1, $$2 }' Makefile

setup: $(STAMP)  ## make the environment (.venv) and nothing else

scale: setup  ## the main job: tune five families on real data and write the report
	$(BIN)/python -m harness sweep

course: scale  ## after the main job, the course's statements as experiments, some five minutes more; docs/course.md
	$(BIN)/python -m harness course page=docs/course.md

test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: export MKL_NUM_THREADS = 1
test: export VECLIB_MAXIMUM_THREADS = 1
# In their order: xdist would begin the files of few tests last, and among them are the longest.
test: lint  ## lint, types and tests, on one BLAS thread
	$(BIN)/python -m pytest -n logical --dist loadfile --no-loadscope-reorder

lint: setup  ## style, format and types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

# One seed for all of it, printed first: make reliability SEED=1764172800 tries the same again.
TRY = $(BIN)/python -m tests.reliability $(if $(SEED),--seed $(SEED))

reliability: setup  ## try to lose a result: kills, crash points, limits, disks, damage; the table of docs/reliability.md
	$(TRY) --write docs/reliability.md

sample: setup  ## a seeded sample of `make reliability`, as continuous integration runs it
	$(TRY) --only inline,local,cli,points,disturbed,disk,corruption,fuzz --kills 20 --cli 5 --points 0.05 --pairs 3 \
		--disturbed 1 --disks 2 --corruptions 6 --fuzz 100

soak: setup  ## 1,000 kills with each launcher, for hours
	$(TRY) --only inline,local --kills 1000

# Peers live in an environment of their own, which nothing else uses. BENCH="benchmarks/test_training.py -k 64"
# is a part of it; TORCH=cpu, where PyTorch's own index can be reached, saves Linux the gigabytes of its CUDA.
# OpenBLAS chooses its kernel itself (an inherited choice can halve its speed), and time is the processor's.
BENCH ?= benchmarks
bench:  ## time what we do beside what others do; needs an hour, and a machine that is quiet
	$(MAKE) --no-print-directory VENV=.venv-bench measure

measure: setup
	$(BIN)/python -c 'import jax, torch' 2>/dev/null || \
		$(UV) pip install --quiet --python $(BIN)/python $(if $(TORCH),--torch-backend $(TORCH)) \
			--constraint requirements.lock --no-build-isolation --editable '.[bench]'
	env -u OPENBLAS_CORETYPE OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 \
		$(BIN)/python -m pytest -o addopts=--import-mode=importlib -o timeout=0 -W default --benchmark-timer=time.process_time \
		--benchmark-columns=median,iqr,rounds --benchmark-disable-gc $(BENCH)

# `fewest`: the same versions for every interpreter, because numbers depend on them.
lock: setup  ## remake requirements.lock from pyproject.toml
	$(UV) pip compile pyproject.toml --extra dev --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --no-annotate --no-header --quiet $(UPGRADE) -o requirements.lock
	! grep -n '://' requirements.lock

# Not part of the tests: it asks an advisory database on the network, and fails where none answers (without
# --strict it would call a lock clean of which it found nothing).
audit: setup  ## look the locked versions up in the advisory database (pip-audit, fetched for the occasion)
	$(UV) tool run pip-audit --strict --disable-pip --require-hashes -r requirements.lock

clean:  ## remove the environment and the caches; never the records
	rm -rf $(VENV) .venv-bench build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find conf harness models tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The first interpreter that starts and is new enough: a name on PATH may be a shim of an absent one.
CANDIDATES := $(or $(PYTHON),$(BIN)/python python3 python3.13 python3.12 python3.11)
define FIND_PYTHON
python=; \
for name in $(CANDIDATES); do \
	if "$$name" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
done; \
if [ -z "$$python" ]; then \
	echo "no Python 3.11 or later (tried: $(CANDIDATES));" \
		"install one, or name it: make setup PYTHON=/path/to/python3.12" >&2; \
	exit 1; \
fi
endef

# uv in the version, and with the hashes, that requirements.lock names.
define BOOTSTRAP_UV
if ! $(BIN)/python -m ensurepip >/dev/null 2>&1; then \
	echo "neither uv nor ensurepip found; install one (Debian, Ubuntu: apt install python3-venv)" >&2; \
	exit 1; \
fi; \
sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock; \
$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(VENV)/uv.lock
endef

$(STAMP): requirements.lock pyproject.toml
	@set -euo pipefail; \
	$(FIND_PYTHON); \
	version=$$("$$python" -c '$(SAY_VERSION)'); \
	if [ "$$($(BIN)/python -c '$(SAY_VERSION)' 2>/dev/null)" != "$$version" ]; then \
		echo "making $(VENV) with Python $$version"; \
		"$$python" -m venv --clear --without-pip $(VENV); \
	fi; \
	if [ ! -x $(UV) ]; then $(BOOTSTRAP_UV); fi; \
	$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock; \
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	printf '%s\n%s\n' "$(CURDIR)" "$$version" > $@
