"""``sensor_msgs/CameraInfo`` of any library read as a calibration."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..registration.camera_calibration import CameraCalibration
from ..registration.lens import EQUIDISTANT_COUNTS, PINHOLE_COUNTS, Lens

_PINHOLE_MODELS = ("", "none", "pinhole", "plumb_bob", "rational_polynomial", "radtan")
"""Distortion models whose coefficients are OpenCV's, told apart by their number."""
_EQUIDISTANT_MODELS = ("equidistant", "fisheye", "kannala_brandt", "kannala_brandt4")
"""Names of OpenCV's fisheye model."""


def calibration_from_info(info: Any, rectified: bool) -> CameraCalibration:
    """Return the calibration of the raw images (K and D), or of the rectified ones (P and R).

    The distortion of models that ``is_distortion_known`` does not know is left out.

    Raises:
        ValueError: a field that is needed is missing or wrong; it is named, with its fix.
    """
    rotation, lens = np.eye(3), None
    if rectified:
        matrix = _numbers("P", info.p, (3, 4))[:, :3]
        _check_matrix("P", matrix, "or, where the images are raw, register by K")
        if np.any(info.r):  # a camera of its own may leave it out
            rotation = _rotation(info.r)
    else:
        matrix = _numbers("K", info.k, (3, 3))
        _check_matrix("K", matrix, "or, where the images are rectified, register by P")
        lens = _lens(info)
    calibration = CameraCalibration(matrix, rotation, *_sensor(info), lens)
    _check_region(calibration)
    return calibration


def is_distortion_known(info: Any) -> bool:
    """Return whether the distortion of the raw images is known, or there is none."""
    return _model(info) in (*_PINHOLE_MODELS, *_EQUIDISTANT_MODELS)


def _lens(info: Any) -> Lens | None:
    """Return the distortion of the raw images; None: there is none, or its model is not known."""
    numbers = tuple(_numbers("D", info.d, (len(info.d),)).tolist())
    model = _model(info)
    if model in _EQUIDISTANT_MODELS:
        counts, is_bent = EQUIDISTANT_COUNTS, True
        numbers = numbers if any(numbers) else (0.0,) * 4  # a fisheye is bent where its D is zero
    elif model in _PINHOLE_MODELS:
        counts, is_bent = PINHOLE_COUNTS, any(numbers)
    else:
        return None
    if not is_bent:
        return None
    if len(numbers) not in counts:
        named = model or "plumb_bob"
        wanted = " or ".join(map(str, counts))
        raise ValueError(
            f"D holds {len(numbers)} numbers, and {named} has {wanted}: correct the driver or its "
            "calibration file"
        )
    return Lens(model in _EQUIDISTANT_MODELS, numbers)


def _model(info: Any) -> str:
    return str(getattr(info, "distortion_model", "")).strip().lower()


def _numbers(name: str, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    numbers = np.array(values, dtype=np.float64)
    if numbers.size != np.prod(shape, dtype=int):
        raise ValueError(
            f"{name} holds {numbers.size} numbers instead of {np.prod(shape)}: correct the driver"
        )
    if not np.all(np.isfinite(numbers)):
        raise ValueError(f"{name} holds NaN or infinite numbers: calibrate the camera again")
    return numbers.reshape(shape)


def _check_matrix(name: str, matrix: np.ndarray, otherwise: str) -> None:
    """Refuse a K or P without focal lengths; ``otherwise``: what serves without it."""
    fix = f"calibrate the camera and let its driver publish {name}, {otherwise}"
    if not matrix.any():
        raise ValueError(f"{name} is all zeros: {fix}")
    focal_x, focal_y = matrix[0, 0], matrix[1, 1]
    if focal_x <= 0.0 or focal_y <= 0.0:
        raise ValueError(f"{name} has the focal lengths {focal_x:g} and {focal_y:g}: {fix}")
    if not np.allclose(matrix[2], (0.0, 0.0, 1.0)):
        row = ", ".join(f"{each:g}" for each in matrix[2])
        raise ValueError(f"the last row of {name} is {row} instead of 0, 0, 1: {fix}")


def _rotation(values: Any) -> np.ndarray:
    rotation = _numbers("R", values, (3, 3))
    with np.errstate(over="ignore", invalid="ignore"):
        is_rotation = np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3)
    if not is_rotation or np.linalg.det(rotation) < 0:
        raise ValueError(
            "R is no rotation: calibrate the camera again; a camera of its own has the identity"
        )
    return rotation


def _sensor(info: Any) -> tuple[tuple[int, int], tuple[int, int, int, int], tuple[int, int]]:
    """Return the size, the region and the binning as `CameraCalibration` has them."""
    roi = info.roi
    return (
        (info.height, info.width),
        (roi.y_offset, roi.x_offset, roi.height, roi.width),
        (max(1, info.binning_y), max(1, info.binning_x)),
    )


def _check_region(calibration: CameraCalibration) -> None:
    top, left, height, width = calibration.region
    if not (all(calibration.size) and all(calibration.region[2:])):
        return
    if top + height > calibration.size[0] or left + width > calibration.size[1]:
        raise ValueError(
            f"its roi of {width} x {height} at {left}, {top} reaches beyond the "
            f"{calibration.size[1]} x {calibration.size[0]} pixels of height and width: correct "
            "the roi, or leave it 0 for whole images"
        )


def fingerprint(info: Any) -> tuple:
    """Return what of a calibration matters, comparable, without its header."""
    roi = info.roi
    return (
        (info.height, info.width, info.binning_y, info.binning_x),
        (roi.y_offset, roi.x_offset, roi.height, roi.width),
        np.array(info.k).tobytes(),
        np.array(info.r).tobytes(),
        np.array(info.p).tobytes(),
        np.array(info.d).tobytes(),
        _model(info),
    )


def region_of_window(
    info: Any, window: tuple[int, int, int, int], image: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return which part of the sensor a part of an image shows.

    Args:
        info: of the whole image as it comes.
        window: (top, left, height, width) in pixels of the image.
        image: (height, width) of the image.

    Returns:
        (top, left, height, width) in the sensor's pixels.
    """
    calibration = CameraCalibration(np.eye(3), np.eye(3), *_sensor(info))
    top, left, height, width = calibration.region_of(image)
    vertical, horizontal = height / image[0], width / image[1]
    return (
        top + round(window[0] * vertical),
        left + round(window[1] * horizontal),
        round(window[2] * vertical),
        round(window[3] * horizontal),
    )
