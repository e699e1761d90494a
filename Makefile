# Two commands do all the set-up: `make demo` and `make test`. Only Python 3.11+ and make are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := src tests benchmarks

.PHONY: demo lab test browser fuzz check static fix lock wheel clean

demo: $(READY)  ## run the quickstart offline, to the end, on a copy of the shop
	rm -rf build/demo && mkdir -p build && cp -R notebooks build/demo
	env -u ANTHROPIC_API_KEY -u ANTHROPIC_AUTH_TOKEN -u ANTHROPIC_BASE_URL -u ARCHNB_MODEL -u ARCHNB_AGENT \
	  $(BIN)/archnb run build/demo/quickstart.ipynb --html \
	  --approve 'edit:shop/*' --approve 'bash:grep *'
	@echo "Open it in JupyterLab: make lab"

lab: $(READY)  ## open the quickstart in JupyterLab
	$(BIN)/archnb lab notebooks/quickstart.ipynb $(if $(filter 0,$(shell id -u)),--allow-root)

# The tests in a live kernel mostly wait: they run beside the others, and are printed after them.
test: $(READY)  ## every test that needs no browser
	@mkdir -p build
	$(BIN)/python -m pytest tests/kernel > build/kernel-tests.log 2>&1 & live=$$!; \
	$(BIN)/python -m pytest -m "not browser" --ignore=tests/kernel; others=$$?; \
	wait $$live; live=$$?; cat build/kernel-tests.log; exit $$((others || live))

browser: $(READY)  ## the scenarios in a real JupyterLab (needs Chromium)
	ARCHNB_BROWSER=required $(BIN)/python -m pytest -m browser tests/browser

fuzz: $(READY)  ## 200,000 bent command lines against real bash (needs bubblewrap)
	$(BIN)/python -m tests.fuzz --lines 200000 --seed $(or $(SEED),1)

check: static test  ## format, ruff, mypy, floors, tests

static: $(READY)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(READY)  ## format and mend what can be mended
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

lock:  ## pin every dependency, with hashes (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 --group dev --extra lab pyproject.toml -o requirements.lock

wheel: $(READY)
	rm -rf dist && $(BIN)/python -m hatchling build -t wheel

clean:
	rm -rf $(VENV) build dist

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("archnb needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Setting up $(VENV): this takes a minute or two, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
