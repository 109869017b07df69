"""``sensor_msgs/CameraInfo``: calibrations of any numbers, used to register a pair."""

from __future__ import annotations

import struct

import numpy as np

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.pipeline.geometry import GeometryCache
from amdanet_ros.pipeline.options import FusionOptions, ThermalOptions
from amdanet_ros.pipeline.registration_error import RegistrationError

from .spending import Spending
from .target import Target

_MODELS = ("plumb_bob", "rational_polynomial", "equidistant", "", "fisheye")
_LENGTHS = (5, 8, 4, 0, 14)
_SIZES = (48, 64), (30, 40)


def run(data: bytes) -> None:
    """Register a pair by two calibrations."""
    spending = Spending(data)
    source = spending.choice(("camera_info", "camera_info_rect"))
    distance = spending.choice((0.0, 5.0))
    options = FusionOptions(
        thermal=ThermalOptions(registration_from=source, registration_distance=distance),
        crop_to_common_view=spending.byte() % 2 == 0,
    )
    infos = {stream: hostile_info(spending, stream) for stream in ("rgb", "thermal")}
    geometry = GeometryCache().of(options, *_SIZES, infos)
    if geometry.homography is not None:
        assert geometry.homography.shape == (3, 3)
        assert np.isfinite(geometry.homography).all()
    if geometry.pixel_map is not None:
        assert np.isfinite(geometry.pixel_map.at((24, 32))).all()
    if geometry.window is not None:
        top, left, height, width = geometry.window
        assert 0 <= top < top + height <= _SIZES[0][0]
        assert 0 <= left < left + width <= _SIZES[0][1]


def hostile_info(spending: Spending, stream: str):
    """Return a calibration message (of rosbags) of any numbers."""
    types = typestore().types
    stamp = types["builtin_interfaces/msg/Time"](sec=1, nanosec=0)
    model = spending.byte() % len(_MODELS)
    region = [spending.unsigned() for _ in range(4)]
    numbers = [np.array([spending.real() for _ in range(n)]) for n in (_LENGTHS[model], 9, 9, 12)]
    return types["sensor_msgs/msg/CameraInfo"](
        header=types["std_msgs/msg/Header"](stamp=stamp, frame_id=stream),
        height=spending.unsigned(),
        width=spending.unsigned(),
        distortion_model=_MODELS[model],
        d=numbers[0],
        k=numbers[1],
        r=numbers[2],
        p=numbers[3],
        binning_x=spending.unsigned(),
        binning_y=spending.unsigned(),
        roi=types["sensor_msgs/msg/RegionOfInterest"](*region, do_rectify=False),
    )


def seeds() -> list[bytes]:
    """Two usable calibrations, raw (one bent) and rectified."""

    def real(value: float) -> bytes:
        return bytes([255]) + struct.pack("<d", value)

    matrix = b"".join(map(real, (60, 0, 32, 0, 60, 24, 0, 0, 1)))
    identity = b"".join(map(real, (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    projection = b"".join(map(real, (60, 0, 32, 0, 0, 60, 24, 0, 0, 0, 1, 0)))

    def info(*lens: float) -> bytes:
        numbers = b"".join(map(real, lens)) + matrix + identity + projection
        return bytes([0]) + bytes(8) + numbers + bytes([0, 48, 0, 64, 0, 0, 0, 0])

    plain, bent = info(0, 0, 0, 0, 0), info(-0.3, 0.1, 0, 0, 0)
    return [
        bytes([source, source, crop]) + first + plain
        for source in (0, 1)
        for crop in (0, 1)
        for first in (plain, bent)
    ]


TARGET = Target("camera_info", run, (RegistrationError,), seeds, longest=2048)
