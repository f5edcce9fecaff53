# Two commands for a newcomer: make demo, make test.  Everything happens in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
SOURCES := ocrsynth tests benchmarks docs examples

.PHONY: demo test test-slow lint fix golden bench docs docs-check site wheel-smoke clean

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ocrsynth needs Python 3.11 or newer; set PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module here; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing ocrsynth and its packages into $(VENV), which takes some minutes"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "installing what tests need into $(VENV), which takes some minutes"
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/ocrsynth generate --lang en --seed 7 -n 1000 -o demo/
	$(BIN)/ocrsynth preview --lang en --seed 7 -n 48 -o demo/preview.png

test: lint docs-check
	$(BIN)/pytest -n 2

test-slow: $(VENV)/.installed-dev
	$(BIN)/pytest -m slow

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fix: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.installed-dev
	REGEN_GOLDEN=1 $(BIN)/pytest tests/degrade/test_digests.py

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/bench_import.py
	$(BIN)/python benchmarks/bench_ops.py
	$(BIN)/python benchmarks/bench_presets.py
	$(BIN)/python benchmarks/bench_generate.py
	$(BIN)/python benchmarks/bench_stages.py
	$(BIN)/python benchmarks/bench_memory.py

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/generate.py

docs-check: $(VENV)/.installed-dev
	$(BIN)/python docs/generate.py --check

# Nothing is fetched, neither when it is built nor when it is read; `python -m http.server -d build/site` shows it.
$(VENV)/.installed-docs: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt --editable '.[docs]'
	@touch $@

site: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# A flat layout hides files that are missing from the wheel: install it alone, and run from another folder.
wheel-smoke: $(VENV)/.installed-dev
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m build --wheel --outdir build/wheel . > build/wheel/build.log || { cat build/wheel/build.log; exit 1; }
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/pip --disable-pip-version-check --quiet install --constraint constraints.txt build/wheel/*.whl
	cd build/wheel && venv/bin/ocrsynth generate --lang en -n 10 -o out/ && venv/bin/ocrsynth verify out/

clean:
	rm -rf $(VENV) build dist demo
