"""Black that a camera measures is part of the picture; black around a picture is nothing."""

import cv2
import numpy as np
import pytest
import torch

from amdanet_ros.images.missing_pixels import missing_pixels
from amdanet_ros.inference import ThermalNormalizer
from amdanet_ros.inference.thermal_normalization import DARKEST, MODES
from amdanet_ros.network.thermal_standardisation import standardised

SIZE = (96, 128)


def noise(seed, sigma, size=SIZE):
    return np.random.default_rng(seed).normal(0.0, sigma, size)


def night(seed, sigma=0.5, dtype=np.uint8, around=False):
    """A street whose sky, or all around it, is at the lowest level, with the sensor's noise."""
    scene = np.random.default_rng(0).uniform(20, 200, SIZE)
    scene[:40] = 0.0
    if around:
        scene[:, :20] = scene[:, -20:] = scene[-12:] = 0.0
    return np.clip(np.round(scene + noise(seed, sigma)), 0, 255).astype(dtype)


def seen_by_the_encoder(normalized):
    return standardised(torch.from_numpy(normalized)[None, None])[0, 0].numpy()


@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("sigma", [0.25, 0.35, 0.6])
def test_a_dark_sky_does_not_flicker(dtype, sigma, around):
    normalizer = ThermalNormalizer()
    found = [
        seen_by_the_encoder(normalizer(night(seed, sigma, dtype, around))) for seed in range(6)
    ]
    # A black pixel that does not count is up to 0.2 below one that is a level brighter.
    assert np.abs(np.diff(found, axis=0))[:, :40].max() < 0.06


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_nothing_that_is_measured_is_0(mode, dtype):
    normalizer = ThermalNormalizer(mode, (10, 150) if mode == "fixed" else None)
    result = normalizer(night(1, dtype=dtype))
    assert result.min() > 0.0 and result.dtype == np.float32
    assert result.min() == pytest.approx(DARKEST, abs=1e-3)


def tilted(picture):
    turn = cv2.getRotationMatrix2D((SIZE[1] / 2, SIZE[0] / 2), 12, 0.9)
    return cv2.warpAffine(picture, turn, SIZE[::-1], flags=cv2.INTER_NEAREST)


def cut(top, bottom, left, right):
    def apply(picture):
        inner = picture.copy()
        inner[:top] = inner[SIZE[0] - bottom :] = 0
        inner[:, :left] = inner[:, SIZE[1] - right :] = 0
        return inner

    return apply


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "around",
    [cut(0, 0, 30, 0), cut(12, 0, 0, 20), cut(0, 9, 16, 16), cut(10, 10, 10, 10), tilted],
    ids=["left", "corner", "three", "four", "tilted"],
)
def test_black_around_a_picture_is_0_in_each_frame_and_moves_nothing(around, dtype):
    normalizer = ThermalNormalizer("none")
    for seed in range(3):
        picture = np.clip(90 + noise(seed, 30), 1, 255).astype(dtype)
        frame = around(picture)
        result = normalizer(frame)
        np.testing.assert_array_equal(result == 0.0, frame == 0)
        encoded = seen_by_the_encoder(result)[frame > 0]
        assert encoded.mean() == pytest.approx(0.25, abs=0.02)


def test_a_frame_without_noise_changes_nothing_until_the_reset():
    quiet = night(0, 0.0)
    normalizer = ThermalNormalizer()
    assert not normalizer(quiet)[:40].any()
    assert normalizer(night(1)).all()
    assert normalizer(quiet).all()
    normalizer.reset()
    assert not normalizer(quiet)[:40].any()


def test_unrelated_images_do_not_remember_each_other():
    normalizer = ThermalNormalizer(smoothing=0.0)
    assert normalizer(night(1)).all()
    assert not normalizer(night(0, 0.0))[:40].any()


def test_dark_noise_on_all_sides_is_no_border():
    assert missing_pixels(night(3, 0.5, around=True)) is None
    assert missing_pixels(night(3, 0.0, around=True)) is not None


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (2, 2), (90, 2), (3, 3), (4, 5)])
def test_the_smallest_black_images_are_finite(size):
    for value in (0, 1):
        image = np.zeros(size, np.uint8)
        image[0, 0] = value
        assert np.isfinite(ThermalNormalizer()(image)).all()
