"""Resizing and warping of images on any device, with OpenCV's results."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..images.nearest import nearest_index
from ..registration import PixelMap
from ..registration.pixel_map import LARGEST_KEPT
from .folded.size_cache import SizeCache
from .folded.upsampling_matrices import bilinear_matrix


class Resampler:
    """Resizes and warps on one device; tensors that depend on sizes only are cached."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._matrices = SizeCache(self._matrix)
        self._nearest = SizeCache(self._nearest_index)
        self._grids = SizeCache(self._grid, kept=4)
        self._placed = SizeCache(self._map_grid, kept=3)

    def smooth(self, image: Tensor, size: tuple[int, int]) -> Tensor:
        """Resize C x H x W float to C x height x width: area average if smaller, else bilinear."""
        height, width = image.shape[1:]
        if (height, width) == tuple(size):
            return image
        shrinks = size[0] <= height and size[1] <= width
        rows = self._matrices(height, size[0], shrinks)
        columns = self._matrices(width, size[1], shrinks)
        return rows @ image @ columns.T

    def nearest(self, labels: Tensor, size: tuple[int, int]) -> Tensor:
        """Resize H x W to height x width: each pixel takes the one that contains its centre."""
        height, width = labels.shape
        if (height, width) == tuple(size):
            return labels
        rows, columns = self._nearest(height, size[0]), self._nearest(width, size[1])
        return labels[rows][:, columns]

    def warp(self, image: Tensor, homography: np.ndarray, size: tuple[int, int]) -> Tensor:
        """Return a 1 x H x W image warped to 1 x height x width, bilinear; 0 outside.

        The homography, 3 x 3, maps pixels of the image to those of the result, centres at integers.
        """
        source = (image.shape[1], image.shape[2])
        grid = self._grids(tuple(homography.reshape(-1).tolist()), source, tuple(size))
        return F.grid_sample(image[None], grid, padding_mode="zeros", align_corners=True)[0]

    def placed(self, image: Tensor, pixel_map: PixelMap, size: tuple[int, int]) -> Tensor:
        """Return a 1 x H x W image at the places of a map, 1 x height x width; 0 outside."""
        source = (image.shape[1], image.shape[2])
        is_kept = pixel_map.is_fixed and size[0] * size[1] <= LARGEST_KEPT
        make = self._placed if is_kept else self._map_grid
        grid = make(pixel_map, source, tuple(size))
        return F.grid_sample(image[None], grid, padding_mode="zeros", align_corners=True)[0]

    def _map_grid(
        self, pixel_map: PixelMap, source: tuple[int, int], size: tuple[int, int]
    ) -> Tensor:
        places = torch.from_numpy(pixel_map.at(size).copy()).to(self._device)
        return in_torch_coordinates(places, source)[None]

    def _matrix(self, old: int, new: int, by_area: bool) -> Tensor:
        made = torch.from_numpy(area_matrix(old, new)) if by_area else bilinear_matrix(old, new)
        return made.float().to(self._device)

    def _nearest_index(self, old: int, new: int) -> Tensor:
        return torch.from_numpy(nearest_index(old, new)).to(self._device)

    def _grid(
        self, homography: tuple[float, ...], source: tuple[int, int], size: tuple[int, int]
    ) -> Tensor:
        """Return each pixel's source, 1 x height x width x 2, in torch's coordinates -1 to 1."""
        back = np.linalg.inv(np.array(homography).reshape(3, 3))
        y, x = np.mgrid[: size[0], : size[1]].astype(np.float64)
        found = back @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        # Points behind the camera are not visible: they get coordinates far outside the image.
        depth = np.where(found[2] > 1e-12, found[2], np.nan)
        places = np.nan_to_num(found[:2] / depth, nan=-1e6)
        extent = np.maximum(np.array([source[1], source[0]], np.float64) - 1.0, 1.0)
        grid = (2.0 * places.T / extent - 1.0).reshape(1, *size, 2)
        return torch.from_numpy(grid.astype(np.float32)).to(self._device)


def in_torch_coordinates(places: Tensor, source: tuple[int, int]) -> Tensor:
    """Return pixels (x, y) of an image (height, width) in torch's coordinates -1 to 1."""
    extent = [max(source[1] - 1.0, 1.0), max(source[0] - 1.0, 1.0)]
    return 2.0 * places / torch.tensor(extent, device=places.device) - 1.0


def area_matrix(old: int, new: int) -> np.ndarray:
    """Return new x old weights that average over the area of each new pixel; new <= old."""
    edges = np.arange(new + 1) * (old / new)
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(old)[None]
    overlap = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0.0, None)
    return overlap / overlap.sum(axis=1, keepdims=True)
