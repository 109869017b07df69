"""``sensor_msgs/CameraInfo`` of any library read as a calibration."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..registration.camera_calibration import CameraCalibration


def calibration_from_info(info: Any, rectified: bool) -> CameraCalibration:
    """Return the calibration of the raw images (K), or of the rectified ones (P and R).

    The lens distortion (D) is left out: rectified images have none, for raw ones see
    ``has_distortion``.
    """
    matrix, rotation = np.array(info.k).reshape(3, 3), np.eye(3)
    if rectified:
        matrix = np.array(info.p).reshape(3, 4)[:, :3]
        if np.any(info.r):  # a camera of its own may leave it out
            rotation = np.array(info.r).reshape(3, 3)
    roi = info.roi
    return CameraCalibration(
        matrix,
        rotation,
        (info.height, info.width),
        (roi.y_offset, roi.x_offset, roi.height, roi.width),
        (max(1, info.binning_y), max(1, info.binning_x)),
    )


def has_distortion(info: Any) -> bool:
    """Return whether the lens of the raw images has distortion."""
    return bool(np.any(info.d))


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
    calibration = calibration_from_info(info, rectified=False)
    top, left, height, width = calibration.region_of(image)
    vertical, horizontal = height / image[0], width / image[1]
    return (
        top + round(window[0] * vertical),
        left + round(window[1] * horizontal),
        round(window[2] * vertical),
        round(window[3] * horizontal),
    )
