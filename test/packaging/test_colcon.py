"""``colcon build`` in a workspace, sourced: messages, node, data; as a system ROS would do it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ament_package", reason="needs ament from PyPI's wheels (make setup)")
if shutil.which("colcon", path=Path(sys.executable).parent) is None:
    pytest.skip("colcon is not installed (make setup)", allow_module_level=True)


@pytest.fixture(scope="module")
def workspace(source, outside) -> Path:
    """The workspace after a build without errors."""
    root = source.parent.parent
    fix = source / "cmake" / "pypi_wheels_fix.cmake"
    command = ["colcon", "build", "--executor", "sequential", "--cmake-args"]
    command += [f"-DCMAKE_PROJECT_INCLUDE={fix}", f"-DPython3_EXECUTABLE={sys.executable}"]
    # A sourced ROS sets these; its wheels have no setup file to source.
    here = {"AMENT_PREFIX_PATH": sys.prefix, "CMAKE_PREFIX_PATH": sys.prefix}
    result = subprocess.run(
        command, env={**outside, **here}, cwd=root, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return root


def sourced(workspace, outside, command, status=0):
    """Run a shell command after sourcing the workspace; return what it printed."""
    result = subprocess.run(
        ["bash", "-c", f"source {workspace}/install/setup.bash && {command}"],
        env=outside,
        cwd=workspace,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == status, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_every_file_of_the_package_arrives(workspace, packaged):
    (package,) = (workspace / "install").rglob("site-packages/amdanet_ros")
    arrived = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    assert packaged <= arrived
    assert "msg/__init__.py" in arrived


def test_the_sourced_workspace_comes_first(workspace, outside):
    """Its package and messages are found before those of any other prefix."""
    code = "import amdanet_ros.msg as m, amdanet_ros as a; print(m.__file__, a.__file__, sep='\\n')"
    told = sourced(workspace, outside, f'python -c "{code}"').splitlines()
    assert len(told) == 2
    assert all(Path(line).is_relative_to(workspace / "install") for line in told), told


def test_the_share_folder_is_found_by_the_index(workspace, outside):
    code = (
        "from ament_index_python.packages import get_package_share_directory as share;"
        "print(share('amdanet_ros'))"
    )
    share = Path(sourced(workspace, outside, f'python -c "{code}"').strip())
    assert share.is_relative_to(workspace / "install")
    assert (share / "launch" / "amdanet.launch.py").is_file()
    assert (share / "config" / "fastdds_images.xml").is_file()


def test_the_nodes_executable_runs(workspace, outside, domain_id):
    """It refuses a slop beyond its range, and so ends by itself."""
    executables = workspace / "install" / "amdanet_ros" / "lib" / "amdanet_ros"
    assert sorted(os.listdir(executables)) == [
        "amdanet",
        "amdanet_node",
        "amdanet_player",
        "amdanet_recorder",
    ]
    told = sourced(
        workspace,
        {**outside, "ROS_DOMAIN_ID": str(domain_id)},
        f"{executables}/amdanet_node --ros-args -p sync.slop:=99.0",
        status=2,
    )
    assert "sync.slop" in told
