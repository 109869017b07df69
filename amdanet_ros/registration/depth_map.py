"""Thermal places by a depth image: no parallax, and nothing seen through what stands before it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .direction_table import DirectionTable
from .pixel_map import NOWHERE, PixelMap, View
from .rig import Rig

NEAREST = 0.05
"""Metres; less is no depth: no camera measures it."""

_KEPT = 3
_LEAST_SIDE = 8
"""Pixels of a depth image's side: the shape of fewer cannot be told from another."""
_LEAST_PARALLAX = 1.5
"""Thermal pixels between two surfaces; where they differ by less, neither is hidden."""
_MOST_SORTED = 100_000
_MOST_LAYERS = 4
"""Of things at different distances that are hidden."""
_CELL = 1.5
"""Side of a cell of the depth buffer, in steps from one RGB pixel to the next."""


class _Rays(NamedTuple):
    """What holds for all depth images, at one size of the RGB image.

    Attributes:
        far: three height x width float32: x, y, z of the directions of infinitely far points from
            the thermal camera.
        near: likewise, how they change with the nearness.
        to_depth: 2 x 3, pixels of the size to those of a depth image of the size (1, 1).
    """

    far: tuple[np.ndarray, ...]
    near: tuple[np.ndarray, ...]
    to_depth: np.ndarray


class DepthProjector:
    """Makes the map of each depth image. What all of them share is computed once a size.

    Args:
        rig: the calibrations.
        nearness: where there is no depth: one over the distance of a plane, 1 / m; 0: far.
        view: which pixels count.
        rgb_size: (height, width) of the whole RGB image.
        thermal_size: (height, width) of the thermal image after ``thermal.crop``.
    """

    def __init__(
        self,
        rig: Rig,
        nearness: float,
        view: View,
        rgb_size: tuple[int, int],
        thermal_size: tuple[int, int],
    ) -> None:
        self._rig = rig
        self._nearness = nearness
        self._view = view
        self._rgb_size = rgb_size
        self._thermal_size = thermal_size
        self._rays: dict[tuple[int, int], _Rays] = {}
        self._image = DirectionTable(rig.thermal, view.margins, thermal_size)

    def fits(self, depth_size: tuple[int, int]) -> bool:
        """Return whether a depth image (height, width) can show what the RGB image shows."""
        (height, width), (rows, columns) = self._rgb_size, depth_size
        # Halved odd sizes may be off by a pixel.
        return min(depth_size) >= _LEAST_SIDE and abs(columns * height - rows * width) <= max(
            height, width, rows, columns
        )

    def map(self, depth: np.ndarray) -> DepthMap:
        """Return the map of a depth image, which ``fits``.

        Args:
            depth: H x W float32, metres along the RGB camera's optical axis; 0, below `NEAREST`,
                NaN or infinite: not known.
        """
        return DepthMap(self, depth)

    def places(self, depth: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the places of a size of the RGB image, see ``PixelMap.at``."""
        rays = self._rays_of(size)
        nearness = self._nearness_at(depth, rays, size)
        x, y, z = (far - nearness * near for far, near in zip(rays.far, rays.near, strict=True))
        found = self._image.places(x, y, z)
        # What is hidden is looked for among every second pixel of large images.
        step = 1 if found[..., 0].size <= _MOST_SORTED else 2
        few = (slice(None, None, step),) * 2
        hidden, least = self._hidden(found[few], nearness[few], z[few], size[1] / step)
        if not hidden.any():
            return found
        return _filled(found, _spread(hidden, step, size), nearness, least)

    def _rays_of(self, size: tuple[int, int]) -> _Rays:
        rays = self._rays.get(size)
        if rays is None:
            pixels = self._view.rgb_pixels(size).reshape(-1, 2)
            directions = self._rig.rgb.directions(pixels)
            far = self._rig.from_thermal(directions, 0.0)
            near = far - self._rig.from_thermal(directions, 1.0)
            first, step = pixels[0], pixels[-1] - pixels[0]
            step /= np.maximum(1, np.array([size[1] - 1, size[0] - 1]))
            scale = 1.0 / np.array(self._rgb_size[::-1])
            to_depth = np.column_stack([np.diag(step * scale), (first + 0.5) * scale])
            rays = _Rays(_planes(far, size), _planes(near, size), to_depth)
            kept = list(self._rays.items())[1 - _KEPT :]
            self._rays = {**dict(kept), size: rays}
        return rays

    def _nearness_at(self, depth: np.ndarray, rays: _Rays, size: tuple[int, int]) -> np.ndarray:
        """Return one over the depth of each pixel, that of the plane where it is not known."""
        with np.errstate(all="ignore"):
            is_known = (depth >= NEAREST) & (depth < np.inf)
            nearness = np.where(is_known, 1.0 / depth, self._nearness).astype(np.float32)
        rows, columns = depth.shape
        back = np.diag([columns, rows]).astype(np.float64) @ rays.to_depth
        back[:, 2] -= 0.5
        how = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(
            nearness, back, size[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE
        )

    def _hidden(
        self, places: np.ndarray, nearness: np.ndarray, ratio: np.ndarray, columns: float
    ) -> tuple[np.ndarray, float]:
        """Return which pixels the thermal camera does not see.

        All points are sorted into cells of the thermal image; in each cell the nearest one counts.

        Args:
            places: rows x columns x 2, of pixels of the RGB image.
            nearness: from the RGB camera, rows x columns.
            ratio: depth from the thermal camera over that from the RGB camera.
            columns: of the whole map.

        Returns:
            rows x columns bool, and the least difference of nearness that hides, 1 / m.
        """
        focal = self._rig.thermal.matrix[0, 0]
        step = focal / self._rig.rgb.matrix[0, 0] * self._view.window[3] / columns
        cell = max(1.0, _CELL * step)
        height, width = self._thermal_size
        x, y = places[..., 0].ravel(), places[..., 1].ravel()
        inside = (x > -0.5) & (y > -0.5) & (x < width - 0.5) & (y < height - 0.5)
        chosen = np.flatnonzero(inside)
        across = int(width / cell) + 1
        index = ((y[chosen] + 0.5) / cell).astype(np.int64) * across
        index += ((x[chosen] + 0.5) / cell).astype(np.int64)
        near = nearness.ravel()[chosen] / ratio.ravel()[chosen]
        nearest = np.zeros(across * (int(height / cell) + 1), np.float32)
        np.maximum.at(nearest, index, near)
        shift = focal * float(np.linalg.norm(self._rig.translation[:2]))
        least = max(_LEAST_PARALLAX, 2.0 * cell) / max(shift, 1e-9)
        hidden = np.zeros(x.shape, bool)
        hidden[chosen] = nearest[index] - near > least
        return hidden.reshape(ratio.shape), least


class DepthMap(PixelMap):
    """The places of one pair, by its depth image."""

    is_fixed = False

    def __init__(self, projector: DepthProjector, depth: np.ndarray) -> None:
        self._projector = projector
        self._depth = depth
        self._maps: dict[tuple[int, int], np.ndarray] = {}

    def at(self, size: tuple[int, int]) -> np.ndarray:
        """What another thing hides from the thermal camera gets the place beside that thing."""
        size = (int(size[0]), int(size[1]))
        if size not in self._maps:
            self._maps[size] = self._projector.places(self._depth, size)
        return self._maps[size]


def _planes(directions: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Return N x 3 numbers as three contiguous planes, float32; NaN is a direction backwards."""
    known = np.where(np.isnan(directions), (0.0, 0.0, -1.0), directions)
    return tuple(np.ascontiguousarray(each.reshape(size), np.float32) for each in known.T)


def _spread(mask: np.ndarray, step: int, size: tuple[int, int]) -> np.ndarray:
    """Return a mask of every so many pixels as one of all."""
    if step == 1:
        return mask
    return mask.repeat(step, axis=0).repeat(step, axis=1)[: size[0], : size[1]]


def _filled(
    places: np.ndarray, hidden: np.ndarray, nearness: np.ndarray, least: float
) -> np.ndarray:
    """Give hidden pixels the place of the nearest pixel that shows nothing nearer.

    Args:
        places: of all pixels; changed.
        hidden: which pixels have another thing's place.
        nearness: of all pixels.
        least: differences of nearness below it count as none.
    """
    # The pixels beside other things show a mixture of both.
    around = np.ones((3, 3), np.uint8)
    beside, doubtful = cv2.dilate(nearness, around), cv2.dilate(hidden.astype(np.uint8), around)
    for turn in range(_MOST_LAYERS):
        farthest = float(nearness[hidden].min())
        layer = hidden & (nearness <= farthest + least)
        if turn == _MOST_LAYERS - 1:
            layer = hidden
        is_source = (beside <= farthest + least) & (doubtful == 0)
        sources = np.flatnonzero(is_source)
        if not sources.size:
            places[layer] = NOWHERE
        else:
            _, labels = cv2.distanceTransformWithLabels(
                (~is_source).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
            )
            # OpenCV numbers the pixels at which it ends row by row, from 1.
            places[layer] = places.reshape(-1, 2)[sources[labels[layer] - 1]]
        hidden = hidden & ~layer
        if not hidden.any():
            break
    return places
