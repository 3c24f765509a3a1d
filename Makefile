# The four commands of this house. Everything lives in .venv; nothing is installed outside it.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# As many as the smallest machine has cores: with more, browsers wait longer than their tests do.
WORKERS ?= 2
SOURCES := api bot handoff retrieval kb_content store
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: run test test-long deeper check bench bench-answers bench-channels bench-desk bench-studio bench-peers load soak chaos mutants browser pictures vectors clean help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(BIN)/python:
	@$(PYTHON) --version >/dev/null 2>&1 || { echo "Firstline needs Python 3.11 or newer as '$(PYTHON)': install it, or run make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing Firstline into $(VENV) (once; a few minutes)"
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "installing what the tests need"
	$(PIP) install -c constraints.txt -e ".[test]"
	@touch $@

run: $(VENV)/.installed ## start everything: API, console, web chat, channels
	@exec $(BIN)/firstline run

# The order is that of tests/conftest.py. Hundreds of short processes are started: none of them compiles our modules anew.
TESTS := PYTHONDONTWRITEBYTECODE= HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

test: $(VENV)/.installed-test ## set up and run all tests but those marked long
	$(TESTS) -m "not long" $(ARGS)

test-long: $(VENV)/.installed-test ## the tests marked long, then three times as many made-up examples
	$(TESTS) -m long $(ARGS)
	DEEPER=3 $(TESTS) -m "not long" --timeout 900 $$(grep -rl "import examples" tests --include=test_*.py) $(ARGS)

deeper: $(VENV)/.installed-test ## the tests that make up their own examples, with ten times as many
	DEEPER=10 HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -n $(WORKERS) --timeout 3600 $$(grep -rl "import examples" tests --include=test_*.py) $(ARGS)

check: $(VENV)/.installed-test ## lint, types, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-test ## speed, as ratios in one run
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench

bench-answers: $(VENV)/.installed-test ## how many questions of public data are answered, and how often rightly
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench answers

bench-channels: $(VENV)/.installed-test ## a minute of 20 messages a second over Telegram and Slack
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench channels

bench-desk: $(VENV)/.installed-test ## queue, ticket and search with 100,000 tickets and 1,000,000 messages
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench desk

bench-studio: $(VENV)/.installed-test ## bad and harmless edits, the check of a draft, the worklist on the demo, an import of 2,000 files
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench studio

vectors: $(VENV)/.installed ## make anew the vectors that come with Firstline, after the sample or a model changed
	HF_HUB_OFFLINE=1 $(BIN)/python -m retrieval.shipped

load: $(VENV)/.installed-test ## 60 messages a second by webhook and a burst of 2,000, on both databases and two replicas
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench load

soak: $(VENV)/.installed-test ## 30 minutes at 10 messages a second (ARGS=5: so many minutes)
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench soak $(ARGS)

bench-peers: $(VENV)/.installed-test ## beside open-source peers, installed into .cache/peers (2 GB)
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench peers

chaos: $(VENV)/.installed-test ## talk while everything breaks: ARGS="--messages 10000 --seconds 600 --database postgresql"
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.chaos $(ARGS)

mutants: $(VENV)/.installed-test ## break the claim and send code in the ways that docs/reliability.md lists; a test must fail for each
	HF_HUB_OFFLINE=1 $(BIN)/python -m bench.mutants $(ARGS)

# The one without windows does a fifth less work. Where it cannot be had, the tests use the other.
browser: ## install Chromium for the browser tests (Debian, as root)
	@command -v chromium-headless-shell >/dev/null \
	|| { apt-get update && apt-get install -y --no-install-recommends chromium-headless-shell fonts-noto-cjk; } \
	|| command -v chromium >/dev/null \
	|| apt-get install -y --no-install-recommends chromium fonts-noto-cjk

pictures: $(VENV)/.installed-test ## take the pictures of the README from the running product
	HF_HUB_OFFLINE=1 $(BIN)/python docs/take_pictures.py

clean: ## remove the virtual environment and caches (never the data)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
