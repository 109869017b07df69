"""Estimated homographies of generated and real images, and refusals."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.fuse.image_folders import find_pairs
from amdanet_ros.registration import RegistrationRefusedError, estimate_homography
from amdanet_ros.registration.homography import corner_error, resize_homography
from amdanet_ros.synthetic import RgbCamera, StreetScene, ThermalCamera

sys.path.insert(0, str(Path(__file__).parent))
from known_warps import random_homography, seen_through

_SIZE, _THERMAL_SIZE = (480, 640), (240, 320)


def _drawn_recording(seed, homography, frames=3):
    rgb, thermal = [], []
    for index in range(frames):
        frame = StreetScene(50 * seed + index, ("day", "night")[index % 2], _SIZE).render(1.0)
        rgb.append(RgbCamera(index).capture(frame.radiance))
        camera = ThermalCamera(index, _THERMAL_SIZE, thermal_to_rgb=homography)
        thermal.append(camera.capture(frame.temperature))
    return rgb, thermal


@pytest.mark.parametrize("seed", [1, 2])
def test_a_drawn_recording_gives_its_homography_within_a_pixel(seed):
    random = np.random.default_rng(seed)
    known = random_homography(random, _SIZE) @ resize_homography(_THERMAL_SIZE, _SIZE)
    found = estimate_homography(*_drawn_recording(seed, known))
    assert corner_error(found.homography, known, _THERMAL_SIZE) < 1.0
    assert found.uncertainty < 1.0
    assert found.rgb_size == _SIZE
    assert found.thermal_size == _THERMAL_SIZE


def test_images_without_common_edges_are_refused_and_the_mend_is_said():
    noise = np.random.default_rng(0)
    rgb = [noise.integers(0, 255, (240, 320, 3), dtype=np.uint8) for _ in range(2)]
    thermal = [noise.integers(0, 9000, (240, 320)).astype(np.uint16) for _ in range(2)]
    with pytest.raises(RegistrationRefusedError, match=r"record|thermal\.registration"):
        estimate_homography(rgb, thermal)


def test_a_flat_thermal_image_is_refused():
    frame = StreetScene(3, "day", (240, 320)).render(0.5)
    rgb = RgbCamera(0).capture(frame.radiance)
    with pytest.raises(RegistrationRefusedError):
        estimate_homography([rgb], [np.full((240, 320), 29000, np.uint16)])


def test_one_edge_alone_does_not_determine_a_homography():
    rgb = np.zeros((240, 320, 3), np.uint8)
    rgb[:, 160:] = 200
    thermal = np.zeros((240, 320), np.uint8)
    thermal[:, 160:] = 90
    with pytest.raises(RegistrationRefusedError):
        estimate_homography([rgb], [thermal])


@pytest.mark.parametrize("degrees", [0, 90, 35])
def test_edges_of_one_direction_do_not_determine_a_homography(degrees):
    """The fit's two halves agree to a third of a pixel there, and the shift may be any."""
    random = np.random.default_rng(0)
    fence = np.repeat(random.integers(0, 255, 60, np.uint8), 10)[None].repeat(600, axis=0)
    turn = cv2.getRotationMatrix2D((300, 300), degrees, 1.0)
    grey = cv2.warpAffine(fence, turn, (600, 600))[150:390, 140:460]
    with pytest.raises(RegistrationRefusedError, match="in one direction.* in all directions"):
        estimate_homography([cv2.merge([grey] * 3)], [grey])


def test_images_of_two_sizes_are_refused():
    rgb = [np.zeros((64, 64, 3), np.uint8), np.zeros((64, 80, 3), np.uint8)]
    with pytest.raises(ValueError, match="RGB images differ in size"):
        estimate_homography(rgb, [np.zeros((64, 64), np.uint8)] * 2)


@pytest.mark.parametrize(("folder", "every", "seed"), [("m3svd", 2, 0), ("msrs", 3, 2)])
def test_real_pairs_warped_by_a_known_homography_are_registered(shared, folder, every, seed):
    """At 640 x 480, to 5 px at the corners.

    The public pairs are themselves some pixels out of register; the truth is the known warp after
    what the pairs as they are give.
    """
    pairs = [pair.read() for pair in find_pairs(shared / "data" / folder).pairs][::every]
    rgb = [one for one, _ in pairs]
    thermal = [other if other.ndim == 2 else cv2.cvtColor(other, 6) for _, other in pairs]
    size = thermal[0].shape
    own = estimate_homography(rgb, thermal).homography
    known = random_homography(np.random.default_rng(seed), size)
    found = estimate_homography(rgb, [seen_through(image, known) for image in thermal])
    assert corner_error(found.homography, own @ known, size) <= 5.0
