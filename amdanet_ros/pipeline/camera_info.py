"""``sensor_msgs/CameraInfo`` read as a calibration, and written for a part of the picture."""

from __future__ import annotations

from copy import copy

import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from ..registration.camera_calibration import CameraCalibration


def calibration_from_message(info: CameraInfo, rectified: bool) -> CameraCalibration:
    """Return the calibration of the raw pictures (K), or of the rectified ones (P and R).

    The lens distortion (D) is left out: rectified pictures have none, for raw ones see
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


def has_distortion(info: CameraInfo) -> bool:
    """Return whether the lens of the raw pictures has distortion."""
    return bool(np.any(info.d))


def fingerprint(info: CameraInfo) -> tuple:
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


def info_of_window(
    info: CameraInfo, window: tuple[int, int, int, int], picture: tuple[int, int]
) -> CameraInfo:
    """Return the calibration of a part of the picture: the same camera with a region of interest.

    Args:
        info: of the whole picture as it comes; it stays as it is.
        window: (top, left, height, width) in pixels of the picture.
        picture: (height, width) of the picture.
    """
    calibration = calibration_from_message(info, rectified=False)
    top, left, height, width = calibration.region_of(picture)
    vertical, horizontal = height / picture[0], width / picture[1]
    cut = copy(info)
    cut.roi = RegionOfInterest(
        y_offset=top + round(window[0] * vertical),
        x_offset=left + round(window[1] * horizontal),
        height=round(window[2] * vertical),
        width=round(window[3] * horizontal),
        do_rectify=info.roi.do_rectify,
    )
    return cut
