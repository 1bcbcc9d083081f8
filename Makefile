# make demo   set everything up and run the main job        make test   set everything up and pass all tests
# make check  formatters, linters, types, layer rules       make wheel  build an installable wheel in dist/
# make bench  benchmarks against peers (needs wrk, nginx)   make bless  rewrite the golden files

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUST_SOURCES := $(shell find crates -name '*.rs' -o -name 'Cargo.toml') Cargo.toml Cargo.lock
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt

.PHONY: setup demo run test test-rust test-python check wheel bench bless clean

setup: $(VENV)/.built

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	@command -v cargo >/dev/null || { echo "A Rust toolchain (cargo 1.89 or newer) is needed: https://rustup.rs"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'maturin>=1.16,<2'
	touch $@

# maturin installs the package itself (editable) and, with the extra, what the tests need.
$(VENV)/.built: $(VENV)/.installed $(RUST_SOURCES)
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked --extras dev --quiet
	touch $@

demo: setup
	$(BIN)/kilobar demo

test: setup test-rust test-python

test-rust:
	PROPTEST_RNG_SEED=20261120 cargo test --profile quick --locked --workspace --quiet

test-python: setup
	$(BIN)/python -m pytest

check: setup
	cargo fmt --all --check
	cargo clippy --profile quick --locked --workspace --all-targets --quiet -- -D warnings
	$(BIN)/ruff format --check python tests bench examples/python
	$(BIN)/ruff check python tests bench examples/python
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: $(VENV)/.installed
	$(BIN)/maturin build --release --locked --out dist

bench: setup
	$(BIN)/python bench/run_all.py

bless: setup
	KILOBAR_BLESS=1 $(BIN)/python -m pytest -q tests/unit tests/golden

clean:
	rm -rf $(VENV) target dist
