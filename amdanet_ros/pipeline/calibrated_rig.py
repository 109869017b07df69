"""The two cameras of a pair, from the calibrations that count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..findings import Finding, FindingKind, Level
from ..registration.camera_calibration import rig_from_calibrations
from ..registration.rig import Rig
from .camera_info import calibration_from_info, is_distortion_known
from .options import FusionOptions
from .registration_error import RegistrationError

Size = tuple[int, int]


def calibrated_rig(
    options: FusionOptions, rgb_size: Size, thermal_size: Size, infos: Mapping[str, Any]
) -> tuple[Rig, tuple[Finding, ...]]:
    """Return the calibrated cameras, and what of their calibrations is left out.

    Args:
        options: which calibration counts, and where the cameras are to each other.
        rgb_size: (height, width) of the RGB image.
        thermal_size: (height, width) of the thermal image as it comes, before the crop.
        infos: ``sensor_msgs/CameraInfo`` by stream, "rgb" and "thermal".

    Raises:
        RegistrationError: ``BAD_CALIBRATION`` or ``BAD_REGISTRATION``.
    """
    thermal = options.thermal
    rectified = thermal.registration_from.endswith("_rect")
    calibrations, cameras = [], []
    for stream, size in (("rgb", rgb_size), ("thermal", thermal_size)):
        try:
            calibrations.append(calibration_from_info(infos[stream], rectified))
            cameras.append(calibrations[-1].camera_of(size))
        except ValueError as error:
            values = {"cause": str(error), **_named(options, stream)}
            raise RegistrationError(FindingKind.BAD_CALIBRATION, stream, **values) from error
    try:
        rig = rig_from_calibrations(
            tuple(calibrations),
            tuple(cameras),
            np.array(thermal.rotation),
            np.array(thermal.translation),
        )
    except ValueError as error:
        raise RegistrationError(FindingKind.BAD_REGISTRATION, cause=str(error)) from error
    unknown = [] if rectified else [each for each in infos if not is_distortion_known(infos[each])]
    return rig, tuple(
        Finding(
            FindingKind.LENS_DISTORTION,
            stream,
            Level.WARN,
            {"model": infos[stream].distortion_model, **_named(options, stream)},
        )
        for stream in unknown
    )


def _named(options: FusionOptions, stream: str) -> dict[str, str]:
    """Return the file of a stream's calibration, where it is not from a topic."""
    file = options.rgb_camera_info_file if stream == "rgb" else options.thermal.camera_info_file
    return {"file": file} if file else {}
