"""A folder of images of each pair."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ..pipeline.fusion import Fusion
from ..visualization import colorize_thermal
from .source import SourcePair
from .written_files import mark


class ImageOutput:
    """Folders ``fused``, ``mask`` (class index), ``overlay`` and ``side_by_side`` of PNG files.

    Side by side are the part of the RGB image that is shown, the thermal image at its size, the
    fused image and the overlay; the image of a camera that has stopped is black.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, pair: SourcePair, fusion: Fusion) -> None:
        """Write the pair's images."""
        for kind, image in (
            ("fused", fusion.fused[..., ::-1]),
            ("mask", fusion.mask),
            ("overlay", fusion.overlay[..., ::-1]),
            ("side_by_side", _side_by_side(pair, fusion)[..., ::-1]),
        ):
            path = self._folder / kind / f"{pair.name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(".png", np.ascontiguousarray(image))[1].tobytes())

    def close(self) -> None:
        """Mark the folder as written by this command."""
        mark(self._folder)


def _side_by_side(pair: SourcePair, fusion: Fusion) -> np.ndarray:
    images = pair.read()
    height, width = fusion.fused.shape[:2]
    rgb = heat = np.zeros_like(fusion.fused)
    if images.rgb is not None:
        top, left = fusion.window[:2] if fusion.window else (0, 0)
        rgb = images.rgb[top : top + height, left : left + width]
    if images.thermal is not None:
        colored = colorize_thermal(images.thermal)
        heat = cv2.resize(colored, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.hstack([rgb, heat, fusion.fused, fusion.overlay])
