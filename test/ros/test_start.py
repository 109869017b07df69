"""Starting rclpy: what is wrong in arguments, files and the environment is one line."""

import subprocess
import sys

import pytest

pytest.importorskip("rclpy")

from amdanet_ros.programs.errors import ProgramError
from amdanet_ros.programs.ros_environment import check_ros_environment
from amdanet_ros.ros.start import ros_arguments_only, ros_started

FILES = {
    "broken": b"/**:\n  ros__parameters: [1,\n",
    "tabs": b"/**:\n\tros__parameters:\n\t\tdevice: cpu\n",
    "list": b"- 1\n- 2\n",
    "word": b"hello\n",
    "mixed": b"/**:\n  ros__parameters:\n    thermal.range: [1, 2.0]\n",
    "duplicate": b"/**:\n  ros__parameters:\n    device: cpu\n    device: cuda\n",
    "binary": bytes(range(256)),
    "empty": b"",
    "null": b"/**:\n  ros__parameters:\n    device:\n",
    "nested": b"/**:\n  ros__parameters:\n" + b"".join(b" " * (4 + i) + b"a:\n" for i in range(40)),
    "alias": b"/**: &a\n  ros__parameters:\n    device: *a\n",
    "large": b"/**:\n  ros__parameters:\n" + b"# \n" * 100_000,
    "many": b"/**:\n  ros__parameters:\n" + b"".join(b"    a%d: 1\n" % i for i in range(6000)),
    "utf16": "/**:\n  ros__parameters:\n    device: cpu\n".encode("utf-16")[:-1],
}


def start(*arguments):
    with ros_started(["--ros-args", *arguments]):
        pytest.fail("it has started")


def assert_one_line(error, capfd, *words):
    said = str(error.value)
    assert "\n" not in said and all(word in said for word in words), said
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", FILES)
def test_a_parameter_file_that_cannot_be_read_is_one_line(tmp_path, domain_id, capfd, name):
    file = tmp_path / "rig.yaml"
    file.write_bytes(FILES[name])
    with pytest.raises(ProgramError) as error:
        start("--params-file", str(file))
    assert_one_line(error, capfd, str(file))


@pytest.mark.parametrize("place", ["absent.yaml", ".", "n" * 300, "/dev/null", "\udcff.yaml"])
def test_a_parameter_file_that_is_none_is_one_line(tmp_path, domain_id, capfd, place, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProgramError) as error:
        start("--params-file", place)
    assert_one_line(error, capfd)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-r", "rgb"], "FROM:=TO"),
        (["-r", "rgb:="], "FROM:=TO"),
        (["-r", "rgb:=a b"], "FROM:=TO"),
        (["-r", "__node:=9"], "remap rule"),
        (["--remap"], "remap"),
        (["-p", "device"], "NAME:=VALUE"),
        (["-p", "thermal.range:=[1, 2.0]"], "same type"),
        (["--log-level", "loud"], "debug, info"),
        (["--sunshine"], "--sunshine"),
        (["--params-file"], "params"),
    ],
)
def test_arguments_that_ros_does_not_take_are_one_line(domain_id, capfd, arguments, words):
    with pytest.raises(ProgramError) as error:
        start(*arguments)
    assert_one_line(error, capfd, words)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ROS_LOG_DIR": "/proc/nowhere"}, "ROS_LOG_DIR"),
        ({"ROS_LOG_DIR": "/dev/null"}, "ROS_LOG_DIR"),
        ({"ROS_LOG_DIR": "", "HOME": ""}, "ROS_LOG_DIR"),
        ({"ROS_LOG_DIR": "", "HOME": "/proc"}, "ROS_LOG_DIR"),
        ({"ROS_LOG_DIR": "/proc"}, "ROS_LOG_DIR"),
    ],
)
def test_a_log_folder_that_cannot_be_made_is_one_line(child_environment, variables, words):
    code = (
        "import sys; from amdanet_ros.programs.program import run_program\n"
        "from amdanet_ros.ros.start import ros_started\n"
        "def body():\n    with ros_started([]): return 0\n"
        "sys.exit(run_program('tool', body))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**child_environment, **variables}, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1 and words in ended.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RMW_IMPLEMENTATION", "rmw_nonsense"),
        ("RMW_IMPLEMENTATION", "../x"),
        ("ROS_DOMAIN_ID", "abc"),
        ("ROS_DOMAIN_ID", "-1"),
        ("ROS_DOMAIN_ID", "240"),
        ("ROS_DOMAIN_ID", "1.5"),
    ],
)
def test_an_environment_that_would_end_the_process_is_told_before(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ProgramError, match=f"{variable} is '{value}'"):
        check_ros_environment()


@pytest.mark.parametrize("value", ["", "0", "232"])
def test_an_environment_that_ros_takes_is_taken(monkeypatch, value):
    monkeypatch.setenv("ROS_DOMAIN_ID", value)
    monkeypatch.setenv("RMW_IMPLEMENTATION", "")
    check_ros_environment()


def test_arguments_outside_ros_args_are_told():
    assert ros_arguments_only("tool", "", ["--ros-args", "-p", "a:=1"])[0] == "--ros-args"
    with pytest.raises(ProgramError, match="--params-file .* after --ros-args"):
        ros_arguments_only("tool", "", ["--params-file", "rig.yaml"])


def test_recorder_and_player_start_without_torch(child_environment):
    code = (
        "import sys, amdanet_ros.ros.player_node, amdanet_ros.ros.recorder_node; "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], env=child_environment, check=True)
