# make run    sets up and starts the explorer        make test   sets up and passes all tests
# make screenshots   takes the pictures of docs/tour.md from the running explorer
PORT ?= 8501
RUN = .venv/bin/python -m
.PHONY: run test check benchmark screenshots
.DEFAULT_GOAL := run

run:
	@scripts/environment.sh requirements.txt
	@echo "Tensorscope: http://127.0.0.1:$(PORT)"
	@$(RUN) streamlit run app.py --server.port $(PORT)

test: check
	@scripts/browser.sh
	@$(RUN) pytest

check:
	@scripts/environment.sh requirements.txt requirements-test.txt
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

benchmark:
	@scripts/environment.sh requirements.txt requirements-test.txt benchmarks/requirements.txt
	@scripts/browser.sh
	@$(RUN) benchmarks

screenshots:
	@scripts/environment.sh requirements.txt requirements-test.txt
	@scripts/browser.sh
	@$(RUN) scripts.screenshots
