# `make demo` runs the whole chain on a built-in bag, `make test` runs the tests. Both set up .venv first
# and keep what is already installed there.

PYTHON ?= python3
# A CPU build is the smallest download and is enough for the demo and the tests:
#   make TORCH="torch==2.13.0+cpu --extra-index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch==2.13.0
# ROS=kilted sets up .venv-kilted beside it, with Kilted's wheels in versions that are not locked.
ROS ?= jazzy
# Kilted's Fast DDS 3 has another variable, and warns of the one of Fast DDS 2.
DDS := $(if $(filter humble iron jazzy,$(ROS)),FASTRTPS,FASTDDS)
VENV := .venv$(if $(filter-out jazzy,$(ROS)),-$(ROS))
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps

# DDS stays on this machine.
export ROS_AUTOMATIC_DISCOVERY_RANGE := LOCALHOST
export $(DDS)_DEFAULT_PROFILES_FILE := $(CURDIR)/config/fastdds_images.xml
export ROS_LOG_DIR ?= $(CURDIR)/$(VENV)/ros_log
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport AMENT_PREFIX_PATH
unexport PYTHONPATH
# The tests start hundreds of processes: each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE
# If make is started by a Python with other ROS wheels, this variable would pass on their library paths.
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE

BUILD_FILES := CMakeLists.txt setup.py pyproject.toml package.xml README.md
SOURCES := $(shell find amdanet_ros msg launch config scripts cmake -type f -not -name '*.pyc')

.PHONY: setup demo test fuzz soak lint documents lock audit clean

setup: $(STAMPS)/installed

$(STAMPS)/venv:
	$(PYTHON) -m venv $(VENV)
	mkdir -p $(STAMPS)
	touch $@

# pip compiles on one core, this on all. Some packages carry files for other versions of Python.
COMPILE = $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >$(STAMPS)/not_compiled.txt 2>&1 || true

# requirements.lock has the version and the hashes of every package but torch, whose build is the user's
# choice. Nothing else is installed beside it: the lock is complete, so pip looks for no dependencies.
ifeq ($(ROS),jazzy)
$(STAMPS)/dependencies: $(STAMPS)/venv requirements.lock
	$(BIN)/python -m pip install --quiet --no-compile --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-compile $(TORCH)
	$(COMPILE)
	touch $@
else
$(STAMPS)/dependencies: $(STAMPS)/venv pyproject.toml cmake/list_requirements.py
	$(BIN)/python -m pip install --quiet --no-compile $(TORCH)
	$(BIN)/python cmake/list_requirements.py $(ROS) > $(STAMPS)/requirements.txt
	$(BIN)/python -m pip install --quiet --no-compile -r $(STAMPS)/requirements.txt
	$(COMPILE)
	touch $@
endif

$(STAMPS)/installed: $(STAMPS)/dependencies $(BUILD_FILES) $(SOURCES)
	PATH="$(CURDIR)/$(BIN):$$PATH" \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation .
	touch $@

demo: setup
	$(BIN)/amdanet demo --output demo_output

# Both parts always run. The first runs on two cores; four at once, because many tests wait for processes and
# for messages over DDS. The second has the tests that measure how long something takes; two at once, because
# most of them wait for one process of their own. The summaries count the tests over DDS that failed and were
# run once more, because on a shared machine a process may not run for seconds.
ifeq ($(ROS),jazzy)
test: setup lint
	$(BIN)/python -m pytest -m "not alone" --numprocesses 4 --dist loadfile --no-loadscope-reorder; \
		others=$$?; $(BIN)/python -m pytest -m alone --numprocesses 2 --dist loadfile --no-loadscope-reorder --reruns 1 \
			&& exit $$others
else
# What touches ROS, in a few minutes; the rest is the same whatever the distribution.
test: setup
	$(BIN)/python -m pytest --reruns 1 test/messages test/bags/test_bags.py test/ros/test_finding_text.py \
		test/ros/test_qos_overrides.py test/ros/test_parameters.py test/ros/test_lifecycle.py \
		test/ros/test_node.py test/ros/test_health.py test/ros/test_process.py
endif

# Inputs that reach new code are added to fuzz/corpus; an input that ends in a fault goes to fuzz_faults.
FUZZ_SECONDS ?= 3600
fuzz: setup
	$(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS) --at-once 2 --keep --report fuzz_report.json

SOAK_SECONDS ?= 1800
soak: setup
	$(BIN)/python -m soak --seconds $(SOAK_SECONDS) --report soak_report.json

lint: $(STAMPS)/dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Writes what is generated from the code; tests compare.
documents: setup
	$(BIN)/python scripts/write_documents.py

# After a change of the requirements in pyproject.toml; UPGRADE=--upgrade takes the newest versions.
lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python scripts/lock_requirements.py --torch "$(firstword $(TORCH))" $(UPGRADE)

# Asks PyPI's list of known vulnerabilities about every locked package.
audit: $(STAMPS)/venv
	$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/python -m pip_audit --requirement requirements.lock --disable-pip --no-deps

clean:
	rm -rf .venv .venv-* build dist *.egg-info demo_output
