"""``sensor_msgs/CameraInfo`` of a fused image: the RGB camera's, for the part that is shown."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from ..pipeline.camera_info import region_of_window
from ..registration.camera_info_file import CameraInfoValues
from .types import MessageTypes


def camera_info_message(
    types: MessageTypes,
    info: Any,
    header: Any,
    window: tuple[int, int, int, int] | None,
    image_size: tuple[int, int] | None,
) -> Any:
    """Return a copy of a ``sensor_msgs/CameraInfo`` with another header and region of interest.

    Args:
        types: message classes to build with, where there is no message yet.
        info: of the whole image: a message as it came, which stays as it is, or a file's values.
        header: ``std_msgs/Header`` of the copy.
        window: (top, left, height, width) of the part that is shown, in pixels of the image; None:
            all of it.
        image_size: (height, width) of the whole image; may be None where window is.
    """
    cut = _message_of(types, info, header) if isinstance(info, CameraInfoValues) else copy(info)
    cut.header = header
    if window is not None:
        cut.roi = roi = copy(cut.roi)
        region = region_of_window(info, window, image_size)
        roi.y_offset, roi.x_offset, roi.height, roi.width = region
    return cut


def _message_of(types: MessageTypes, values: CameraInfoValues, header: Any) -> Any:
    """Return the calibration of a file as a message."""
    roi = {name: getattr(values.roi, name) for name in ("x_offset", "y_offset", "height", "width")}
    return types.make(
        "sensor_msgs/msg/CameraInfo",
        header=header,
        height=values.height,
        width=values.width,
        distortion_model=values.distortion_model,
        d=np.array(values.d, np.float64),
        k=np.array(values.k, np.float64),
        r=np.array(values.r, np.float64),
        p=np.array(values.p, np.float64),
        binning_x=values.binning_x,
        binning_y=values.binning_y,
        roi=types.make("sensor_msgs/msg/RegionOfInterest", **roi, do_rectify=False),
    )
