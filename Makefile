# `make`: set up .venv and build the default results. `make test`: set up and test.
PYTHON ?= python3
# nproc itself obeys OMP_NUM_THREADS, which means threads of a library and not cores.
CORES ?= $(shell env -u OMP_NUM_THREADS nproc 2>/dev/null || echo 2)
VENV := .venv
STAMP := $(VENV)/.installed
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Libraries must not each start as many threads as there are cores beside the jobs of Snakemake.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
# HTCondor's library would warn before each run where there is no HTCondor.
export CONDOR_CONFIG ?= /dev/null

NUMBERS := docs/numbers

.PHONY: results install test test-slurm slurm browser reliability benchmarks quick lint docs smoke leaderboard clean
results: install
	snakemake --cores $(CORES)

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hh4b needs Python 3.11 or newer")'
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

# A plan uses one core. A workflow that runs its jobs uses all cores, but not all the time: two go side by side.
test: install
	pytest -n $(CORES) -m "not workflow or plan"
	pytest -n 2 --dist loadscope --no-loadscope-reorder -m "workflow and not plan"

# A Slurm of one node in a temporary folder, the smoke study through it and without it, compared.
test-slurm: slurm install
	HH4B_SLURM_STUDY=smoke pytest -rs tests/workflow/test_slurm.py

# Debian packages for tests. Where they cannot be installed those tests are skipped, with the reason.
debian = @($(1)) >/dev/null || test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null \
	|| (timeout -k 10 150 sh -c 'apt-get -qq update -o Acquire::Retries=1 -o Acquire::http::Timeout=20 && \
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y -o DPkg::Lock::Timeout=30 --no-install-recommends \
	$(2)' </dev/null >/dev/null 2>&1) || echo "$(2) cannot be installed"
slurm:
	$(call debian,command -v slurmctld && command -v munged,slurm-wlm munge)
browser:
	$(call debian,command -v chromium || command -v chromium-browser,chromium)

# Ten minutes of damaged files, the smoke study killed on this machine and through Slurm, what Slurm costs, a plan of
# 10,000 jobs: every number of docs/reliability.md and docs/cluster.md.
reliability: slurm install
	python benchmarks/fuzz.py --seconds 600 --output $(NUMBERS)/fuzz.json
	python benchmarks/kills.py --kills 20 --slurm-kills 6 -o $(NUMBERS)/kills.json --slurm-targets \
	$(addprefix results/smoke/,limits/mixing_spanet_13tev_139ifb.json models/spanet/mixing_joint_tuned/repeat_0/model.pt \
	models/min_dr_dnn_tuned/repeat_0/model.pt tables/table_samples.csv)
	python benchmarks/cluster.py --study small -o $(NUMBERS)/cluster.json
	hh4b numbers fill docs/*.md README.md

# Tables of docs/statistics.md and docs/physics.md that no study makes, from the finished default study; some ten minutes.
SHAPE = python benchmarks/background_shape.py results/datasets/four_b.h5 results/features/$(1)/four_b.h5 \
	results/scores/$(2)/four_b.h5 results/templates/$(3).json --part all -o $(NUMBERS)/$(4).json
benchmarks: install
	python benchmarks/limits_sanity.py -o $(NUMBERS)/limits_sanity.json
	python benchmarks/signal_note_comparison.py -o $(NUMBERS)/signal_note_comparison.json
	python benchmarks/coupling_coefficients.py -o $(NUMBERS)/coupling_coefficients.json
	python benchmarks/transfer_sizes.py results -o $(NUMBERS)/transfer_sizes.json
	python benchmarks/categories.py results --selection mixing_spanet_tuned min_dr_dnn --uncertainties both \
	--edges 0.5 0.8 0.9 0.95 0.975 --replicas 20 -o $(NUMBERS)/categories.json
	$(call SHAPE,min_dr,min_dr_dnn,min_dr_dnn,background_shape)
	$(call SHAPE,mixing_spanet,spanet/mixing_joint,mixing_spanet,background_shape_spanet)
	hh4b numbers fill docs/*.md README.md

quick: install
	pytest -m "not slow and not workflow"

smoke: install
	snakemake --cores $(CORES) --configfile config/scale/smoke.yaml

# A benchmark of pairings, docs/leaderboard.md: events, trainings, one table, one figure.
LEADERBOARD := results/leaderboard
BENCHMARK := snakemake --cores $(CORES) --configfile config/leaderboard.yaml
leaderboard: install
	$(BENCHMARK) -- $(foreach n,240 600 1320,$(LEADERBOARD)/trainings/small_$(n)/training.h5)
	for of in 240:100 600:60 1320:40; do \
	  events=$(LEADERBOARD)/trainings/small_$${of%:*}/training.h5 weights=$(LEADERBOARD)/entries/set_$${of%:*}.npz; \
	  test $$weights -nt $$events || \
	  python docs/examples/set_pairing.py $$events -o $$weights --epochs $${of#*:} || exit 1; \
	done
	$(BENCHMARK) -- table_leaderboard figure_leaderboard_curves
	hh4b datasets digest $(LEADERBOARD)/datasets/*.h5
	@cat $(LEADERBOARD)/tables/table_leaderboard.md

lint: install
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow

# The site of the documentation, build/docs/index.html; nothing is fetched.
docs: install
	python -m sphinx --quiet --jobs auto --fail-on-warning --keep-going -b html docs build/docs
	@echo "build/docs/index.html"

# Deletes what the default study built. Folders of other studies in results/ are named, and go only
# after a yes; without a terminal they stay.
clean:
	@others=; for folder in results/*/; do \
	  if [ -e "$$folder/config.yaml" ] || [ -d "$$folder/datasets" ]; then others="$$others $$folder"; fi; \
	done; \
	answer=no; if [ -n "$$others" ]; then \
	  echo "results/ also holds other studies:$$others"; \
	  printf 'delete them, too? [yes/NO] '; read -r answer || true; echo; \
	fi; \
	if [ -z "$$others" ] || [ "$$answer" = yes ]; then rm -rf results logs .snakemake; else \
	  for entry in results/* results/.[!.]*; do \
	    case " $$others " in *" $$entry/ "*) ;; *) rm -rf "$$entry" ;; esac; \
	  done; rm -rf logs; echo "kept:$$others .snakemake"; \
	fi
