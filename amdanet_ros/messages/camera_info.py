"""``sensor_msgs/CameraInfo`` of a fused image: the RGB camera's, for the part that is shown."""

from __future__ import annotations

from copy import copy
from typing import Any

from ..pipeline.camera_info import region_of_window


def camera_info_message(
    info: Any,
    header: Any,
    window: tuple[int, int, int, int] | None,
    image_size: tuple[int, int] | None,
) -> Any:
    """Return a copy of a ``sensor_msgs/CameraInfo`` with another header and region of interest.

    Args:
        info: of the whole image as it came; it stays as it is.
        header: ``std_msgs/Header`` of the copy.
        window: (top, left, height, width) of the part that is shown, in pixels of the image; None:
            all of it.
        image_size: (height, width) of the whole image; may be None where window is.
    """
    cut = copy(info)
    cut.header = header
    if window is not None:
        cut.roi = roi = copy(info.roi)
        region = region_of_window(info, window, image_size)
        roi.y_offset, roi.x_offset, roi.height, roi.width = region
    return cut
