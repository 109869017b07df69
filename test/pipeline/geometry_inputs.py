"""Options and calibrations that tests of the geometry share."""

from types import SimpleNamespace

from amdanet_ros.pipeline import FusionOptions
from amdanet_ros.pipeline.options import ThermalOptions

RGB, THERMAL = (480, 640), (240, 320)
RAW, RECTIFIED = "camera_info", "camera_info_rect"
NONE = {"rgb": None, "thermal": None}
SHIFT = (1.0, 0.0, 10.0, 0.0, 1.0, 20.0, 0.0, 0.0, 1.0)
DOUBLE = (2.0, 0.0, 30.0, 0.0, 2.0, 10.0, 0.0, 0.0, 1.0)


def options(crop_to_common_view=False, **thermal):
    return FusionOptions(thermal=ThermalOptions(**thermal), crop_to_common_view=crop_to_common_view)


def region(**fields):
    zero = dict.fromkeys(("x_offset", "y_offset", "height", "width"), 0)
    return SimpleNamespace(**{**zero, **fields})


def info(focal, size, frame="", **fields):
    """A ``sensor_msgs/CameraInfo`` by its fields."""
    height, width = size
    k = [focal, 0.0, (width - 1) / 2, 0.0, focal, (height - 1) / 2, 0.0, 0.0, 1.0]
    p = [*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0]
    plain = {"k": k, "p": p, "r": [0.0] * 9, "d": [], "binning_x": 0, "binning_y": 0}
    header = SimpleNamespace(frame_id=frame)
    return SimpleNamespace(
        **{"header": header, "height": height, "width": width, "roi": region(), **plain, **fields}
    )
