"""What the tests of fleets share."""

import pytest


@pytest.fixture
def place(tmp_path):
    """A folder for inputs and one for outputs."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in", tmp_path / "out"
