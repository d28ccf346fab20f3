# attnlab: every command a reader or an author needs. `make` alone lists them.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
RUN := .venv/Scripts/python
else
RUN := .venv/bin/python
endif

.DEFAULT_GOAL := help
.PHONY: help book test quick lab notebooks bench mutants clean env

help: ## list these commands
	@echo "Attention, from Intuition to Variants"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{printf "%-18s %s\n", $$1, $$2}'

env: ## make .venv and install everything pinned
	@$(PYTHON) tools/env.py

book: env ## build the site and serve it on localhost
	@$(RUN) tools/build.py --serve

test: env ## every check: package, exercises, notebooks, book, site in a browser (some: STAGES="book links site")
	@$(RUN) tools/check.py $(STAGES)

quick: env ## the checks for daily work, in a minute or two
	@$(RUN) tools/check.py --quick

lab: env ## open the notebooks in JupyterLab
	@$(RUN) tools/lab.py

notebooks: env ## execute again the notebooks whose source or package changed
	@$(RUN) tools/sync.py

bench: env ## measure the kernel on this chip, beside torch and ONNX Runtime
	@$(RUN) benchmarks/attention.py

mutants: env ## break the package's core on purpose and count what the tests catch
	@$(RUN) tools/mutants.py

clean: ## remove what was built and fetched (not .venv)
	rm -rf _build .vendor build src/*.egg-info .pytest_cache .hypothesis
	find book src tests tools -name __pycache__ -type d -exec rm -rf {} +
