"""Pairs as they come: a shift of the thermal camera is told, and nothing else is."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from amdanet_ros.findings import FindingKind, Level
from amdanet_ros.pipeline import FusionOptions, HealthStatus, ImagePair, ModalityHealth
from amdanet_ros.pipeline.options import ThermalOptions
from amdanet_ros.pipeline.pair_geometry import EQUAL_VIEWS, PairGeometry
from amdanet_ros.pipeline.registration_check import SAMPLES, RegistrationCheck
from amdanet_ros.registration.steps import drained
from amdanet_ros.synthetic import RgbCamera, StreetScene, ThermalCamera

SIZE, THERMAL_SIZE = (240, 320), (120, 160)
WELL = {stream: ModalityHealth() for stream in ("rgb", "thermal")}


@pytest.fixture(scope="module")
def street():
    """Pairs of drawn streets: RGB and thermal counts, of equal views."""
    pairs = []
    for index in range(SAMPLES):
        frame = StreetScene(60 + index, "day", SIZE).render(1.0)
        rgb = RgbCamera(index).capture(frame.radiance)
        pairs.append((rgb, ThermalCamera(index, SIZE).capture(frame.temperature)))
    return pairs


def fused(geometry=EQUAL_VIEWS, health=WELL, **thermal):
    options = FusionOptions(thermal=ThermalOptions(**thermal))
    return SimpleNamespace(options=options, geometry=geometry, health=health)


def checked(check, street, count=3, shift=(0.0, 0.0), **fusion):
    """Let a check see so many times all pairs, with the thermal images shifted."""
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    for _ in range(count):
        for rgb, thermal in street:
            moved = cv2.warpAffine(
                thermal, move, thermal.shape[::-1], borderMode=cv2.BORDER_REFLECT_101
            )
            drained(check.add(ImagePair(rgb, moved, 0), fused(**fusion)))


def test_a_synthetic_shift_is_told_and_without_it_nothing(street):
    check = RegistrationCheck()
    checked(check, street)
    assert check.findings() == ()
    assert check.latest < 2.0
    assert (check.measured, check.untold) == (3, 0)
    checked(check, street, 2, shift=(6.0, 3.0))
    assert check.findings() == ()  # the third must agree
    checked(check, street, 1, shift=(6.0, 3.0))
    (finding,) = check.findings()
    assert (finding.kind, finding.level) == (FindingKind.CAMERAS_MOVED, Level.WARN)
    assert finding.values == {
        "pixels": pytest.approx(2 * np.hypot(6, 3), abs=2.0), "width": 640
    }  # fmt: skip


def test_a_registration_that_holds_the_shift_is_right(street):
    """The same shifted images under the homography of the shift, cut to a window."""
    matrix = np.array([[1.0, 0.0, -6.0 - 8.0], [0.0, 1.0, -3.0 - 4.0], [0.0, 0.0, 1.0]])
    check = RegistrationCheck()
    checked(
        check, street, 1, shift=(6.0, 3.0), geometry=PairGeometry(matrix, None, (4, 8, 228, 300))
    )
    assert check.measured == 1
    assert check.latest < 2.0


def test_another_registration_begins_again(street):
    check = RegistrationCheck()
    checked(check, street[:1], 1)
    checked(check, street[:3], 1, registration=(1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    assert (check.measured, check.latest) == (0, None)


@pytest.mark.parametrize("why", ["no rgb", "no thermal", "dark"])
def test_pairs_of_a_camera_that_is_not_well_are_left_out(street, why):
    check = RegistrationCheck()
    rgb, thermal = street[0]
    pair = ImagePair(None if why == "no rgb" else rgb, None if why == "no thermal" else thermal, 0)
    dark = {**WELL, "rgb": ModalityHealth(HealthStatus.DEGRADED, "dark")}
    for _ in range(2 * SAMPLES):
        drained(check.add(pair, fused(health=dark if why == "dark" else WELL)))
    assert (check.measured, check.untold) == (0, 0)


def test_featureless_scenes_tell_nothing():
    check = RegistrationCheck()
    pair = ImagePair(np.full((*SIZE, 3), 90, np.uint8), np.full(THERMAL_SIZE, 29000, np.uint16), 0)
    for _ in range(3 * SAMPLES):
        drained(check.add(pair, fused()))
    assert (check.measured, check.untold) == (0, 3)
    assert check.findings() == ()
