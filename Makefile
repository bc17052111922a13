# Each target sets up what it needs in .venv; a second call is quick. Needs python3 (3.11 or newer).
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11 python3.14,\
  $(shell command -v $(p) >/dev/null 2>&1 && \
    $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
PIP := $(BIN)/python -m pip install --disable-pip-version-check

.PHONY: help demo serve test test-e2e check quick docs clean
.DELETE_ON_ERROR:

help:
	@echo "make demo    install the light package and run it on generated phantoms (no torch)"
	@echo "make serve   install what the page needs and open it in the browser (no torch)"
	@echo "make test    install everything and run the tests"
	@echo "make quick   the tests without the slow ones"
	@echo "make test-e2e  with real programs on loopback: Orthanc, Chromium, a server under load"
	@echo "make check   ruff, mypy and the layer contracts"
	@echo "make docs    write docs/reference/ again"
	@echo "make clean   remove the environment and caches"

demo: $(VENV)/.light
	$(BIN)/sonolesion demo --out demo --overwrite

serve: $(VENV)/.serve
	$(BIN)/sonolesion serve --open

# Those on loopback with real programs have a target of their own: they take as long as half of these.
test: $(VENV)/.full
	$(BIN)/python -m pytest -m "not e2e"

# Real programs for the tests with a PACS and a browser: installed by root on Debian and Ubuntu, else
# the tests say what is missing and skip.
E2E_PACKAGES := orthanc orthanc-dicomweb dcmtk dicom3tools chromium
test-e2e: $(VENV)/.full
	@if ! dpkg -s $(E2E_PACKAGES) >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
	      --no-install-recommends $(E2E_PACKAGES); } || echo "apt-get failed: what is missing is skipped"; \
	  else echo "To run all of it: sudo apt-get install $(E2E_PACKAGES)"; fi; \
	fi
	$(BIN)/python -m pytest -m e2e tests/e2e

quick: $(VENV)/.full
	$(BIN)/python -m pytest -m "not slow and not mission and not realdata and not e2e"

check: $(VENV)/.full
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.full
	$(BIN)/python docs/generate_reference.py

clean:
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found. Install one, or say: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) -m venv failed. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.light: pyproject.toml | $(BIN)/python
	$(PIP) --quiet --editable .
	@touch $@

$(VENV)/.serve: pyproject.toml | $(BIN)/python
	$(PIP) --quiet --editable ".[serve,dicom]"
	@touch $@ $(VENV)/.light

$(VENV)/.full: pyproject.toml | $(BIN)/python
	$(PIP) --editable ".[train,backbones,dicom,serve,node,dev]"
	@touch $@ $(VENV)/.light $(VENV)/.serve
