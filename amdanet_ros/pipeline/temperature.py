"""Temperatures from radiometric thermal images: of each pixel, and of each class."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..findings import Finding, FindingKind, Level
from ..images.missing_pixels import missing_pixels, sparse_view

UNITS = ("none", "centikelvin", "decikelvin", "kelvin_64", "kelvin", "celsius")
"""Of the values of thermal images; none: counts or video, from which no temperature follows."""

COLDEST, HOTTEST = -60.0, 700.0
"""Degrees Celsius: an image that lies outside for the most part is in another unit."""

_SCALES = {
    "centikelvin": 0.01,
    "decikelvin": 0.1,
    "kelvin_64": 1 / 64,
    "kelvin": 1.0,
    "celsius": 1.0,
}
_ZERO_CELSIUS = 273.15  # kelvin
_SAMPLES = 8_000
_USUAL = (-40.0, 150.0)  # degrees Celsius: of most of the pixels of most scenes
_LIKE_KELVIN = (200.0, 400.0)  # an image between these is in kelvin, not in degrees Celsius


class ClassTemperatures(NamedTuple):
    """Each class of one image, degrees Celsius; NaN where nothing was measured.

    Attributes:
        means: K float32.
        maxima: K float32.
    """

    means: np.ndarray
    maxima: np.ndarray


def celsius_of(
    thermal: np.ndarray | None, unit: str
) -> tuple[np.ndarray | None, tuple[Finding, ...]]:
    """Return the temperatures of a thermal image, and why there are none.

    Args:
        thermal: h x w uint8, uint16 or float as the camera gave it; None: no image came.
        unit: of `UNITS`.

    Returns:
        h x w float32, degrees Celsius, NaN where a pixel is no measurement (see `missing_pixels`;
        0 and 65535 of uint16, the ends of the sensor's range; below absolute zero). None, with a
        ``WRONG_THERMAL_UNIT`` where the unit contradicts the image, where nothing can be told.
    """
    if thermal is None or unit == "none":
        return None, ()
    if thermal.dtype == np.uint8:
        return None, (_doubt(unit, "8 bits", np.empty(0, np.float32)),)
    missing = missing_pixels(thermal)
    with np.errstate(over="ignore", invalid="ignore"):
        values = thermal.astype(np.float32)
        if thermal.dtype == np.uint16:
            values[(thermal == 0) | (thermal == 65535)] = np.nan
        if missing is not None:
            values[missing] = np.nan
        celsius = _in_celsius(values, unit)
        celsius[celsius < -_ZERO_CELSIUS] = np.nan
    sample = sparse_view(values, _SAMPLES)
    sample = sample[np.isfinite(sample)]
    problem = _contradiction(_in_celsius(sample, unit), unit)
    if problem:
        return None, (_doubt(unit, problem, sample),)
    return celsius, ()


def class_temperatures(
    mask: np.ndarray, celsius: np.ndarray | None, num_classes: int
) -> ClassTemperatures:
    """Return each class's mean and greatest temperature.

    Args:
        mask: H x W uint8 class index; 255: unlabelled.
        celsius: H x W float32, NaN where nothing was measured; None: nowhere.
        num_classes: K.
    """
    found = ClassTemperatures(*np.full((2, num_classes), np.nan, np.float32))
    if celsius is None:
        return found
    present = np.flatnonzero(cv2.calcHist([mask], [0], None, [num_classes], [0, num_classes]))
    for index in present:
        inside = (mask == index).view(np.uint8)
        found.means[index], found.maxima[index] = mean_and_max(celsius, inside)
    return found


def mean_and_max(celsius: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    """Return the mean and the maximum of a region, NaN where nothing was measured.

    Args:
        celsius: H x W float32, NaN where nothing was measured.
        inside: H x W uint8, not 0 in the region.
    """
    measured = cv2.bitwise_and(inside, cv2.compare(celsius, celsius, cv2.CMP_EQ))
    if not cv2.countNonZero(measured):
        return np.nan, np.nan
    return cv2.mean(celsius, measured)[0], cv2.minMaxLoc(celsius, measured)[1]


def _in_celsius(values: np.ndarray, unit: str) -> np.ndarray:
    if unit == "celsius":
        return values.copy()
    return values * np.float32(_SCALES[unit]) - np.float32(_ZERO_CELSIUS)


def _contradiction(celsius: np.ndarray, unit: str) -> str:
    """Return in what an image's values contradict its unit; empty where they do not."""
    if not celsius.size:
        return ""
    low, middle, high = np.percentile(celsius, [1, 50, 99])
    if middle < COLDEST:
        return f"values below {COLDEST:g} °C"
    if middle > HOTTEST:
        return f"values above {HOTTEST:g} °C"
    if unit == "celsius" and _LIKE_KELVIN[0] < low and high < _LIKE_KELVIN[1]:
        return f"values between {_LIKE_KELVIN[0]:g} and {_LIKE_KELVIN[1]:g} °C"
    return ""


def _doubt(unit: str, problem: str, sample: np.ndarray) -> Finding:
    """Return the finding, with the units in which the values would be of a usual scene."""
    values = {"unit": unit, "problem": problem}
    if sample.size:
        middle = np.float32(np.median(sample))
        others = [each for each in _SCALES if each != unit]
        fits = [each for each in others if _USUAL[0] < _in_celsius(middle, each) < _USUAL[1]]
        if fits:
            values["fits"] = " or ".join(fits)
    return Finding(FindingKind.WRONG_THERMAL_UNIT, "thermal", Level.WARN, values)
