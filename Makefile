# Needs Python 3.11 or newer (with venv), git and make; everything else goes into .venv.
# Options, after the target's name:  make run PORT=9000   make test ARGS="-k tender"   make run PYTHON=python3.12

HOST = 127.0.0.1
PORT ?= 8000
PYTHON =
ARGS =

VENV := .venv
PY   := $(VENV)/bin/python
PIP  := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
UV   := $(VENV)/lock/bin/uv
UV_VERSION := 0.13.9
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

# An environment that was left half made, or whose Python has gone, is made anew.
$(shell [ -x $(PY) ] && [ -e $(VENV)/bin/pip ] || rm -rf $(VENV))

.DEFAULT_GOAL := help
.PHONY: help run test check bench demo-reset demo-month translate lock clean

help:            ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.run        ## start everything, with a demo story the first time: http://localhost:8000
	@exec $(PY) -m webapp.demo serve --host $(HOST) --port $(PORT)

demo-reset: $(VENV)/.run ## throw the demo's data away and tell its story anew
	@$(PY) -m webapp.demo reset --host $(HOST) --port $(PORT)

demo-month: $(VENV)/.run ## play a month of the affiliate programme through in the demo, which may be running
	@$(PY) -m webapp.demo month --host $(HOST) --port $(PORT)

test: $(VENV)/.browser   ## run all tests, on SQLite, PostgreSQL and in a browser, as far as they can be had
	@$(PY) -m pytest -n auto --dist loadgroup $(ARGS)

check: $(VENV)/.dev      ## lint, types, templates, architecture, translations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy webapp
	$(PY) -m djlint templates --lint --quiet
	$(PY) -m pytest tests/test_architecture.py tests/test_translations.py -q

bench: $(VENV)/.dev      ## measure the pages beside bare Flask on this machine
	@$(PY) -m tests.benchmarks $(ARGS)

translate: $(VENV)/.run  ## collect messages from code and templates into the catalogues
	@$(PY) -m flask --app wsgi translate

lock: $(UV)              ## pin what requirements*.in ask for; newest versions with ARGS=--upgrade
	$(COMPILE) $(ARGS) requirements.in --output-file requirements.txt
	$(COMPILE) $(ARGS) requirements-dev.in --output-file requirements-dev.txt

clean:           ## remove .venv and caches; the data in var/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. Each stamp holds a copy of the lock that was installed: pip is called only when it differs.

$(PY):
	@found=; bare=; \
	for p in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  command -v $$p >/dev/null 2>&1 || continue; \
	  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  if $$p -c 'import ensurepip, venv' 2>/dev/null; then found=$$p; break; fi; \
	  bare=$${bare:-$$p}; \
	done; \
	if [ -z "$$found" ] && [ -n "$$bare" ]; then \
	  echo "$$bare has no venv. On Debian or Ubuntu: apt install $${bare##*/}-venv" >&2; exit 1; \
	elif [ -z "$$found" ]; then \
	  echo "Cordée needs Python 3.11 or newer; none was found. If you have one elsewhere: make PYTHON=/path/to/python3 ..." >&2; exit 1; \
	fi; \
	trap 'rm -rf $(VENV); exit 1' HUP INT TERM; \
	$$found -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.run: requirements.txt $(PY)
	@if cmp -s $< $@; then touch $@; else \
	  echo "Installing what Cordée runs on ..."; rm -f $@; $(PIP) -r $< && cp $< $@; fi

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@if cmp -s $< $@; then touch $@; else \
	  echo "Installing what the tests need ..."; rm -f $@; $(PIP) -r $< && cp $< $@; fi

# Without a Chromium on the machine, Playwright's is tried once; the tests say what had to be left out.
# (PostgreSQL: TEST_DATABASE_URL, else the system's, else the one that comes with the test requirements.)
$(VENV)/.browser: $(VENV)/.dev
	@for c in "$$CHROMIUM" chromium chromium-browser google-chrome google-chrome-stable; do \
	  command -v "$$c" >/dev/null 2>&1 && exit 0; done; \
	echo "No Chromium here: trying Playwright's own ..."; \
	$(PY) -m playwright install chromium >/dev/null 2>&1 || true; \
	touch $@

$(UV): $(PY)
	@$(PY) -m venv $(VENV)/lock && $(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
