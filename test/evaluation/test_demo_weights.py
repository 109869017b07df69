"""The built-in weights on scenes that they were not trained on."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from amdanet_ros.classes import DEMO
from amdanet_ros.evaluation.scoring import score_pairs
from amdanet_ros.inference.folded import FoldedAMDANet
from amdanet_ros.inference.thermal_normalization import ThermalNormalizer
from amdanet_ros.network.checkpoint import load_checkpoint
from amdanet_ros.synthetic import CONDITIONS, sample

sys.path.insert(0, str(Path(__file__).parent))
from object_contrast import detail, object_contrast, object_masks

HELD_OUT = 900_000  # the training's seeds are 1000 to 4599
SIZE = (240, 320)
PERSON, SIGN = DEMO.names.index("person"), DEMO.names.index("sign")


@pytest.fixture(scope="module")
def weights(project):
    return project / "amdanet_ros" / "weights" / "demo_mit_b0.safetensors"


@pytest.fixture(scope="module")
def network(weights):
    return load_checkpoint(weights).build()


@pytest.fixture(scope="module")
def folded(network):
    """The network as the predictor computes it."""
    return FoldedAMDANet(network)


def fused_image(folded, pair):
    thermal = ThermalNormalizer(smoothing=0.0)(pair.thermal)
    with torch.inference_mode():
        output = folded(
            torch.from_numpy(pair.rgb).permute(2, 0, 1)[None].float() / 255,
            torch.from_numpy(thermal)[None, None],
            want_logits=False,
        )
    return output.fused[0].permute(1, 2, 0).mul(255).numpy(), 255 * thermal


def test_the_file_is_small_and_says_what_it_is(weights):
    assert weights.stat().st_size <= 24e6
    checkpoint = load_checkpoint(weights)
    assert checkpoint.classes == DEMO.names
    assert np.array_equal(checkpoint.palette, DEMO.palette)
    assert {"command", "seed", "scores"} <= set(checkpoint.metadata)


def test_unseen_scenes_of_every_condition_are_segmented(network):
    pairs = [
        sample(HELD_OUT + i, SIZE, condition) for i, condition in enumerate(sorted(CONDITIONS) * 3)
    ]
    report = score_pairs(network, pairs, DEMO.names, torch.device("cpu"))
    assert report.total.scores().mean_iou() >= 0.70
    for condition, matrix in report.matrices.items():
        assert matrix.scores().mean_iou() >= 0.60, condition


def test_a_person_invisible_in_rgb_at_night_stands_out_in_the_fused_image(folded):
    hidden, shown = [], []
    for seed in range(HELD_OUT, HELD_OUT + 100):
        pair = sample(seed, SIZE, "night")
        masks = list(object_masks(pair.labels, PERSON))
        masks = [mask for mask in masks if object_contrast(pair.rgb, mask) < 15]
        if masks:
            fused, _ = fused_image(folded, pair)
            hidden += [object_contrast(pair.rgb, mask) for mask in masks]
            shown += [object_contrast(fused, mask) for mask in masks]
        if len(shown) >= 6:
            break
    assert len(shown) >= 6
    assert min(shown) > 25
    assert np.median(shown) > 3 * np.median(hidden)


def test_a_sign_flat_in_thermal_is_readable_in_the_fused_image(folded):
    flat, readable = [], []
    for seed in range(HELD_OUT, HELD_OUT + 8):
        pair = sample(seed, SIZE, "day")
        fused, thermal = fused_image(folded, pair)
        for mask in object_masks(pair.labels, SIGN, least_pixels=120):
            if detail(thermal, mask) < 8 and detail(pair.rgb, mask) > 30:
                flat.append(detail(thermal, mask))
                readable.append(detail(fused, mask))
    assert len(readable) >= 3
    assert np.median(readable) > 15
    assert np.median(readable) > 4 * np.median(flat)


def test_the_fused_image_keeps_the_colours_of_the_day(folded):
    pair = sample(HELD_OUT + 1, SIZE, "day")
    fused, _ = fused_image(folded, pair)
    chroma = [
        cv2.cvtColor(np.float32(image) / 255, cv2.COLOR_RGB2YCrCb)[..., 1:].ravel()
        for image in (fused, pair.rgb)
    ]
    assert np.corrcoef(*chroma)[0, 1] > 0.8
