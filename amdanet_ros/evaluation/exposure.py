"""Images as a camera takes them with another exposure."""

from __future__ import annotations

import numpy as np

_GAMMA = 2.2


def exposed(rgb: np.ndarray, stops: float) -> np.ndarray:
    """Return an RGB image, H x W x 3 uint8, exposed for 2 ** stops times the light.

    The exposure is changed in linear light, of which the values are the power 1 / 2.2. Positive
    stops clip at white; negative ones give fewer distinct values.
    """
    return np.clip(np.rint(rgb * 2.0 ** (stops / _GAMMA)), 0, 255).astype(np.uint8)
