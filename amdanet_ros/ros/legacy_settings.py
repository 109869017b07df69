"""The settings under their names of before; goes with the last module that reads them so."""

from __future__ import annotations

from rclpy.node import Node

from .. import settings
from . import parameters

_WHERE = {
    **dict.fromkeys(("checkpoint", "device", "precision", "inference_size"), "network"),
    **dict.fromkeys(
        ("thermal", "single_modality", "crop_to_common_view", "confidence_threshold"), "fusion"
    ),
    "overlay_alpha": "fusion",
}


class Settings:
    """The settings of one camera pair, on one level."""

    def __init__(self, now: settings.Settings) -> None:
        self._now = now
        self.fused_stretch = now.fusion.fused.stretch
        self.fused_jpeg_quality = now.fusion.fused.jpeg_quality

    def __getattr__(self, name: str) -> object:
        holder = getattr(self._now, _WHERE[name]) if name in _WHERE else self._now
        return getattr(holder, name)


def read_settings(node: Node) -> Settings:
    """Read the node's parameters."""
    return Settings(parameters.read_settings(node)[""])
