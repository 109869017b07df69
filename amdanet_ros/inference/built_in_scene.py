"""A computed pair of images, to run a network on before the first camera image."""

from __future__ import annotations

import cv2
import numpy as np


def built_in_scene(size: tuple[int, int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a street-like RGB image and its thermal counterpart of a size (height, width).

    Sky, buildings, a road, cars and people with sensor noise: edges and areas at all scales show
    effects of rounding.

    Returns:
        RGB H x W x 3 uint8 and thermal H x W uint8.
    """
    height, width = size
    rng = np.random.default_rng(seed)
    rgb = np.empty((height, width, 3), np.float32)
    rgb[:] = np.linspace(150, 90, height, dtype=np.float32)[:, None, None]
    thermal = np.full((height, width), 60, np.float32)
    horizon = int(0.45 * height)
    rgb[horizon:] = (80, 80, 86)
    thermal[horizon:] = np.linspace(90, 120, height - horizon, dtype=np.float32)[:, None]
    for _ in range(6):  # buildings
        x, top = int(rng.integers(0, width)), int(rng.integers(0, max(1, horizon)))
        right = x + int(rng.integers(8, max(9, width // 4)))
        color = tuple(float(c) for c in rng.integers(60, 200, 3))
        cv2.rectangle(rgb, (x, top), (right, horizon), color, -1)
        cv2.rectangle(thermal, (x, top), (right, horizon), float(rng.integers(70, 110)), -1)
    for _ in range(5):  # cars with warm engines
        x, y = int(rng.integers(0, width)), int(rng.integers(horizon, height))
        w, h = max(4, width // 10), max(3, height // 14)
        color = tuple(float(c) for c in rng.integers(20, 240, 3))
        cv2.rectangle(rgb, (x, y), (x + w, y + h), color, -1)
        cv2.rectangle(thermal, (x, y), (x + w, y + h), 100.0, -1)
        cv2.rectangle(thermal, (x, y + h // 2), (x + w // 3, y + h), 190.0, -1)
    for _ in range(6):  # people, dark in RGB
        x, y = int(rng.integers(0, width)), int(rng.integers(horizon - height // 8, height))
        axes = (max(2, width // 60), max(4, height // 14))
        cv2.ellipse(rgb, (x, y), axes, 0, 0, 360, (40.0, 36.0, 34.0), -1)
        cv2.ellipse(thermal, (x, y), axes, 0, 0, 360, 225.0, -1)
    rgb += rng.normal(0, 4, rgb.shape).astype(np.float32)
    thermal += rng.normal(0, 3, thermal.shape).astype(np.float32)
    return (np.clip(rgb, 0, 255).astype(np.uint8), np.clip(thermal, 0, 255).astype(np.uint8))
