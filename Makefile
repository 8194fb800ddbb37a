# `make` alone says what there is. Works with GNU make 3.81.
PYTHON ?= python3
RUN = .venv/bin/python

.PHONY: help demo test check bench faults

help:
	@echo "make demo    start everything on this machine, against a pretend Microsoft 365"
	@echo "make test    run the tests that need no service (SQLite)"
	@echo "make check   all checks and all tests, as CI runs them (PostgreSQL, Redis, Chromium)"
	@echo "make bench   measure sync and pages against bare loops"
	@echo "make faults  kill and stop real workers at every step of a change, and count what must not be"

demo:
	@$(PYTHON) scripts/setup.py
	@$(RUN) manage.py demo

test:
	@$(PYTHON) scripts/setup.py --dev
	@TEST_DATABASE_URL= TEST_REDIS_URL= TEST_BROWSER=off $(RUN) -m pytest -n 2

check:
	@$(PYTHON) scripts/setup.py --dev --sdk
	@$(RUN) scripts/check.py

bench:
	@$(PYTHON) scripts/setup.py --dev
	@$(RUN) -m bench $(BENCH)

faults:
	@$(PYTHON) scripts/setup.py --dev
	@$(RUN) -m tests.faults $(FAULTS)
