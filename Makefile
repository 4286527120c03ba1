# vpnaudit. Each target does its own set-up; `make` alone says what there is.
PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# What is started a thousand times (the tests do) is compiled once, whatever the environment says of bytecode.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo programs test lint fuzz docs bench lock clean
help:
	@echo "make demo        a simulated fleet with real faults over real SSH, audited: no device needed"
	@echo "make test        all gates: ruff, mypy, import-linter, documentation, tests"
	@echo "make fuzz        100,000 mutated inputs, attacked expressions, growth of time: minutes, no device needed"
	@echo "make docs        write the generated pages of docs/ and the template index anew"
	@echo "make bench       measure beside ntc-templates, Genie, grep and others, into docs/performance.md"
	@echo "make lock        pin the dependencies anew (requirements/dev.txt, requirements/bench.txt)"

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: $(STAMP)
	$(BIN)/vpnaudit demo

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

programs:
	@sh tests/install_programs.sh

test: $(STAMP) programs lint
	$(BIN)/python -m pytest -n 2

fuzz: $(STAMP)
	$(BIN)/python tests/fuzz/fuzz.py $(FUZZ)

docs: $(STAMP)
	$(BIN)/python -m vpnaudit.parse.index
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/recall.py
	$(BIN)/python docs/upstream.py

$(BENCH)/.ready: requirements/bench.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	touch $@

bench: $(BENCH)/.ready
	PYTHONPATH=src $(BENCH)/bin/python benchmarks/parse_ipsec_sa.py --write
	PYTHONPATH=src $(BENCH)/bin/python benchmarks/scan_log.py --write
	PYTHONPATH=src $(BENCH)/bin/python benchmarks/judge_fleet.py --write
	PYTHONPATH=src $(BENCH)/bin/python benchmarks/collect_fleet.py --write

# Extras stay in the lock: without them an older pip looks for the newest `name[extra]` and refuses it for its hash.
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --no-strip-extras --no-emit-index-url \
  --no-emit-find-links --no-emit-trusted-host --no-header
lock: $(STAMP)
	$(LOCK) --output-file requirements/dev.txt pyproject.toml requirements/dev.in
	$(LOCK) --output-file requirements/bench.txt pyproject.toml requirements/bench.in

clean:
	rm -rf $(VENV) $(BENCH) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
