"""Parameters: what is declared, refused with a reason, and read."""

import pytest
import yaml

pytest.importorskip("rclpy")

from rclpy.parameter import Parameter

from amdanet_ros.ros.parameters import PARAMETERS, refusal, settings_from

DEFAULTS = {spec.name: spec.default for spec in PARAMETERS}


def changed(**values):
    return {**DEFAULTS, **{name.replace("__", "."): value for name, value in values.items()}}


def refused(name, value, configured=False, **present):
    values = changed(**present)
    return refusal([Parameter(name, value=value)], values.__getitem__, configured)


def test_defaults_are_valid_and_mean_equal_fields_of_view_at_the_own_size():
    settings = settings_from(DEFAULTS)
    assert settings.inference_size is None
    assert settings.thermal.registration == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    assert settings.thermal.registration_sizes is None
    assert settings.thermal.normalizer().mode == "percentile"


@pytest.mark.parametrize("spec", PARAMETERS, ids=lambda spec: spec.name)
def test_every_parameter_describes_itself(spec):
    descriptor = spec.descriptor()
    assert len(descriptor.description) > 15
    assert ("read-only after configure" in descriptor.description) == spec.fixed
    assert spec.parse(spec.default) == spec.default


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sync.slop", -0.1, "between 0.0 and 10.0"),
        ("sync.slop", float("nan"), "finite"),
        ("sync.queue_size", 0, "between 1 and"),
        ("confidence_threshold", 1.5, "between 0.0 and 1.0"),
        ("thermal.normalization", "minmax", "percentile, fixed, none"),
        ("thermal.range", [5.0, 5.0], "low must be below high"),
        ("thermal.range", [1.0], "array of 2 numbers"),
        ("thermal.range", [1.0, float("inf")], "finite"),
        ("thermal.crop", [1, 2], "array of 4 whole numbers"),
        ("thermal.crop", [-1, 0, 0, 0], "between 0"),
        ("thermal.registration", [0.0] * 9, "cannot be inverted"),
        ("thermal.registration", [1.0] * 8, "array of 9 numbers"),
        ("thermal.registration_sizes", [480, 640, 0, 0], "all four sizes"),
        ("thermal.registration_from", "tf", "homography, camera_info, camera_info_rect"),
        ("thermal.rotation", [0.5] * 9, "not a rotation"),
        ("thermal.rotation", [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0], "not a rotation"),
        ("crop_to_common_view", 1, "true or false"),
        ("inference_size", [16, 640], "at least 32"),
        ("single_modality", "both", "none, substitute"),
        ("checkpoint", "", "empty"),
        ("autostart", "yes", "true or false"),
        ("max_age", "1", "a number"),
    ],
)
def test_wrong_values_are_refused_with_the_reason(name, value, words):
    reason = refused(name, value)
    assert reason.startswith(name) or name in reason
    assert words in reason


def test_whole_numbers_serve_as_seconds():
    assert refused("max_age", 2) is None
    assert settings_from(changed(max_age=2)).max_age == 2.0
    assert refused("thermal.range", [7000, 9000]) is None


def test_read_only_parameters_are_refused_while_configured_only():
    fixed = [spec.name for spec in PARAMETERS if spec.fixed]
    assert {"checkpoint", "device", "thermal.crop", "qos.reliability"} <= set(fixed)
    reason = refused("checkpoint", "other.pth", configured=True)
    assert "read-only after configure" in reason
    assert "clean up" in reason
    assert refused("checkpoint", "other.pth") is None
    assert refused("checkpoint", "demo", configured=True) is None


def test_several_changes_are_judged_together():
    values = changed()
    changes = [
        Parameter("thermal.range", value=[20000.0, 30000.0]),
        Parameter("sync.slop", value=99.0),
        Parameter("use_sim_time", value=True),
    ]
    assert "sync.slop" in refusal(changes, values.__getitem__, True)
    assert refusal(changes[:1] + changes[2:], values.__getitem__, True) is None


def parameters_of(path):
    return yaml.safe_load(path.read_text())["/**"]["ros__parameters"]


def test_the_base_file_lists_every_parameter_with_its_default(project):
    values = parameters_of(project / "config" / "amdanet.yaml")
    listed = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    assert listed == DEFAULTS


@pytest.mark.parametrize("name", ["amdanet", "mfnet", "fmb", "pst900", "demo"])
def test_shipped_files_are_valid(project, name):
    settings_from({**DEFAULTS, **parameters_of(project / "config" / f"{name}.yaml")})
