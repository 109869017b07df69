"""Images as a camera takes them with another exposure."""

from __future__ import annotations

import numpy as np

_GAMMA = 2.2


def exposed(rgb: np.ndarray, stops: float) -> np.ndarray:
    """Return an RGB image exposed for 2 ** stops times the light.

    The exposure is changed in linear light, of which the values are the power 1 / 2.2.

    Args:
        rgb: H x W x 3 uint8.
        stops: positive: clips at white; negative: darker, with fewer distinct values.

    Returns:
        H x W x 3 uint8.
    """
    return np.clip(np.rint(rgb * 2.0 ** (stops / _GAMMA)), 0, 255).astype(np.uint8)
