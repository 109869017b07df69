"""Where a camera images directions, for the many directions of each depth image."""

from __future__ import annotations

import cv2
import numpy as np

from .pixel_map import NOWHERE, as_map
from .rig import RigCamera

_SIDE = 257
_WIDEST = np.tan(np.deg2rad(80.0))


class DirectionTable:
    """Pixels of a camera by direction. A bent lens is looked up between the points of a grid.

    Args:
        camera: the camera.
        margins: (top, left), what is cut off its image.
        size: (height, width) of what is left of its image.
    """

    def __init__(self, camera: RigCamera, margins: tuple[int, int], size: tuple[int, int]) -> None:
        matrix = camera.matrix.copy()
        matrix[:2, 2] -= margins[::-1]
        self._matrix = matrix
        self._table: np.ndarray | None = None
        if camera.lens is None:
            return
        height, width = size
        x, y = np.meshgrid(np.linspace(0, width - 1, 33), np.linspace(0, height - 1, 25))
        border = np.column_stack([x.ravel() + margins[1], y.ravel() + margins[0]])
        seen = camera.directions(border)
        with np.errstate(all="ignore"):
            seen = np.abs(seen[:, :2] / seen[:, 2:])[seen[:, 2] > 0]
        widest = 1.05 * np.nanmax(seen, axis=0, initial=0.1)
        self._widest = np.minimum(widest, _WIDEST)
        grid = np.linspace(-1.0, 1.0, _SIDE)
        x, y = np.meshgrid(grid * self._widest[0], grid * self._widest[1])
        directions = np.column_stack([x.ravel(), y.ravel(), np.ones(x.size)])
        places = camera.pixels(directions) - np.array(margins[::-1])
        self._table = as_map(places, (_SIDE, _SIDE))

    def places(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return where directions are imaged.

        Args:
            x, y, z: height x width float32; z forward.

        Returns:
            height x width x 2 float32 pixels of what is left of the image; `NOWHERE` behind the
            camera and outside its view.
        """
        is_before = z > 1e-6
        over = np.divide(1.0, z, out=np.zeros_like(z), where=is_before)
        u, v = x * over, y * over
        if self._table is None:
            matrix = self._matrix.astype(np.float32)
            u, v = (
                u * matrix[0, 0] + v * matrix[0, 1] + matrix[0, 2],
                u * matrix[1, 0] + v * matrix[1, 1] + matrix[1, 2],
            )
            found = cv2.merge((u, v))
            np.clip(found, NOWHERE, -NOWHERE, out=found)
        else:
            middle = (_SIDE - 1) / 2
            found = cv2.remap(
                self._table,
                u * np.float32(middle / self._widest[0]) + np.float32(middle),
                v * np.float32(middle / self._widest[1]) + np.float32(middle),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=(NOWHERE, NOWHERE),
            )
        found[~is_before] = NOWHERE
        return found
