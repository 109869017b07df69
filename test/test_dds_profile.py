"""The variable by which Fast DDS is told its profile."""

from importlib import metadata

import pytest

from amdanet_ros.dds_profile import VARIABLES, profile_variable


@pytest.mark.parametrize(
    "version, prefix",
    [("3.3.16", "FASTRTPS"), ("7.1.5", "FASTRTPS"), ("9.1.2", "FASTDDS"), ("10.0.0", "FASTDDS"),
     ("unknown", "FASTRTPS"), (None, "FASTRTPS")],
)  # fmt: skip
def test_it_is_that_of_the_installed_distribution(version, prefix, monkeypatch):
    def installed(package):
        assert package == "rclpy"
        if version is None:
            raise metadata.PackageNotFoundError(package)
        return version

    monkeypatch.setattr(metadata, "version", installed)
    assert profile_variable() == f"{prefix}_DEFAULT_PROFILES_FILE"
    assert profile_variable() in VARIABLES
