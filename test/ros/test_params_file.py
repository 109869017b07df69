"""Parameter files read without ROS say the same as to a node of ROS."""

import pytest

pytest.importorskip("rclpy")

import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.context import Context
from rclpy.node import Node

from amdanet_ros.params_file import ParameterFileError, read_params_file
from amdanet_ros.ros.parameters import read_settings
from amdanet_ros.settings import settings_of

HEAD = "/**:\n  ros__parameters:\n"
A_NODE = "\n  ros__parameters:\n    max_age: 2.0\n"


@pytest.fixture
def node_settings(ros_domain, tmp_path):
    """Gives what a node makes of a file; None where ROS refuses the file."""

    def node_settings(content, namespace):
        path = tmp_path / "node.yaml"
        path.write_text(content)
        context = Context()
        try:
            rclpy.init(args=["--ros-args", "--params-file", str(path)], context=context)
        except RCLError:
            return None
        try:
            node = Node("amdanet", context=context, namespace=namespace)
            found = read_settings(node)
            node.destroy_node()
            return found
        finally:
            rclpy.shutdown(context=context)

    return node_settings


VALUES = (
    *("max_age: 1", "max_age: 1e-3", "max_age: 1E1", "max_age: .5", "max_age: 5.", "max_age: 0x10"),
    *("max_age: 010", "max_age: +3", "max_age: 08", "max_age: -0", "max_age: 0.0"),
    *("fused.stretch: yes", "fused.stretch: Off", "fused.stretch: N", "fused.stretch: TRUE"),
    *("checkpoint: null", "checkpoint: ~", "checkpoint: 0o10", "checkpoint: 1_000"),
    *("checkpoint: '1'", 'checkpoint: "true"', "checkpoint: !!str 1", "checkpoint: 2001-01-01"),
    *("checkpoint: 1:30", "checkpoint: >-\n      a\n      b", "checkpoint: |\n      a\n      b"),
    *("checkpoint: yES", "checkpoint: 1.0.0", "checkpoint: '*'", "checkpoint: a # b"),
    *(
        "thermal.range: [1, 2]",
        "thermal.range: [1e3, 2.e3]",
        "thermal.range:\n    - 1.0\n    - 2.0",
    ),
    *(
        "sync: {slop: 0.2, queue_size: 7}",
        "sync:\n      slop: 0.2",
        "thermal: {crop: [1, 2, 3, 4]}",
    ),
    *("pairs: [front, rear]", "pairs: ['front']", "pairs: []"),
)
SECTIONS = (
    ("amdanet:" + A_NODE, "/"),
    ("/*:" + A_NODE, "/"),
    ("/*:" + A_NODE, "/robot"),
    ("'**':" + A_NODE, "/"),
    ("/**:" + A_NODE, "/robot/head"),
    ("/**/amdanet:" + A_NODE, "/robot/head"),
    ("/*/amdanet:" + A_NODE, "/robot"),
    ("/robot:\n  amdanet:\n    ros__parameters:\n      max_age: 3.0\n", "/robot"),
    ("robot/amdanet:" + A_NODE, "/robot"),
    ("/amdanet:" + A_NODE, "/robot"),
    ("amdanet:" + A_NODE + HEAD + "    max_age: 4.0\n", "/"),
    (HEAD + "    max_age: 4.0\n" + "amdanet:" + A_NODE, "/"),
    (HEAD + "    max_age: 4.0\n    max_wait: 0.2\n" + HEAD + "    max_age: 5.0\n", "/"),
    ("player:\n  ros__parameters: {x: 1}\n---\n" + HEAD + "    max_age: 5.0\n", "/"),
)
REFUSED = (
    *(
        "thermal.range: [1, 2.0]",
        "thermal.range: ['1', 2]",
        "max_age: *a",
        "max_age:",
        "max_age: @",
    ),
    *("? [a]\n    : 1", "'': 1", "max_age: 'a"),
)


@pytest.mark.parametrize(
    ("content", "namespace"), [*((f"{HEAD}    {each}\n", "/") for each in VALUES), *SECTIONS]
)
def test_the_reader_finds_what_a_node_gets(node_settings, tmp_path, content, namespace):
    path = tmp_path / "command.yaml"
    path.write_text(content)
    try:
        values = read_params_file(path, "amdanet", namespace)
    except ParameterFileError as error:
        assert "has no parameters of" in str(error)
        values = {}
    assert settings_of(values) == node_settings(content, namespace)
    fits = namespace != "/robot" or not content.startswith(("/*:", "/amdanet:"))
    assert bool(values) == fits


@pytest.mark.parametrize("line", REFUSED)
def test_what_ros_refuses_the_reader_refuses(node_settings, tmp_path, line):
    path = tmp_path / "command.yaml"
    path.write_text(f"{HEAD}    {line}\n")
    assert node_settings(path.read_text(), "/") is None
    with pytest.raises(ParameterFileError):
        read_params_file(path)
