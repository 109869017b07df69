"""Parameters of the node: declared, described, read, and changes refused with a reason."""

import pytest
import yaml

pytest.importorskip("rclpy")

from rclpy.parameter import Parameter

from amdanet_ros.ros.parameters import descriptor, refusal
from amdanet_ros.settings import PARAMETERS, settings_of

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
    assert refused("checkpoint", "demo", configured=True) is None
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


def parameters_of(path):
    return yaml.safe_load(path.read_text())["/**"]["ros__parameters"]


def test_the_base_file_lists_every_parameter_with_its_default(project):
    values = parameters_of(project / "config" / "amdanet.yaml")
    listed = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    assert listed == DEFAULTS


@pytest.mark.parametrize("name", ["amdanet", "mfnet", "fmb", "pst900", "demo"])
def test_shipped_files_are_valid(project, name):
    settings_of(parameters_of(project / "config" / f"{name}.yaml"))
