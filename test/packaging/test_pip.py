"""What pip builds and installs into a new environment: commands, messages, node, data."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from amdanet_ros.cli.main import COMMANDS

try:
    import tomllib
except ImportError:  # Python 3.10
    from pip._vendor import tomli as tomllib

sys.path.insert(0, str(Path(__file__).parent))
from build_environment import make_environment

pytest.importorskip("ros_wheels_bootstrapper", reason="needs ROS 2 from PyPI's wheels")

ROUND_TRIP = """
from pathlib import Path
import amdanet_ros
from amdanet_ros.msg import ModalityHealth, SemanticSegmentation
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
sent = SemanticSegmentation(
    mask=Image(height=1, width=2, step=2, encoding="mono8", data=b"\\x01\\xff"),
    class_names=["road", "person"], class_areas=[0.0, 0.5], class_confidences=[0.0, 0.75],
    thermal_health=ModalityHealth(status=ModalityHealth.FROZEN, reason="shutter"),
)
sent.header.frame_id = "camera"
received = deserialize_message(serialize_message(sent), SemanticSegmentation)
assert received == sent, received
for folder in amdanet_ros.__path__:
    print(folder)
"""


@pytest.fixture(scope="module")
def wheel(source, outside, tmp_path_factory) -> Path:
    """The wheel, built where only what pyproject.toml asks for is, as in pip's isolated build."""
    folder = tmp_path_factory.mktemp("wheel")
    asked_for = tomllib.loads((source / "pyproject.toml").read_text())["build-system"]["requires"]
    python = make_environment(folder / "venv", asked_for)
    command = [sys.executable, "-m", "pip", "--python", python, "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", folder, source]
    isolated = {**outside, "PATH": f"{python.parent}{os.pathsep}/usr/bin{os.pathsep}/bin"}
    result = subprocess.run(command, env=isolated, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, outside, tmp_path_factory) -> Path:
    """A new virtual environment with the package, and this one's dependencies by links."""
    prefix = tmp_path_factory.mktemp("new") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("amdanet_ros", "__")):
            (site(prefix) / entry.name).symlink_to(entry)
    pip = [sys.executable, "-m", "pip", "--python", prefix / "bin" / "python"]
    command = [*pip, "install", "--quiet", "--no-deps", wheel]
    result = subprocess.run(command, env=outside, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return prefix


def site(prefix: Path) -> Path:
    """Return the folder of an environment's packages."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return prefix / "lib" / name / "site-packages"


def run(command, environment, folder, status=0):
    """Run a command to its end; return what it printed."""
    result = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=240
    )
    assert result.returncode == status, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_every_file_of_the_package_arrives(installed, packaged):
    package = site(installed) / "amdanet_ros"
    arrived = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    assert packaged <= arrived
    assert "msg/__init__.py" in arrived


def test_configuration_launch_files_and_executables_arrive(installed, source):
    share = installed / "share" / "amdanet_ros"
    for folder in ("config", "launch", "msg"):
        wanted = {path.name for path in (source / folder).rglob("*") if path.is_file()}
        assert wanted <= {path.name for path in (share / folder).rglob("*")}
    assert (installed / "share/ament_index/resource_index/packages/amdanet_ros").is_file()
    executables = installed / "lib" / "amdanet_ros"
    for name in ("amdanet", "amdanet_node", "amdanet_player", "amdanet_recorder"):
        assert os.access(executables / name, os.X_OK)
        assert os.access(installed / "bin" / name, os.X_OK)


def test_messages_are_usable(installed, outside, tmp_path):
    told = run([installed / "bin" / "python", "-c", ROUND_TRIP], outside, tmp_path)
    assert told.splitlines() == [str(site(installed) / "amdanet_ros")]


def test_commands_work(installed, source, outside, tmp_path):
    amdanet = installed / "bin" / "amdanet"
    listed = run([amdanet, "--help"], outside, tmp_path)
    for command in COMMANDS:
        if (source / "amdanet_ros" / "cli" / f"{command}.py").is_file():
            assert re.search(rf"^    {command}\b", listed, re.MULTILINE)
    told = run([amdanet, "info"], outside, tmp_path)
    assert f"in {site(installed) / 'amdanet_ros'}" in told
    assert "amdanet_ros.msg:  built" in told


@pytest.mark.parametrize("place", ["bin", "lib/amdanet_ros"])
def test_the_node_starts_and_reads_its_parameters(installed, outside, domain_id, tmp_path, place):
    """It refuses a slop beyond its range, and so ends by itself."""
    environment = {
        **outside,
        "ROS_DOMAIN_ID": str(domain_id),
        "PATH": f"{installed / 'bin'}{os.pathsep}{outside['PATH']}",
    }
    node = installed / place / "amdanet_node"
    wrong = ["--ros-args", "-p", "sync.slop:=99.0"]
    assert "sync.slop" in run([node, *wrong], environment, tmp_path, status=2)


def test_the_requirements_are_complete(installed, outside):
    """What the package asks for is what this environment, made by `make setup`, has."""
    pip = [sys.executable, "-m", "pip", "--python", installed / "bin" / "python", "check"]
    result = subprocess.run(pip, env=outside, capture_output=True, text=True)
    lacking = [line for line in result.stdout.splitlines() if line.startswith("amdanet")]
    assert lacking == []
