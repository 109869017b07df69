"""Encodings that the package itself does not read, by cv_bridge where it is installed."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..images.rgb import Fallback
from .shims import CvBridge


@cache
def cv_bridge_fallback() -> Fallback:
    """Return the conversions of cv_bridge; none where it is not installed."""
    return CvBridgeFallback()


class CvBridgeFallback:
    """cv_bridge as a ``Fallback``."""

    name = "cv_bridge"

    def __init__(self) -> None:
        self._bridge = None if CvBridge is None else CvBridge()

    def knows(self, encoding: str) -> bool:
        """Tell whether cv_bridge is installed and has a type for an encoding."""
        if self._bridge is None:
            return False
        try:
            self._bridge.encoding_to_cvtype2(encoding)
        except Exception:  # its own error for unknown names, ImportError without its compiled part
            return False
        return True

    def convert(self, message: Any) -> np.ndarray:
        """Return H x W x 3 uint8 RGB, or raise whatever cv_bridge raises."""
        return self._bridge.imgmsg_to_cv2(message, "rgb8")
