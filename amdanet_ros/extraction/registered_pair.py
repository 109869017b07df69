"""A pair as training reads it: both images with the same field of view and size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..images.errors import BadImage
from ..images.thermal import crop
from ..pipeline.geometry import GeometryCache
from ..pipeline.health import HealthMonitor, ModalityHealth
from ..pipeline.image_pair import ImagePair
from ..pipeline.options import FusionOptions

_HUNDREDTHS = 100.0
_MOST = 65535


@dataclass(frozen=True, eq=False)
class RegisteredPair:
    """Two images of the same H x W.

    Attributes:
        rgb: H x W x 3 uint8, the part that is shown.
        thermal: H x W uint8 or uint16; 0 where the thermal camera saw nothing (of 16 bits).
    """

    rgb: np.ndarray
    thermal: np.ndarray


def registered(
    pair: ImagePair, options: FusionOptions, geometries: GeometryCache
) -> RegisteredPair:
    """Put the thermal image over the RGB image, as the node does.

    Temperatures become hundredths of a degree where these fit 16 bits, else they are stretched to
    16 bits image by image.

    Raises:
        BadImage: one image is missing, or the margins to cut leave nothing.
        RegistrationError: the images cannot be registered.
    """
    if pair.rgb is None or pair.thermal is None:
        raise BadImage("one of the two images is missing", "both cameras are needed")
    infos = {"rgb": pair.rgb_info, "thermal": pair.thermal_info}
    geometry = geometries.of(options, pair.rgb.shape[:2], pair.thermal.shape, infos)
    geometry = geometry.with_depth(pair.depth, pair.rgb_frame)
    rgb = geometry.cut(pair.rgb)
    try:
        values = _sixteen_bits(crop(pair.thermal, options.thermal.crop))
    except ValueError as error:
        raise BadImage(str(error), "set thermal.crop smaller", "thermal") from error
    thermal = geometry.placed(values, rgb.shape[:2])
    return RegisteredPair(np.ascontiguousarray(rgb), thermal)


def health_of(pair: ImagePair, options: FusionOptions) -> dict[str, ModalityHealth]:
    """Return both images' health by stream, measured before or now.

    Raises:
        BadImage: it cannot be measured.
    """
    monitor = HealthMonitor()
    found = {"rgb": pair.rgb_health, "thermal": pair.thermal_health}
    try:
        if pair.rgb is not None and pair.rgb_health is None:
            found["rgb"] = monitor.check_rgb(pair.rgb)
        if pair.thermal is not None and pair.thermal_health is None:
            found["thermal"] = monitor.check_thermal(crop(pair.thermal, options.thermal.crop))
    except ValueError as error:
        raise BadImage(str(error), "check the cameras and their drivers") from error
    return {
        stream: health or ModalityHealth.lost("no image came") for stream, health in found.items()
    }


def _sixteen_bits(thermal: np.ndarray) -> np.ndarray:
    """Return uint8 and uint16 as they are, other numbers as uint16; 0 is "nothing seen"."""
    if thermal.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(thermal)
    values = thermal.astype(np.float64)
    seen = np.isfinite(values)
    if not seen.any():
        return np.zeros(thermal.shape, np.uint16)
    low, high = float(values[seen].min()), float(values[seen].max())
    if np.issubdtype(thermal.dtype, np.integer) and low >= 0 and high <= _MOST:
        return thermal.astype(np.uint16)
    if low > 0 and _HUNDREDTHS * high <= _MOST:
        scaled = _HUNDREDTHS * values
    else:
        scaled = 1 + (values - low) * ((_MOST - 1) / max(high - low, 1e-9))
    return np.rint(np.where(seen, scaled, 0)).astype(np.uint16)
