"""requirements.lock holds what pyproject.toml asks for, with hashes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
CHOSEN_BY_THE_USER = {"torch", "pip"}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def locked():
    """Return (requirement, its number of hashes) of each entry."""
    entries = re.split(r"^(?=[a-z])", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)
    return [
        (
            Requirement(re.split(r" \\\n", entry)[0]),
            len(re.findall(r"--hash=sha256:[0-9a-f]{64}", entry)),
        )
        for entry in entries[1:]
    ]


def wanted():
    listed = subprocess.run(
        [sys.executable, ROOT / "cmake" / "list_requirements.py"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [Requirement(line) for line in listed.splitlines()]


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_lock_holds_a_fitting_version_of_every_requirement(locked, python):
    here = {"python_version": python, "python_full_version": f"{python}.1", "sys_platform": "linux"}
    versions = {
        canonical(entry.name): str(entry.specifier).removeprefix("==")
        for entry, _ in locked
        if entry.marker is None or entry.marker.evaluate(here)
    }
    missing = [
        str(each)
        for each in wanted()
        if each.name not in CHOSEN_BY_THE_USER
        and (each.marker is None or each.marker.evaluate(here))
        and not each.specifier.contains(versions.get(canonical(each.name), "0"), prereleases=True)
    ]
    assert not missing, f"run `make lock`: {missing}"


def test_every_locked_package_has_hashes_and_one_version(locked):
    assert len(locked) > 100
    assert [str(entry) for entry, hashes in locked if hashes == 0] == []
    assert [str(entry) for entry, _ in locked if not str(entry.specifier).startswith("==")] == []


def test_lock_leaves_the_build_of_torch_to_the_user(locked):
    names = {canonical(entry.name) for entry, _ in locked}
    assert not names & CHOSEN_BY_THE_USER
    assert not [name for name in names if name.startswith(("nvidia-", "cuda-", "triton"))]


def test_another_distribution_has_its_own_versions_of_ros_alone():
    command = [sys.executable, ROOT / "cmake" / "list_requirements.py"]
    listed = subprocess.run([*command, "kilted"], capture_output=True, text=True, check=True).stdout
    kilted = [Requirement(line) for line in listed.splitlines()]
    jazzy = {str(each) for each in wanted()}
    of_ros = [each for each in kilted if each.name.startswith("ros-")]
    assert {"ros-rclpy==9.1.2", "ros-sensor-msgs==5.5.1"} <= {str(each) for each in of_ros}
    shared = {str(each) for each in of_ros} & jazzy
    assert shared == {"ros-python-cmake-module==0.11.1"}  # one version serves both
    others = {str(each) for each in kilted} - {str(each) for each in of_ros}
    assert "rosbags==0.11.9" in others and others <= jazzy
    unknown = subprocess.run([*command, "foxy"], capture_output=True, text=True, check=False)
    assert unknown.returncode == 1 and unknown.stderr.startswith("foxy is not known")
