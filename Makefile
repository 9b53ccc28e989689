# make demo | test | test-slow | train-smoke: each sets up .venv first (Python 3.10, about 1.5 GB),
# and again when the requirements change.
# PYTHON=/path/to/python3.10 chooses the interpreter, VENV=folder the environment.
PYTHON ?= python3.10 python3 python
VENV ?= .venv
# Test files run side by side; each process takes about 3 GB.
JOBS ?= 2
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
# The generator of faces of nobody, for tests and training data. Only its files are used, not what it depends on.
GENERATOR := random-face==2021.7.21.1
PIP := $(RUN) -m pip --disable-pip-version-check

# The first of $(PYTHON) that runs and is 3.10 (a pyenv shim may exist and yet not run).
FOUND = $(shell for python in $(PYTHON); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1 && { echo "$$python"; break; }; done)
MISSING = Python 3.10 not found (tried: $(PYTHON)); install it (apt-get install python3.10-venv, or pyenv install 3.10, or conda \
	create -n mfs python=3.10) and run make PYTHON=/path/to/python3.10

.PHONY: demo test test-slow train-smoke setup clean
.DEFAULT_GOAL := demo

demo: $(READY)
	$(RUN) tools/demo.py

test: $(READY)
	$(RUN) -m pytest -n $(JOBS) --dist loadfile

test-slow: $(READY)
	$(RUN) -m pytest -m slow

train-smoke: $(READY)
	$(RUN) tools/train.py -c configs/smoke.yml

setup: $(READY)

# .incomplete marks an environment of ours that was never finished: it is thrown away. A finished one is only brought up to date.
$(READY): requirements.txt setup.py
	$(if $(FOUND),,$(error $(strip $(MISSING))))
	@if [ -e "$(VENV)/.incomplete" ]; then rm -rf "$(VENV)"; fi
	@if [ ! -e "$(VENV)" ]; then \
		echo "Setting up $(VENV) with $(FOUND): a few minutes"; \
		mkdir -p "$(VENV)" && touch "$(VENV)/.incomplete" && "$(FOUND)" -m venv "$(VENV)"; fi
	@$(PIP) install --quiet -r requirements.txt -e ".[dev]"
	@$(PIP) install --quiet --no-deps $(GENERATOR)
	@rm -f "$(VENV)/.incomplete" && touch "$(READY)"

clean:
	@if [ -e "$(READY)" ] || [ -e "$(VENV)/.incomplete" ]; then rm -rf "$(VENV)"; fi
	@rm -rf paddle_mfs.egg-info .pytest_cache
