"""What the pipeline gives: everything that an output of one pair may need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..classes import ClassTable
from ..findings import Finding
from ..inference import ClassStatistics
from .components import Component
from .health import ModalityHealth
from .options import FusionOptions
from .pair_geometry import EQUAL_VIEWS, PairGeometry
from .temperature import ClassTemperatures

ALL = frozenset(
    {"mask", "confidence", "fused", "overlay", "statistics", "temperatures", "components"}
)
"""What a `Fusion` can hold."""


@dataclass(frozen=True, eq=False)
class Fusion:
    """One pair, fused and segmented; what was not needed is None.

    Images lie in the pixels of the RGB image, or of its ``window``: H x W.

    Attributes:
        stamp_ns: of all outputs.
        frame_id: of all outputs: the RGB camera's optical frame where its images are known.
        offset_ns: corrected thermal stamp minus RGB stamp; 0 for one image alone.
        classes: names and colours.
        options: with which it was made.
        health: by stream, "rgb" and "thermal".
        rgb_info: the RGB camera's ``sensor_msgs/CameraInfo`` as it came; None: not known.
        rgb_size: (height, width) of the RGB image as it came; None: none has come yet.
        window: (top, left, height, width), the part of the RGB image that is shown; None: all.
        mask: H x W uint8 class index; 255: below ``confidence_threshold``.
        confidence: H x W float32, softmax of the chosen class, 0 to 1.
        fused: H x W x 3 uint8 RGB, the fused image.
        overlay: H x W x 3 uint8 RGB, the classes in their colours over the fused image.
        statistics: area and mean confidence of each class.
        temperatures: mean and maximum of each class; NaN without ``thermal.unit``.
        components: connected regions of the classes of ``detections.classes``.
        geometry: how the pair was put together.
        findings: what is not as it should be, such as depth that is missing.
        timings: seconds: "prepare", "network", "finish", "draw" of the prediction and "total".
    """

    stamp_ns: int
    frame_id: str
    offset_ns: int
    classes: ClassTable
    options: FusionOptions
    health: Mapping[str, ModalityHealth]
    rgb_info: Any = None
    rgb_size: tuple[int, int] | None = None
    window: tuple[int, int, int, int] | None = None
    mask: np.ndarray | None = None
    confidence: np.ndarray | None = None
    fused: np.ndarray | None = None
    overlay: np.ndarray | None = None
    statistics: ClassStatistics | None = None
    temperatures: ClassTemperatures | None = None
    components: tuple[Component, ...] | None = None
    geometry: PairGeometry = EQUAL_VIEWS
    findings: tuple[Finding, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
