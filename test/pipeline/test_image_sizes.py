"""Whatever size the images have: a fusion, or a `BadImage` that says why."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from amdanet_ros.cli import finding_text as for_commands
from amdanet_ros.findings import FindingKind
from amdanet_ros.inference import Predictor
from amdanet_ros.inference.input_images import MIN_SIDE, bounded_size
from amdanet_ros.inference.plain_engine import EngineOutput
from amdanet_ros.network import AMDANet
from amdanet_ros.pipeline import (
    BadImage,
    FusionOptions,
    FusionPipeline,
    HealthMonitor,
    ImagePair,
    RegistrationError,
)
from amdanet_ros.pipeline.options import ThermalOptions
from amdanet_ros.ros import finding_text as for_the_node

TURNED = (0.9, 0.1, 3.0, -0.1, 0.9, 4.0, 0.0005, 0.0, 1.0)


class CheapEngine:
    """As large outputs as the network's, from the images alone. Keeps the size it was given."""

    name = "cheap"

    def __call__(self, rgb, thermal, want_logits=True, want_fused=True):
        self.size = tuple(rgb.shape[2:])
        assert thermal.shape[2:] == rgb.shape[2:]
        logits = torch.cat([rgb, thermal.expand(-1, 6, -1, -1) * 0.5], dim=1)
        return EngineOutput(logits if want_logits else None, rgb if want_fused else None)


@pytest.fixture(scope="module")
def predictor():
    torch.manual_seed(0)
    network = AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16).eval()
    return Predictor(network, device="cpu", precision="fp32")


@pytest.fixture
def cheap(predictor, monkeypatch):
    engine = CheapEngine()
    monkeypatch.setattr(predictor, "_engine", engine)
    return engine


def pair(rgb_size, thermal_size, dtype=np.uint16):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (*rgb_size, 3), np.uint8)
    thermal = rng.integers(100, 255, thermal_size).astype(dtype)
    return ImagePair(rgb, thermal, 1, 0, 1)


SIDES = st.sampled_from([1, 2, 3, 4, 5, 31, 32, 33, 64, 200])
SIZES = st.tuples(SIDES, SIDES) | st.sampled_from(
    [(1, 30_000), (8001, 1), (3, 40_000), (33, 6000), (6000, 4), (1, 1), (2, 2), (32, 32_766)]
)


def test_a_pair_of_any_sizes_is_fused_or_refused_with_the_reason(predictor, cheap):
    small = FusionPipeline(predictor)

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(
        SIZES,
        SIZES,
        st.sampled_from([np.uint8, np.uint16, np.float32]),
        st.booleans(),
        st.sampled_from([None, TURNED]),
        st.sampled_from(["both", "rgb", "thermal"]),
    )
    def check(rgb_size, thermal_size, dtype, cropped, registration, cameras):
        thermal = ThermalOptions(registration=registration or ThermalOptions().registration)
        small.options = FusionOptions(
            thermal, crop_to_common_view=cropped, max_inference_megapixels=0.02
        )
        both = pair(rgb_size, thermal_size, dtype)
        given_pair = {
            "both": both,
            "rgb": replace(both, thermal=None, thermal_stamp_ns=None),
            "thermal": replace(both, rgb=None),
        }[cameras]
        try:
            fusion = small.process(given_pair)
        except BadImage as bad:
            assert bad.stream in ("rgb", "thermal")
            assert "pixels" in str(bad) and bad.remedy
        except RegistrationError as error:
            assert error.finding.kind is FindingKind.NO_COMMON_VIEW
        else:
            shown = fusion.window[2:] if fusion.window else fusion.rgb_size or thermal_size
            assert fusion.mask.shape == fusion.confidence.shape == fusion.fused.shape[:2] == shown

    check()


@pytest.mark.parametrize(
    ("rgb_size", "thermal_size", "stream"),
    [
        ((1, 30_000), (60, 80), "rgb"),
        ((31, 640), (60, 80), "rgb"),
        ((3, 40_000), (60, 80), "rgb"),
        ((64, 64), (8001, 1), "thermal"),
        ((64, 64), (1, 1), "thermal"),
        ((64, 64), (5, 40_000), "thermal"),
    ],
)
def test_a_thin_image_is_refused_by_its_size(predictor, cheap, rgb_size, thermal_size, stream):
    with pytest.raises(BadImage, match="pixels") as caught:
        FusionPipeline(predictor).process(pair(rgb_size, thermal_size))
    assert caught.value.stream == stream
    height, width = rgb_size if stream == "rgb" else thermal_size
    assert f"{width} x {height}" in str(caught.value)


@pytest.mark.parametrize("size", [(1, 1), (1, 30_000), (8001, 1), (2, 2), (3, 40_000), (1, 2)])
def test_the_health_of_a_thin_image_is_measured(size):
    monitor = HealthMonitor()
    for dtype in (np.uint8, np.uint16, np.int16, np.float32, np.float64):
        both = pair(size, size, dtype)
        for number in range(3):
            assert 0 <= monitor.check_rgb(both.rgb, number).contrast <= 1
            assert 0 <= monitor.check_thermal(both.thermal, number).contrast <= 1


def test_a_large_image_is_computed_at_a_smaller_size_and_said_to_be(predictor, cheap):
    pipeline = FusionPipeline(predictor)
    large = pair((1200, 1600), (60, 80))
    fusion = pipeline.process(large, frozenset({"mask"}))
    assert fusion.mask.shape == (1200, 1600)
    height, width = cheap.size
    assert 0.95e6 < height * width <= 1e6
    assert width / height == pytest.approx(4 / 3, rel=0.01)
    (finding,) = fusion.findings
    assert finding.kind is FindingKind.REDUCED_SIZE
    names = for_the_node.TopicNames({}, {}, {}, "front")
    for sentence in (for_the_node.text(finding, names), for_commands.text(finding, {})):
        assert "1600 x 1200" in sentence and f"{width} x {height}" in sentence
        assert "max_inference_megapixels" in sentence
    pipeline.options = FusionOptions(max_inference_megapixels=2.0)
    assert pipeline.process(large, frozenset({"mask"})).findings == ()
    assert cheap.size == (1200, 1600)


def test_a_size_that_was_asked_for_is_not_bounded(predictor, cheap, monkeypatch):
    monkeypatch.setattr(predictor, "inference_size", (64, 96))
    pipeline = FusionPipeline(predictor, FusionOptions(max_inference_megapixels=0.01))
    assert pipeline.process(pair((480, 640), (60, 80))).findings == ()
    assert cheap.size == (64, 96)


@given(st.integers(MIN_SIDE, 20_000), st.integers(MIN_SIDE, 20_000), st.floats(0.01, 64.0))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_bounded_size_keeps_the_bound_and_nearly_the_aspect(height, width, most):
    used = bounded_size((height, width), most)
    assert min(used) >= MIN_SIDE
    assert used[0] * used[1] <= most * 1e6
    assert used[0] <= height and used[1] <= width
    if min(used) > MIN_SIDE:
        assert abs(used[0] - height * used[1] / width) <= max(1.0, height / width) + 1e-6


def test_images_that_change_their_size_in_the_middle_are_followed(predictor, cheap):
    options = FusionOptions(
        ThermalOptions(registration=TURNED, registration_sizes=(480, 640, 120, 160)),
        crop_to_common_view=True,
    )
    pipeline = FusionPipeline(predictor, options)
    for rgb_size, thermal_size in (
        ((480, 640), (120, 160)),
        ((240, 320), (120, 160)),
        ((240, 320), (480, 640)),
        ((480, 640), (120, 160)),
    ):
        fusion = pipeline.process(pair(rgb_size, thermal_size))
        assert fusion.mask.shape == fusion.window[2:]
        assert fusion.rgb_size == rgb_size
