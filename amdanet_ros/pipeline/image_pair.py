"""What the pipeline takes: an RGB and a thermal image that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .depth_images import DepthImage
from .health import ModalityHealth


@dataclass(frozen=True, eq=False)
class ImagePair:
    """Two images, or one where the other camera has stopped.

    Attributes:
        rgb: H x W x 3 uint8, R, G, B; None: the RGB camera has stopped.
        thermal: h x w uint8, uint16 or float32 as the camera gave it, before ``thermal.crop``;
            None: the thermal camera has stopped.
        stamp_ns: of the outputs: RGB's, else the corrected thermal stamp.
        offset_ns: corrected thermal stamp minus RGB stamp; 0 for one image alone.
        thermal_stamp_ns: of the thermal image as it came; None where there is none.
        rgb_frame: optical frame of the RGB image.
        thermal_frame: optical frame of the thermal image.
        rgb_info: the RGB camera's ``sensor_msgs/CameraInfo``, of any library; None: not known.
        thermal_info: the thermal camera's.
        rgb_health: where it was measured before; None: the pipeline measures it.
        thermal_health: likewise.
        depth: in the RGB camera's pixels; None: there is none near enough in time, or none is
            wanted.
    """

    rgb: np.ndarray | None
    thermal: np.ndarray | None
    stamp_ns: int
    offset_ns: int = 0
    thermal_stamp_ns: int | None = None
    rgb_frame: str = ""
    thermal_frame: str = ""
    rgb_info: Any = None
    thermal_info: Any = None
    rgb_health: ModalityHealth | None = None
    thermal_health: ModalityHealth | None = None
    depth: DepthImage | None = None
