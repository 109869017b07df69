"""Whether the thermal images still lie where the registration puts them, while pairs come."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np

from ..findings import Finding, FindingKind, Level
from ..images.thermal import crop
from ..registration import resize_homography
from ..registration.orientation_field import grey
from ..registration.residual import UNIT, DriftMonitor, residual_shifts
from ..registration.steps import Steps
from .fusion import Fusion
from .health import HealthStatus
from .image_pair import ImagePair
from .pair_geometry import PairGeometry

SAMPLES = 4
"""Pairs that are measured together."""

_WIDTH = 320


class _Sample(NamedTuple):
    """A pair, small: grey H x W float32 each, and where the thermal camera sees, H x W bool."""

    rgb: np.ndarray
    registered: np.ndarray
    seen: np.ndarray


class RegistrationCheck:
    """Measures the registration's residual from pairs, `SAMPLES` at a time. One thread at a time.

    Attributes:
        measured: how often it could be measured.
        untold: how often the scene did not tell.
    """

    def __init__(self) -> None:
        self.measured = 0
        self.untold = 0
        self._monitor = DriftMonitor()
        self._samples: list[_Sample] = []
        self._key: tuple | None = None

    @property
    def latest(self) -> float | None:
        """Pixels (of an image 640 wide) of the last measurement; None: there is none."""
        return self._monitor.latest

    def add(self, pair: ImagePair, fusion: Fusion) -> Steps[None]:
        """Take a pair that was fused; with the last sample, measure.

        Pairs of which a camera is not well are left out. What was measured before is forgotten
        where the registration has changed since.
        """
        if pair.rgb is None or pair.thermal is None:
            return
        if any(each.status is not HealthStatus.OK for each in fusion.health.values()):
            return
        self._follow(pair, fusion)
        self._samples.append(_sample(pair, fusion))
        yield
        if len(self._samples) < SAMPLES:
            return
        samples, self._samples = self._samples, []
        seen = np.logical_and.reduce([each.seen for each in samples])
        shifts = yield from residual_shifts(
            [each.rgb for each in samples], [each.registered for each in samples], seen
        )
        if shifts is None:
            self.untold += 1
            return
        self.measured += 1
        self._monitor.add(shifts)

    def findings(self) -> tuple[Finding, ...]:
        """Return that the cameras have moved, if they have."""
        pixels = self._monitor.moved
        if pixels is None:
            return ()
        values = {"pixels": pixels, "width": UNIT}
        return (Finding(FindingKind.CAMERAS_MOVED, None, Level.WARN, values),)

    def _follow(self, pair: ImagePair, fusion: Fusion) -> None:
        """Begin again where the pair is put together in another way than the ones before."""
        options, geometry = fusion.options, fusion.geometry
        how = geometry.projector or geometry.pixel_map
        matrix = None if geometry.homography is None else geometry.homography.tobytes()
        key: tuple[Any, ...] = (
            options.thermal, geometry.window, pair.rgb.shape, pair.thermal.shape, how, matrix
        )  # fmt: skip
        if key != self._key:
            self._key = key
            self._samples = []
            self._monitor = DriftMonitor()


def _sample(pair: ImagePair, fusion: Fusion) -> _Sample:
    rgb = fusion.geometry.cut(pair.rgb)
    height, width = rgb.shape[:2]
    factor = min(1.0, _WIDTH / width)
    size = max(1, round(height * factor)), max(1, round(width * factor))
    small = cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_AREA)
    heat = grey(crop(pair.thermal, fusion.options.thermal.crop))
    seen = _placed(fusion.geometry, np.ones(heat.shape, np.float32), (height, width), size)
    registered = _placed(fusion.geometry, heat, (height, width), size)
    return _Sample(grey(small), registered, seen > 0.99)


def _placed(
    geometry: PairGeometry, thermal: np.ndarray, shown: tuple[int, int], size: tuple[int, int]
) -> np.ndarray:
    """Return a thermal image over what is shown of the RGB image, resized to a size."""
    if geometry.homography is None:
        return geometry.placed(thermal, size)
    to_small = resize_homography(shown, size) @ geometry.homography
    return cv2.warpPerspective(thermal, to_small, size[::-1])
