"""Packages that are not installed, were removed by half or do not start are one kind of error."""

import sys

import pytest

from amdanet_ros.optional_package import is_found, optional_package
from amdanet_ros.programs.missing_package import missing_words

_DAMAGES = {
    "attribute": "import math; math.of_another_numpy",
    "binary": "raise SystemError('initialization raised unreported exception')",
    "library": "raise OSError('libother.so.9: cannot open shared object file')",
    "descriptors": "raise TypeError('Descriptors cannot be created directly')",
    "numpy": "raise ValueError('numpy.dtype size changed')",
}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A function that puts a package of some code on the path; None: a folder that was left."""

    def put(name, code):
        (tmp_path / name).mkdir()
        (tmp_path / name / ("left.txt" if code is None else "__init__.py")).write_text(code or "")
        monkeypatch.delitem(sys.modules, name, raising=False)

    monkeypatch.syspath_prepend(str(tmp_path))
    return put


@pytest.mark.parametrize("code", _DAMAGES.values(), ids=_DAMAGES)
def test_a_package_that_does_not_start_is_an_import_error_with_its_name(site, code):
    site("odd_ray", code)
    assert is_found("odd_ray")
    with pytest.raises(ImportError) as caught:
        optional_package("odd_ray")
    assert caught.value.name == "odd_ray"
    assert missing_words(caught.value).startswith("odd_ray cannot be imported: pip install")


def test_a_folder_that_was_left_is_no_package(site):
    site("left_ray", None)
    assert not is_found("left_ray")
    with pytest.raises(ModuleNotFoundError, match="folder without code"):
        optional_package("left_ray")


def test_what_is_not_there_is_not_found_and_what_is_there_is(site):
    site("good_ray", "answer = 42")
    assert is_found("good_ray") and optional_package("good_ray").answer == 42
    assert not is_found("no_ray_at_all")
    with pytest.raises(ModuleNotFoundError):
        optional_package("no_ray_at_all")
