"""Random patterns of all scenes: grain of surfaces, drifting smoke, camera noise."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

TILE = 256
"""Side of a tile, pixels; the tiles are periodic."""


@lru_cache(maxsize=1)
def grain() -> np.ndarray:
    """Grain of surfaces, TILE x TILE float32: standard deviation about 0.7, within 2 of zero."""
    return _tiles()[0]


@lru_cache(maxsize=1)
def drift() -> np.ndarray:
    """Density of drifting smoke, TILE x TILE float32 in [0, 1], smooth."""
    return _tiles()[1]


def drift_over(size: tuple[int, int], shift: float) -> np.ndarray:
    """Resize the tile of smoke to an image of ``size``, moved left by ``shift`` tile pixels."""
    rows = np.arange(size[0]) * TILE // size[0]
    columns = (np.arange(size[1]) * TILE // size[1] + int(shift)) % TILE
    return drift().take(rows, axis=0).take(columns, axis=1)


def _tiles() -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(0).standard_normal((TILE, TILE)).astype(np.float32)
    coarse = _blurred(noise, 2.5)
    pattern = np.clip(0.5 * noise + 0.5 * coarse / coarse.std(), -2, 2)
    return pattern, cv2.normalize(_blurred(noise, 20.0), None, 0.0, 1.0, cv2.NORM_MINMAX)


_NOISE_MARGIN = 48


@lru_cache(maxsize=8)
def _noise_stock(shape: tuple[int, ...]) -> np.ndarray:
    larger = (shape[0] + _NOISE_MARGIN, shape[1] + _NOISE_MARGIN, *shape[2:])
    return np.random.default_rng(2).standard_normal(larger, dtype=np.float32)


def camera_noise(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Standard normal noise, float32, read-only.

    A random part of a fixed array, because drawing new numbers takes longer than a scene.
    """
    y, x = (int(start) for start in random.integers(0, _NOISE_MARGIN, 2))
    cut = _noise_stock(tuple(shape))[y : y + shape[0], x : x + shape[1]]
    cut.flags.writeable = False
    return cut


def _blurred(noise: np.ndarray, sigma: float) -> np.ndarray:
    """Blur a tile periodically."""
    rim = int(3 * sigma)
    blurred = cv2.GaussianBlur(np.pad(noise, rim, mode="wrap"), (0, 0), sigma)
    return blurred[rim:-rim, rim:-rim]
