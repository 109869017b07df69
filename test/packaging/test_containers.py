"""The Docker files and the workflow name files, versions and packages that exist here."""

import os
import re

import pytest
import yaml

FILES = ["jazzy_cpu.Dockerfile", "jazzy_cuda.Dockerfile"]


@pytest.fixture(params=FILES)
def dockerfile(request, project):
    return (project / "docker" / request.param).read_text()


def test_what_is_copied_is_there_and_the_entry_can_run(dockerfile, project):
    sources = re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE)
    assert sources == [".", "docker/entrypoint.sh"]
    assert all((project / source).exists() for source in sources)
    assert os.access(project / "docker" / "entrypoint.sh", os.X_OK)


def test_versions_are_those_of_this_package(dockerfile, project):
    declared = (project / "pyproject.toml").read_text() + (project / "Makefile").read_text()
    for name in ("rosbags", "torch"):
        (version,) = set(re.findall(rf"{name}==([\d.]+)", dockerfile))
        assert f"{name}=={version}" in declared, name


def test_packages_of_ros_are_dependencies_of_this_one(dockerfile, project):
    """What apt installs before rosdep, but for the bag format, which rosbag2 needs."""
    package = (project / "package.xml").read_text()
    for name in re.findall(r"ros-jazzy-([a-z0-9-]+)", dockerfile):
        if name not in ("ros-base", "rosbag2-storage-mcap"):
            assert f">{name.replace('-', '_')}</" in package, name


def test_each_says_that_it_was_not_built(dockerfile):
    assert "Not built so far" in dockerfile


def test_the_workflow_runs_what_ci_runs(project):
    workflow = yaml.safe_load((project / ".github" / "workflows" / "test.yml").read_text())
    steps = workflow["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
    assert os.access(project / ".ci" / "run", os.X_OK)
    assert workflow["permissions"] == {"contents": "read"}
