# Two commands: `make demo` runs the whole chain on a built-in recording, `make test` the tests. Each sets up .venv first; what is
# there already is kept.

PYTHON ?= python3
# A CPU build serves demo and tests, and is the smallest:
#   make TORCH="torch==2.13.0+cpu --extra-index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps

# DDS stays on this machine.
export ROS_AUTOMATIC_DISCOVERY_RANGE := LOCALHOST
export FASTRTPS_DEFAULT_PROFILES_FILE := $(CURDIR)/config/fastdds_images.xml
export ROS_LOG_DIR ?= $(CURDIR)/$(VENV)/ros_log
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport AMENT_PREFIX_PATH
unexport PYTHONPATH
# Else a make started from a Python of other ROS wheels would hand on their library paths.
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE

BUILD_FILES := CMakeLists.txt setup.py pyproject.toml package.xml README.md
SOURCES := $(shell find amdanet_ros msg launch config scripts cmake -type f -not -name '*.pyc')

.PHONY: setup demo test lint clean

setup: $(STAMPS)/installed

$(STAMPS)/venv:
	$(PYTHON) -m venv $(VENV)
	mkdir -p $(STAMPS)
	touch $@

# Dependencies are read from pyproject.toml, so that they stand in one place; torch goes with them,
# so that none of them brings another one.
$(STAMPS)/dependencies: $(STAMPS)/venv pyproject.toml cmake/list_requirements.py
	$(BIN)/python cmake/list_requirements.py > $(STAMPS)/requirements.txt
	$(BIN)/python -m pip install --quiet $(TORCH) -r $(STAMPS)/requirements.txt
	touch $@

$(STAMPS)/installed: $(STAMPS)/dependencies $(BUILD_FILES) $(SOURCES)
	PATH="$(CURDIR)/$(BIN):$$PATH" \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation .
	touch $@

demo: setup
	$(BIN)/amdanet demo --output demo_output

# Both parts run in any case; the first spreads over the cores, the second is alone with its machine:
# real processes over real DDS. What fails there has a second try, and the summary counts it: on a
# shared machine a process may stand still for seconds.
test: setup lint
	$(BIN)/python -m pytest -m "not alone" --numprocesses 2 --dist loadfile; parallel=$$?; \
		$(BIN)/python -m pytest -m alone --reruns 1 && exit $$parallel

lint: $(STAMPS)/dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:
	rm -rf $(VENV) build dist *.egg-info demo_output
