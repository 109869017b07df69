"""What the packaging tests share: a copy of the sources, and an environment without them."""

import os
import shutil
import sys
from pathlib import Path

import pytest

FOLDERS = ("amdanet_ros", "msg", "launch", "config", "scripts", "cmake", "test")
FILES = ("CMakeLists.txt", "setup.py", "pyproject.toml", "package.xml", "README.md", "LICENSE")
# An editable install generates these in the checkout.
GENERATED = shutil.ignore_patterns("__pycache__", "*.so", "msg")


@pytest.fixture(scope="session")
def source(project, tmp_path_factory) -> Path:
    """The sources in a workspace of their own: nothing is built in the checkout."""
    copy = tmp_path_factory.mktemp("workspace") / "src" / "amdanet_ros"
    for name in FOLDERS:
        shutil.copytree(project / name, copy / name, ignore=GENERATED)
    for name in FILES:
        shutil.copy2(project / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def packaged(source) -> set[str]:
    """Every file of the Python package, relative to it: all must arrive."""
    package = source / "amdanet_ros"
    return {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def outside() -> dict[str, str]:
    """The environment for a process that must not find this checkout."""
    environment = dict(os.environ)
    # Else a Python of another prefix believes that its ROS libraries are on the path already.
    for name in ("PYTHONPATH", "AMENT_PREFIX_PATH", "_ROS_WHEELS_BOOTSTRAP_COMPLETE"):
        environment.pop(name, None)
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["OMP_NUM_THREADS"] = "1"
    return environment
