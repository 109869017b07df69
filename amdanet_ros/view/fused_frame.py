"""Frames of pairs that were fused here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from ..images.thermal import crop
from ..pipeline.fusion import Fusion
from ..pipeline.image_pair import ImagePair
from ..visualization import colorize_thermal
from .frame import HEALTH, CameraState, ClassShare, ViewFrame


class FrameMaker:
    """Makes frames of the pairs of one RGB and one thermal camera.

    Args:
        source: for people: where they come from.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def frame(self, pair: ImagePair, fusion: Fusion, notes: Sequence[str]) -> ViewFrame:
        """Return the frame of a pair.

        Args:
            pair: its images.
            fusion: of it, with all parts.
            notes: sentences for people.
        """
        return ViewFrame(
            source=self._source,
            images=self.images(pair, fusion),
            stamp_ns=fusion.stamp_ns,
            offset_ns=fusion.offset_ns,
            classes=_classes(fusion),
            health={
                stream: CameraState(HEALTH[health.status], health.reason)
                for stream, health in fusion.health.items()
            },
            latencies={"computing": fusion.timings["total"] * 1e3},
            notes=notes,
            is_registered=pair.rgb is not None,
        )

    def images(self, pair: ImagePair, fusion: Fusion) -> Mapping[str, np.ndarray]:
        """Return the images of a pair in the pixels of the fused one; see ``ViewFrame``."""
        images = {"fused": fusion.fused, "overlay": fusion.overlay}
        height, width = fusion.fused.shape[:2]
        if pair.rgb is not None:
            top, left = fusion.window[:2] if fusion.window else (0, 0)
            images["rgb"] = pair.rgb[top : top + height, left : left + width]
        if pair.thermal is not None:
            heat = colorize_thermal(crop(pair.thermal, fusion.options.thermal.crop))
            images["thermal"] = self._placed(heat, pair, fusion)
        return images

    def _placed(self, heat: np.ndarray, pair: ImagePair, fusion: Fusion) -> np.ndarray:
        """Return a drawn thermal image where the RGB image shows the same."""
        height, width = fusion.fused.shape[:2]
        if pair.rgb is None:
            return cv2.resize(heat, (width, height))
        return fusion.geometry.placed(heat, (height, width))


def _classes(fusion: Fusion) -> list[ClassShare]:
    table, statistics = fusion.classes, fusion.statistics
    return [
        ClassShare(name, tuple(int(c) for c in color), float(area), float(confidence))
        for name, color, area, confidence in zip(
            table.names, table.palette, statistics.areas, statistics.confidences, strict=True
        )
    ]
