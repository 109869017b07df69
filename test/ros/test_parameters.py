"""Parameters of the node: declared, described, read, and changes refused with a reason."""

import pytest

pytest.importorskip("rclpy")

import rclpy
from rclpy.parameter import Parameter

from amdanet_ros.ros.ignored_parameters import ignored_parameters
from amdanet_ros.ros.parameters import (
    declare,
    descriptor,
    read_settings,
    read_values,
    refusal,
)
from amdanet_ros.settings import PARAMETERS

DEFAULTS = {each.name: each.default for each in PARAMETERS}


def refused(name, value, configured=False, **present):
    values = {**DEFAULTS, **{key.replace("__", "."): value for key, value in present.items()}}
    return refusal([Parameter(name, value=value)], values, configured)


@pytest.mark.parametrize("declared", PARAMETERS, ids=lambda each: each.name)
def test_descriptors_say_what_can_be_changed_when(declared):
    text = descriptor(declared).description
    assert text.startswith(declared.description)
    assert ("read-only after configure" in text) != declared.live


def test_descriptors_give_ranges_and_choices():
    described = {each.name: descriptor(each) for each in PARAMETERS}
    assert described["sync.slop"].floating_point_range[0].to_value == 10.0
    assert described["sync.queue_size"].integer_range[0].from_value == 1
    assert "none, substitute" in described["single_modality"].additional_constraints
    assert described["max_age"].dynamic_typing
    assert not described["checkpoint"].dynamic_typing


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sync.slop", -0.1, "between 0.0 and 10.0"),
        ("thermal.range", [5.0, 5.0], "low must be below high"),
        ("thermal.crop", [1, 2], "array of 4 whole numbers"),
        ("crop_to_common_view", 1, "true or false"),
        ("single_modality", "both", "none, substitute"),
        ("pairs", ["a", "a"], "twice"),
    ],
)
def test_wrong_values_are_refused_with_the_reason(name, value, words):
    reason = refused(name, value)
    assert reason.startswith(name)
    assert words in reason


@pytest.mark.parametrize("name", ["checkpoint", "pairs", "sync.slop"])
@pytest.mark.parametrize("configured", [False, True])
def test_no_request_removes_a_parameter(name, configured):
    assert "cannot be removed" in refused(name, None, configured)


def test_whole_numbers_serve_as_seconds():
    assert refused("max_age", 2) is None
    assert refused("thermal.range", [7000, 9000]) is None


def test_read_only_parameters_are_refused_while_configured_only():
    fixed = [each.name for each in PARAMETERS if not each.live]
    assert {"checkpoint", "device", "thermal.crop", "qos.reliability", "pairs"} <= set(fixed)
    reason = refused("checkpoint", "other.pth", configured=True)
    assert "read-only after configure" in reason
    assert "clean up" in reason
    assert refused("checkpoint", "other.pth") is None
    assert refused("checkpoint", "street", configured=True) is None
    assert refused("sync.slop", 0.2, configured=True) is None


def test_several_changes_are_judged_together():
    changes = [
        Parameter("thermal.range", value=[20000.0, 30000.0]),
        Parameter("sync.slop", value=99.0),
        Parameter("use_sim_time", value=True),
    ]
    assert "sync.slop" in refusal(changes, DEFAULTS, True)
    assert refusal(changes[:1] + changes[2:], DEFAULTS, True) is None


def test_with_pairs_the_value_without_a_pairs_name_cannot_change():
    two = {"pairs": ["front", "rear"], "front.sync.slop": 0.1, "rear.sync.slop": 0.1}
    values = {**DEFAULTS, **two}
    reason = refusal([Parameter("sync.slop", value=0.2)], values, True)
    assert "set front.sync.slop and rear.sync.slop" in reason
    assert refusal([Parameter("front.sync.slop", value=0.2)], values, True) is None
    reason = refusal([Parameter("front.sync.slop", value=20.0)], values, True)
    assert reason.startswith("front.sync.slop is 20.0")
    assert refusal([Parameter("checkpoint", value="other.pth")], values, False) is None


@pytest.fixture
def node(ros_domain, request):
    """A node whose parameters are declared, with the overrides of the test's parameter."""
    overrides = [Parameter(name, value=value) for name, value in request.param.items()]
    node = rclpy.create_node("amdanet", parameter_overrides=overrides)
    declare(node)
    yield node
    node.destroy_node()


TWO = {"pairs": ["front", "rear"], "sync.slop": 0.3, "rear.sync.slop": 0.1}


@pytest.mark.parametrize("node", [TWO], indirect=True)
def test_each_camera_pair_has_parameters_that_default_to_those_without_its_name(node):
    settings = read_settings(node)
    assert {name: each.sync.slop for name, each in settings.items()} == {"front": 0.3, "rear": 0.1}
    assert "read-only" in node.describe_parameter("front.thermal.crop").description
    assert not node.has_parameter("front.device")


@pytest.mark.parametrize("node", [{}], indirect=True)
def test_camera_pairs_named_later_are_declared_when_the_settings_are_read(node):
    assert list(read_settings(node)) == [""]
    node.set_parameters([Parameter("pairs", value=["left"])])
    assert list(read_settings(node)) == ["left"]
    assert read_values(node)["left.sync.slop"] == 0.05
    node.set_parameters([Parameter("pairs", Parameter.Type.STRING_ARRAY, [])])
    assert list(read_settings(node)) == [""]


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"pairs": "front"}, "pairs must be a list of strings"),
        ({"pairs": 1}, "pairs must be a list of strings"),
        ({"pairs": [1, 2]}, "pairs must be a list of strings"),
        ({"pairs": ["thermal"]}, "choose another name"),
        ({"pairs": ["front"], "front.thermal.range": [2.0, 1.0]}, "front.thermal.range is"),
        ({"thermal.crop": [1]}, "array of 4 whole numbers"),
    ],
    indirect=["node"],
)
def test_wrong_values_given_at_the_start_are_told_when_they_are_read(node, words):
    with pytest.raises(ValueError, match=words):
        read_settings(node)


@pytest.mark.parametrize("node", [{"pairs": ["front"]}], indirect=True)
def test_values_for_parameters_that_do_not_exist_are_told(node, tmp_path):
    file = tmp_path / "rig.yaml"
    file.write_text(
        "/**:\n  ros__parameters:\n    sync.slopp: 0.1\n    use_sim_time: true\n"
        "    rear.max_wait: 0.1\n    front.max_wait: 0.1\n"
    )
    given = ["--ros-args", "--params-file", str(file), "-p", "devise:=cpu", "-p", "device:=cpu"]
    told = ignored_parameters(node, [*given, "-p", "another:rgb:=1"], ["front"])
    assert len(told) == 3
    assert f"{file}, line 3: sync.slopp is not a parameter: do you mean sync.slop?" in told[0]
    assert "devise is not a parameter: do you mean device?" in told[2]
    assert "rear.max_wait is of a pair that pairs does not name" in told[1]


@pytest.mark.parametrize("node", [{}], indirect=True)
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("/camera:\n  ros__parameters:\n    device: cpu\n", True),
        ("/**:\n  ros__parameters:\n    use_sim_time: true\n"
         "/amdanett:\n  ros__parameters:\n    device: cpu\n", True),
        ("/**:\n  ros__parameters:\n    use_sim_time: true\n"
         "/camera:\n  ros__parameters:\n    exposure: 3\n", False),
        ("/**:\n  ros__parameters:\n    device: cpu\n"
         "/other:\n  ros__parameters:\n    device: cpu\n", False),
    ],
)  # fmt: skip
def test_parameters_under_the_name_of_another_node_are_told(node, tmp_path, content, told):
    file = tmp_path / "rig.yaml"
    file.write_text(content)
    found = ignored_parameters(node, ["--ros-args", "--params-file", str(file)], [])
    assert len(found) == told
    assert not told or f"put them under /** or {node.get_fully_qualified_name()}" in found[0]


@pytest.mark.parametrize("node", [{}], indirect=True)
@pytest.mark.parametrize("name", ["thermal\\ncrop", "a\\x1b[2Jb", "\\u2028x", "n" * 3000])
def test_names_that_are_ignored_forge_no_line_of_the_log(node, tmp_path, name):
    file = tmp_path / "odd.yaml"
    file.write_text(f'/**:\n  ros__parameters:\n    "{name}": 1\n')
    (told,) = ignored_parameters(node, ["--ros-args", "--params-file", str(file)], [])
    assert told.isprintable() and len(told) <= 1000
