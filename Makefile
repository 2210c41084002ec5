# Two commands set everything up: `make study` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps

# tests/export/test_timm.py, and no other test, sees timm: in a folder of its own, without the torchvision that it asks for
WITH_TIMM := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(VENV)/with-timm -c constraints.txt timm segmentation-models-pytorch

.DEFAULT_GOAL := help
.PHONY: help study test slow smoke baseline kernels lowest thorough lint format shipped docs validate simulate accuracy fits shift paper-checks reality data data-check wheel clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# torch comes first and pinned: asked for together with the rest, pip may consider newer builds
$(STAMPS)/run: pyproject.toml constraints.txt | $(BIN)/python
	@mkdir -p $(STAMPS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(STAMPS)/test: $(STAMPS)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	$(WITH_TIMM)
	@touch $@

$(STAMPS)/lab: $(STAMPS)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[lab]'
	@touch $@

$(STAMPS)/report: $(STAMPS)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[report]'
	@touch $@

study: $(STAMPS)/report ## the main job: a vision backbone for the iPhone 12 under 2 ms
	$(BIN)/dsim study --device iphone12 --budget 2ms

# two workers with one thread each: more threads than cores make the small matrices of this project slower
test: $(STAMPS)/test ## the tests: units and small cases, in under five minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not slow"

slow: $(STAMPS)/test ## the slow tests: whole roads, large cases, servers
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m slow --durations 10

kernels: $(STAMPS)/test ## the numeric tests under the matrix kernels of other processors, each with a fresh cache; by hand
	$(BIN)/python -m lab.validate.kernels

lowest: $(STAMPS)/test ## the fast tests with the oldest versions that pyproject.toml allows, in an environment of its own; by hand
	@mkdir -p build
	$(BIN)/python -m lab.validate.lowest > build/lowest.txt
	$(PYTHON) -m venv --clear build/lowest
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check -c build/lowest.txt -e '.[test]'
	OMP_NUM_THREADS=1 build/lowest/bin/python -m pytest --numprocesses 2 --dist loadfile -m "not slow"

smoke: $(STAMPS)/test ## walk the three main roads with the installed command and an empty cache, in under four minutes
	$(BIN)/python -m lab.validate.smoke

# before a change that should move no prediction, and after it; on one machine the two agree
baseline: $(STAMPS)/run ## record every held-out prediction and four studies in build/baseline.json; BEFORE=FILE compares with an earlier record
	@mkdir -p build
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.validate.baseline record build/baseline.json
	$(if $(BEFORE),$(BIN)/python -m lab.validate.baseline compare $(BEFORE) build/baseline.json)

thorough: $(STAMPS)/test ## every test with all its cases: 200 designs traced, each structure through LiteRT, 100,000 designs walked
	DSIM_THOROUGH=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: $(STAMPS)/test ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMPS)/test ## let ruff format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# wanted after a change of bundled figures, of stored graphs or of how latency is learned; what is old is never used, only slow
shipped: $(STAMPS)/run ## learn anew what comes with dsim so that first runs are quick; about 30 minutes
	$(BIN)/python -m lab.validate.facts
	$(BIN)/python -m lab.validate.held_out --fresh
	$(BIN)/python -m lab.validate.held_apart --fresh
	$(BIN)/python -m lab.validate.donor_table

docs: $(STAMPS)/run ## write the held-out tables of lab/notes/ and the run in README and docs/search.md anew
	$(BIN)/python -m lab.validate.profiles --write lab/notes/latency.md
	$(BIN)/python -m lab.validate.fewshot --errors dsim/data/fewshot.csv --write lab/notes/adapting.md
	@echo "fewshot.csv is in the keys of these two, which are stale now:"
	$(BIN)/python -m lab.validate.held_apart --fresh
	$(BIN)/python -m lab.validate.donor_table
	$(BIN)/python -m lab.validate.accuracy --write lab/notes/accuracy.md
	$(BIN)/python -m lab.validate.measured_tables
	$(BIN)/python -m lab.validate.intervals
	$(BIN)/python -m lab.validate.error_parts
	$(BIN)/python -m lab.claims.measured_regret
	$(BIN)/python -m lab.claims.mobilenetv4_pareto
	$(BIN)/python -m lab.validate.readme_run
	$(BIN)/python -m lab.validate.excerpts

validate: $(STAMPS)/run ## predict every family of bundled profiles from the others, and write their cards; NAMES="iphone12 pixel4-dsp" for some
	$(BIN)/python -m lab.validate.profiles $(NAMES)

simulate: $(STAMPS)/run ## treat bundled devices as new, and show what few measurements are worth; NAMES=iphone12 for some, an hour for all
	$(BIN)/python -m lab.validate.fewshot $(NAMES)

accuracy: $(STAMPS)/run ## predict the top-1 of every family from the others, and show how far off that is; about five minutes
	$(BIN)/python -m lab.validate.accuracy

fits: $(STAMPS)/run ## after a change of how models are learned: raise the format of fits if the same data give other digits
	$(BIN)/python -m lab.validate.fits

shift: $(STAMPS)/report ## how the best design moves over eleven profiles: studies/device-shift, its page, and the findings in lab/notes/shift.md
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.claims.device_shift
	$(BIN)/dsim report studies/device-shift --held-out -o studies/device-shift/report.html --png build/device-shift
	cp build/device-shift/*-latency/regret.png lab/notes/shift.png

paper-checks: $(STAMPS)/run ## check the EfficientFormer paper's statements on every profile: studies/paper-checks
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.claims.paper_checks

reality: $(STAMPS)/report ## search against measured networks, and the backtest: studies/reality-check, studies/backtest, lab/notes/reality.md
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.claims.backtest
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.claims.reality_check

data: $(STAMPS)/lab ## make the data that comes with dsim anew out of the raw figures in RAW=DIR (lab/curate/sources.toml names them)
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.curate make $(RAW)

data-check: $(STAMPS)/lab ## say what `make data RAW=DIR` would change, file by file; fails where anything would
	OMP_NUM_THREADS=1 $(BIN)/python -m lab.curate check $(RAW)

wheel: $(STAMPS)/test ## build the wheel, device profiles included
	$(BIN)/python -m build --wheel --no-isolation

clean: ## remove the environment and what was built
	rm -rf $(VENV) $(STAMPS) dist build
