"""Encodings beyond our own by cv_bridge, where it is installed."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .rgb_images import Fallback
from .seam import CvBridge


@cache
def cv_bridge_fallback() -> Fallback | None:
    """Return a conversion to RGB by cv_bridge, or None where it is not installed."""
    if CvBridge is None:
        return None
    bridge = CvBridge()

    def convert(message: Any) -> np.ndarray:
        return bridge.imgmsg_to_cv2(message, "rgb8")

    return convert
