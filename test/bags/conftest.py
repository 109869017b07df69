"""Makes benchmarks/pairing_traffic.py and pairing_optimum.py importable, which tests share."""

import importlib.util
import sys
from pathlib import Path

import pytest

# Last: an installed amdanet_ros that comes before the source tree must stay before it.
sys.path.append(str(Path(__file__).resolve().parents[2]))


@pytest.fixture(scope="session")
def tiny():
    """The module ``test/bags/bag_mutants.py``: tiny bags of each kind, and mutants of them."""
    file = Path(__file__).with_name("bag_mutants.py")
    found = importlib.util.spec_from_file_location("bag_mutants", file)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
