"""A pair of images becomes its fusion: what is needed, registered, judged, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from amdanet_ros.classes import MFNET
from amdanet_ros.findings import FindingKind, Level
from amdanet_ros.inference import Predictor, ThermalNormalizer
from amdanet_ros.inference.built_in_scene import built_in_scene
from amdanet_ros.inference.options import PredictOptions
from amdanet_ros.network import AMDANet
from amdanet_ros.pipeline import (
    ALL,
    BadImage,
    FusionOptions,
    FusionPipeline,
    HealthStatus,
    ImagePair,
    ModalityHealth,
    RegistrationError,
)
from amdanet_ros.pipeline.options import DetectionOptions, FusedOptions, MaskOptions, ThermalOptions

SHIFT = (1.0, 0.0, 12.0, 0.0, 1.0, 8.0, 0.0, 0.0, 1.0)
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def predictor():
    torch.manual_seed(7)
    network = AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16).eval()
    network.decode_head.linear_pred.weight.data.mul_(100)
    return Predictor(network, device="cpu", precision="fp32")


def scene(index=0, size=(64, 96)):
    """RGB and thermal counts, other ones for each index."""
    rgb, heat = built_in_scene(size)
    counts = np.roll(heat, index, axis=1).astype(np.uint16) * 10 + 28000 + 50 * index
    return np.roll(rgb, index, axis=1), counts.astype(np.uint16)


def pair(index=0, **changes):
    rgb, thermal = scene(index)
    stamp = (index + 1) * SECOND
    made = ImagePair(rgb, thermal, stamp, 5_000_000, stamp + 5_000_000, "rgb_optical", "heat")
    return replace(made, **changes)


def test_a_fusion_is_what_the_predictor_gives(predictor):
    """Two pairs of a video: the second one has the smoothed bounds of the first."""
    options = FusionOptions(confidence_threshold=0.6, overlay_alpha=0.3)
    pipeline, normalizer = FusionPipeline(predictor, options), ThermalNormalizer()
    asked = PredictOptions(overlay_alpha=0.3, confidence_threshold=0.6)
    for index in range(2):
        given = pair(index)
        fusion = pipeline.process(given, ALL)
        frame = normalizer.frame(given.thermal)
        needed = {"labels", "confidence", "fused", "overlay"}
        expected = predictor(given.rgb, frame, needed, asked)
        np.testing.assert_array_equal(fusion.mask, expected.mask(0.6))
        np.testing.assert_array_equal(fusion.confidence, expected.confidence)
        np.testing.assert_array_equal(fusion.fused, expected.fused)
        np.testing.assert_array_equal(fusion.overlay, expected.overlay)
        statistics = expected.class_statistics(0.6)
        np.testing.assert_array_equal(fusion.statistics.areas, statistics.areas)
        np.testing.assert_array_equal(fusion.statistics.confidences, statistics.confidences)
        assert fusion.stamp_ns == given.stamp_ns
        assert fusion.frame_id == "rgb_optical"
        assert fusion.offset_ns == 5_000_000
        assert fusion.classes is predictor.classes
        assert fusion.options is options
    assert (fusion.mask == 255).any()


@pytest.mark.parametrize(
    "needed",
    [set(), {"mask"}, {"confidence"}, {"fused"}, {"overlay"}, {"statistics"}]
    + [{"temperatures"}, {"components"}],
)
@pytest.mark.parametrize("threshold", [0.0, 0.6])
def test_what_is_not_needed_is_none(predictor, needed, threshold):
    options = FusionOptions(confidence_threshold=threshold)
    fusion = FusionPipeline(predictor, options).process(pair(), frozenset(needed))
    assert {name for name in ALL if getattr(fusion, name) is not None} == needed


def test_where_nothing_is_needed_the_network_does_not_run(predictor, monkeypatch):
    monkeypatch.setattr(predictor, "_engine", None)
    fusion = FusionPipeline(predictor).process(pair(), frozenset())
    assert fusion.health["rgb"].status == HealthStatus.OK
    assert fusion.timings["total"] > 0


def test_the_running_bounds_move_on_where_nothing_is_needed(predictor):
    whole, resumed = FusionPipeline(predictor), FusionPipeline(predictor)
    whole.process(pair(0))
    resumed.process(pair(0), frozenset())
    np.testing.assert_array_equal(whole.process(pair(1)).fused, resumed.process(pair(1)).fused)


def test_an_unknown_need_is_refused(predictor):
    with pytest.raises(ValueError, match="depth"):
        FusionPipeline(predictor).process(pair(), frozenset({"depth"}))


def test_reset_forgets_the_bounds_and_what_was_frozen(predictor):
    pipeline = FusionPipeline(predictor)
    alone = pipeline.process(pair(1))
    pipeline.reset()
    pipeline.process(pair(0))
    after_another = pipeline.process(pair(1))
    assert (after_another.fused != alone.fused).any()
    pipeline.reset()
    np.testing.assert_array_equal(pipeline.process(pair(1)).fused, alone.fused)


def test_options_are_replaced_between_two_pairs(predictor):
    pipeline = FusionPipeline(predictor)
    assert not (pipeline.process(pair()).mask == 255).any()
    pipeline.options = FusionOptions(confidence_threshold=0.99)
    changed = pipeline.process(pair())
    assert (changed.mask == 255).any()
    assert changed.options.confidence_threshold == 0.99
    fixed = ThermalOptions(normalization="fixed", range=(28000.0, 29000.0))
    pipeline.options = FusionOptions(thermal=fixed, fused=FusedOptions(stretch=True))
    rgb, thermal = scene()
    expected = predictor(
        rgb,
        ThermalNormalizer("fixed", (28000.0, 29000.0)).frame(thermal),
        {"fused"},
        PredictOptions(fused_stretch=True),
    )
    np.testing.assert_array_equal(pipeline.process(pair()).fused, expected.fused)


def test_other_options_keep_the_running_bounds(predictor):
    """A new threshold must not make the thermal image flicker."""
    first, second = FusionPipeline(predictor), FusionPipeline(predictor)
    for pipeline in (first, second):
        pipeline.process(pair(0))
    second.options = FusionOptions(overlay_alpha=0.9)
    np.testing.assert_array_equal(first.process(pair(1)).fused, second.process(pair(1)).fused)


def test_two_pipelines_share_a_predictor(predictor):
    """Front and rear camera: neither changes what the other one gives."""
    alone = FusionPipeline(predictor)
    expected = [alone.process(pair(index)).fused for index in range(3)]
    front = FusionPipeline(predictor)
    rear = FusionPipeline(predictor, FusionOptions(thermal=ThermalOptions(registration=SHIFT)))
    for index in range(3):
        np.testing.assert_array_equal(front.process(pair(index)).fused, expected[index])
        assert (rear.process(pair(index + 5)).fused != expected[index]).any()


def test_a_registration_counts_from_the_crop_and_the_window(predictor):
    rgb, thermal = scene()
    bordered = np.zeros((70, 100), np.uint16)
    bordered[4:68, 3:99] = thermal
    thermal_options = ThermalOptions(
        crop=(4, 2, 3, 1), registration=(1.0, 0, -3.0, 0, 1.0, -4.0, 0, 0, 1.0)
    )
    cropped = FusionPipeline(predictor, FusionOptions(thermal=thermal_options))
    fusion = cropped.process(pair(thermal=bordered))
    np.testing.assert_array_equal(fusion.fused, FusionPipeline(predictor).process(pair()).fused)
    assert fusion.window is None
    shifted = FusionOptions(thermal=ThermalOptions(registration=SHIFT), crop_to_common_view=True)
    shown = FusionPipeline(predictor, shifted).process(pair())
    top, left, height, width = shown.window
    assert top >= 8 and left >= 12 and shown.fused.shape == (height, width, 3)
    assert shown.rgb_size == (64, 96)


def test_masks_of_a_part_are_told_to_those_whose_cloud_is_of_the_whole(predictor):
    whole = FusionOptions(thermal=ThermalOptions(registration=SHIFT))
    assert FusionPipeline(predictor, whole).process(pair(), frozenset()).findings == ()
    part = replace(whole, crop_to_common_view=True)
    fusion = FusionPipeline(predictor, part).process(pair(), frozenset({"mask"}))
    (finding,) = fusion.findings
    height, width = fusion.mask.shape
    assert (finding.kind, finding.level) == (FindingKind.MASK_IS_PART, Level.OK)
    assert finding.values == {"size": f"{width} x {height}", "whole": "96 x 64"}
    # The identity shows all of it: nothing is smaller.
    all_of_it = FusionOptions(crop_to_common_view=True)
    assert FusionPipeline(predictor, all_of_it).process(pair(), frozenset()).findings == ()


@pytest.mark.parametrize(
    ("wanted", "unknown"),
    [
        ((), None),
        (("PERSON", "car"), None),
        (("persn",), "persn"),
        (("car", "a", ""), "a"),
        (("",), None),
    ],
)
@pytest.mark.parametrize("section", ["mask", "detections"])
def test_names_of_classes_that_the_network_does_not_know_are_told(
    predictor, section, wanted, unknown
):
    kind = {"mask": MaskOptions, "detections": DetectionOptions}[section]
    options = FusionOptions(**{section: kind(wanted)})
    findings = FusionPipeline(predictor, options).process(pair(), frozenset()).findings
    assert [each.kind for each in findings] == [FindingKind.UNKNOWN_MASK_CLASS] * bool(unknown)
    for each in findings:
        assert each.values["unknown"] == unknown
        assert each.values["parameter"] == f"{section}.classes"
        assert "person" in each.values["known"]


def test_without_rgb_the_thermal_image_is_used_in_the_rgb_cameras_pixels(predictor):
    pipeline = FusionPipeline(predictor)
    alone = pipeline.process(pair(rgb=None))
    assert alone.fused.shape == (64, 96, 3)
    assert alone.frame_id == "heat"
    assert alone.health["rgb"].status == HealthStatus.LOST
    assert alone.health["thermal"].status == HealthStatus.OK
    pipeline.process(pair(rgb=np.zeros((80, 120, 3), np.uint8)))
    later = pipeline.process(pair(1, rgb=None))
    assert later.fused.shape == (80, 120, 3)
    assert later.frame_id == "rgb_optical"


def test_without_thermal_the_grey_of_rgb_is_used_and_no_calibration_is_missed(predictor):
    options = FusionOptions(thermal=ThermalOptions(registration_from="camera_info"))
    pipeline = FusionPipeline(predictor, options)
    with pytest.raises(RegistrationError) as caught:
        pipeline.process(pair())
    assert caught.value.finding.kind is FindingKind.NO_CAMERA_INFO
    fusion = pipeline.process(pair(thermal=None, thermal_stamp_ns=None))
    assert fusion.health["thermal"].status == HealthStatus.LOST
    assert fusion.health["rgb"].status == HealthStatus.OK
    assert fusion.fused.shape == (64, 96, 3)


def test_health_that_was_measured_before_is_kept(predictor):
    before = ModalityHealth(HealthStatus.FROZEN, "the same image for 2 s")
    fusion = FusionPipeline(predictor).process(pair(thermal_health=before), frozenset())
    assert fusion.health["thermal"] is before
    assert fusion.health["rgb"].status == HealthStatus.OK


@pytest.mark.parametrize(
    ("changes", "stream"),
    [
        ({"rgb": np.zeros((64, 96), np.uint8)}, "rgb"),
        ({"rgb": np.zeros((64, 96, 3), np.float32)}, "rgb"),
        ({"rgb": np.zeros((0, 96, 3), np.uint8)}, "rgb"),
        ({"rgb": np.zeros((20, 96, 3), np.uint8)}, "rgb"),
        ({"thermal": np.zeros((64, 96, 3), np.uint8)}, "thermal"),
        ({"thermal": np.zeros((64, 96), np.int64)}, "thermal"),
        ({"thermal": np.zeros((3, 3), np.uint16)}, "thermal"),
    ],
)
def test_an_image_that_cannot_be_used_is_named_by_its_stream(predictor, changes, stream):
    options = FusionOptions(thermal=ThermalOptions(crop=(2, 2, 0, 0)))
    pipeline = FusionPipeline(predictor, options)
    with pytest.raises(BadImage) as caught:
        pipeline.process(pair(**changes))
    assert caught.value.stream == stream
    assert caught.value.cause and caught.value.remedy
    assert pipeline.process(pair()).mask.shape == (64, 96)


def test_a_pair_without_images_is_refused(predictor):
    with pytest.raises(ValueError, match="RGB or a thermal image"):
        FusionPipeline(predictor).process(pair(rgb=None, thermal=None))


HEAT = frozenset({"mask", "statistics", "temperatures", "components"})


def radiometric(**changes):
    """Options for the scene's counts, hundredths of a kelvin, with every component told."""
    thermal = ThermalOptions(unit="centikelvin", **changes)
    return FusionOptions(
        thermal=thermal, detections=DetectionOptions(("unlabeled", *MFNET.names[1:]), min_area=1)
    )


def test_temperatures_are_those_of_the_counts_at_the_pixels_of_each_class(predictor):
    given = pair(3)
    fusion = FusionPipeline(predictor, radiometric()).process(given, HEAT)
    celsius = given.thermal * 0.01 - 273.15
    for index in range(9):
        inside = celsius[fusion.mask == index]
        means, maxima = fusion.temperatures
        expected = (inside.mean(), inside.max()) if inside.size else (np.nan, np.nan)
        np.testing.assert_allclose((means[index], maxima[index]), expected, atol=0.01)
    assert fusion.findings == ()
    assert sum(each.pixels for each in fusion.components) == fusion.mask.size
    assert max(each.max_temperature for each in fusion.components) == pytest.approx(
        celsius.max(), abs=0.01
    )


def test_temperatures_follow_the_registration_the_crop_and_the_window(predictor):
    """The thermal camera's hot corner lies 12 pixels right and 8 down in the RGB image."""
    rgb, thermal = scene()
    thermal[...] = 29315
    thermal[:8, :8] = 33315
    bordered = np.full((70, 100), 65000, np.uint16)
    bordered[4:68, 3:99] = thermal
    for whole in (False, True):
        options = radiometric(registration=SHIFT, crop=(4, 2, 3, 1))
        options = replace(options, crop_to_common_view=whole)
        pipeline = FusionPipeline(predictor, options)
        fusion = pipeline.process(pair(rgb=rgb, thermal=bordered), HEAT)
        hot = [each for each in fusion.components if each.max_temperature > 50]
        assert hot
        left, top = (fusion.window[1], fusion.window[0]) if fusion.window else (0, 0)
        for each in hot:  # its box touches the corner: 12 + 3 to 12 + 3 + 8, 8 + 4 to 8 + 4 + 8
            assert each.left + left < 23 and each.left + left + each.width > 15
            assert each.top + top < 20 and each.top + top + each.height > 12
        assert np.nanmax(fusion.temperatures.maxima) == pytest.approx(60.0, abs=0.01)


def test_without_a_unit_a_thermal_image_or_a_fitting_unit_all_is_nan(predictor):
    wrong = FusionOptions(thermal=ThermalOptions(unit="kelvin"))
    for options, changes, kinds in (
        (FusionOptions(), {}, []),
        (radiometric(), {"thermal": None, "thermal_stamp_ns": None}, []),
        (wrong, {}, [FindingKind.WRONG_THERMAL_UNIT]),
    ):
        fusion = FusionPipeline(predictor, options).process(pair(**changes), HEAT)
        assert [each.kind for each in fusion.findings] == kinds
        assert all(np.isnan(each).all() for each in fusion.temperatures)
        assert fusion.components
        assert all(np.isnan(each.max_temperature) for each in fusion.components)


def test_thermal_alone_has_temperatures_too(predictor):
    fusion = FusionPipeline(predictor, radiometric()).process(pair(rgb=None), HEAT)
    highest = pair().thermal.max() * 0.01 - 273.15
    assert np.nanmax(fusion.temperatures.maxima) == pytest.approx(highest, abs=0.01)
