"""The parts of a fusion: what the network must give for them, and how they follow from it."""

from __future__ import annotations

import numpy as np

from ..classes import ClassTable
from ..inference import Prediction
from ..inference.class_statistics import class_statistics
from ..inference.output_images import mask_of
from .components import component_classes, components
from .options import FusionOptions
from .temperature import class_temperatures

MEASURED = frozenset({"temperatures", "components"})
"""Parts that use temperatures."""

_OF_MASK = MEASURED | {"mask", "statistics"}
_OF_CONFIDENCE = frozenset({"confidence", "statistics", "components"})


def asked_of_network(needed: frozenset[str], options: FusionOptions) -> frozenset[str]:
    """Return what the predictor must give for the needed parts of a fusion."""
    asked = set(needed & {"fused", "overlay"})
    if needed & _OF_MASK:
        asked.add("labels")
    if needed & _OF_CONFIDENCE or (needed & _OF_MASK and options.confidence_threshold > 0.0):
        asked.add("confidence")
    return frozenset(asked)


def parts_of(
    prediction: Prediction,
    needed: frozenset[str],
    options: FusionOptions,
    classes: ClassTable,
    celsius: np.ndarray | None,
) -> dict[str, object]:
    """Return the needed parts of a fusion by name.

    Args:
        prediction: with what ``asked_of_network`` tells.
        needed: of ``fusion.ALL``.
        options: of the fusion.
        classes: of the network.
        celsius: H x W float32 over the mask, NaN where nothing was measured; None: nowhere.
    """
    parts: dict[str, object] = {"fused": prediction.fused, "overlay": prediction.overlay}
    sure = prediction.confidence
    parts["confidence"] = sure if "confidence" in needed else None
    if prediction.labels is None:
        return parts
    mask = mask_of(prediction.labels, sure, options.confidence_threshold)
    parts["mask"] = mask if "mask" in needed else None
    if "statistics" in needed:
        parts["statistics"] = class_statistics(mask, sure, prediction.num_classes)
    if "temperatures" in needed:
        parts["temperatures"] = class_temperatures(mask, celsius, prediction.num_classes)
    if "components" in needed:
        wanted = options.detections
        indices = component_classes(classes.names, wanted.classes)
        limits = wanted.min_area, wanted.max_count
        parts["components"] = components(mask, sure, celsius, indices, limits)
    return parts
