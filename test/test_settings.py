"""All settings: what is declared, refused with a reason, and several camera pairs."""

import pytest

from amdanet_ros.parameters import OptionError, flat
from amdanet_ros.pipeline.options import IDENTITY
from amdanet_ros.settings import (
    PAIR_NAMES,
    PARAMETERS,
    Settings,
    known_parameters,
    of_pair,
    pair_parameters,
    settings_of,
)

DEFAULTS = {each.name: each.default for each in PARAMETERS}


def test_defaults_are_valid_and_mean_equal_fields_of_view_at_the_own_size():
    settings = settings_of(DEFAULTS)[""]
    assert settings == Settings()
    assert settings.network.inference_size is None
    assert settings.fusion.thermal.registration == IDENTITY
    assert settings.fusion.thermal.registration_sizes is None
    assert settings.fusion.thermal.normalizer().mode == "percentile"
    assert flat(settings) == DEFAULTS


@pytest.mark.parametrize("declared", PARAMETERS, ids=lambda each: each.name)
def test_every_parameter_describes_itself_and_takes_its_default(declared):
    assert len(declared.description) > 15
    parsed = declared.parse(declared.default)
    assert parsed == (None if declared.none is not None else declared.default)


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
        ("max_wait", 61, "between 0.0 and 60.0"),
        ("pairs", "front", "a list of strings"),
        ("pairs", ["front", "front"], "twice"),
        ("pairs", ["front left"], "letters, digits and single underscores"),
        ("pairs", ["4"], "starts with a letter"),
        ("pairs", [""], "starts with a letter"),
        ("pairs", ["thermal"], "choose another name"),
        ("pairs", ["segmentation"], "choose another name"),
    ],
)
def test_wrong_values_are_refused_with_the_reason(name, value, words):
    with pytest.raises(OptionError) as caught:
        settings_of({**DEFAULTS, name: value})
    assert str(caught.value).startswith(f"{name} ")
    assert words in str(caught.value)


def test_whole_numbers_serve_as_seconds():
    assert settings_of({"max_age": 2})[""].max_age == 2.0
    assert settings_of({"thermal.range": [7000, 9000]})[""].fusion.thermal.range == (7000.0, 9000.0)


def test_each_pair_has_its_own_values_and_else_those_without_a_name():
    values = {
        "pairs": ["front", "rear"],
        "sync.slop": 0.3,
        "rear.sync.slop": 0.1,
        "rear.max_wait": 0.4,
        "front.thermal.transport": "compressed",
        "confidence_threshold": 0.5,
        "checkpoint": "other.pth",
    }
    settings = settings_of(values)
    assert list(settings) == ["front", "rear"]
    front, rear = settings["front"], settings["rear"]
    assert (front.sync.slop, rear.sync.slop) == (0.3, 0.1)
    assert (front.sync.max_wait, rear.sync.max_wait) == (0.1, 0.4)
    assert (front.thermal_transport, rear.thermal_transport) == ("compressed", "raw")
    assert front.fusion.confidence_threshold == rear.fusion.confidence_threshold == 0.5
    assert front.network == rear.network
    assert of_pair(values, "rear") == rear


def test_a_pairs_parameter_is_refused_by_its_whole_name():
    values = {"pairs": ["front", "rear"], "rear.thermal.range": [5.0, 4.0]}
    with pytest.raises(OptionError, match=r"^rear\.thermal\.range is \[5, 4\]: low must be below"):
        settings_of(values)
    with pytest.raises(OptionError, match=r"^thermal\.range is"):
        settings_of({"pairs": ["front"], "thermal.range": [5.0, 4.0]})


def test_a_parameter_of_a_pair_that_is_not_named_is_refused():
    with pytest.raises(OptionError, match=r"front\.sync\.slop .* add front to it"):
        settings_of({"front.sync.slop": 0.1})
    with pytest.raises(OptionError, match=r"front\.device is not a parameter"):
        settings_of({"pairs": ["front"], "front.device": "cpu"})  # one network serves all
    with pytest.raises(OptionError, match=r"do you mean front\.sync\.slop\?"):
        settings_of({"pairs": ["front"], "front.sync.slopp": 0.1})


def test_parameters_of_a_pair_default_to_the_values_without_its_name():
    declared = {
        each.name: each for each in pair_parameters("front", {"thermal.crop": [1, 2, 3, 4]})
    }
    assert set(declared) == {f"front.{name}" for name in PAIR_NAMES}
    assert declared["front.thermal.crop"].default == (1, 2, 3, 4)
    assert declared["front.max_wait"].default == 0.1
    assert set(known_parameters(["front"])) == set(declared) | set(DEFAULTS)
