# `make demo` shows what shareornot does; `make test` checks all of it; `make docs` builds the documentation site. All
# need only Python and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test lint docs clean

demo: $(INSTALLED)
	$(BIN)/shareornot demo

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup --jaxtyping-packages=shareornot,beartype.beartype

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(INSTALLED)
	$(BIN)/sphinx-build --builder html --fail-on-warning --keep-going --quiet docs build/docs
	@echo "The documentation: build/docs/index.html"

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else f"shareornot needs Python 3.11 to 3.13, this is {sys.version.split()[0]}; name another with make PYTHON=...")'
	$(PYTHON) -m venv --clear $(VENV) # also over one of another interpreter
	$(BIN)/python -m pip install --quiet --progress-bar off --constraint constraints.txt "torch==2.13.0" # first, so that no other package draws in another build
	$(BIN)/python -m pip install --quiet --progress-bar off --constraint constraints.txt --editable ".[page,train,cluster,spreadsheet,development]"
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
