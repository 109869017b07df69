"""The segmentation of a pair and its class table as messages."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..classes import ClassTable
from ..pipeline.components import Component
from ..pipeline.fusion import Fusion
from ..pipeline.health import ModalityHealth
from .stamps import duration_message, header_message
from .types import MessageTypes


def segmentation_message(types: MessageTypes, fusion: Fusion, mask: Any) -> Any:
    """Return an ``amdanet_ros/SemanticSegmentation``; its header is the mask's.

    Args:
        types: classes of the message.
        fusion: with mask, statistics, temperatures and components.
        mask: ``sensor_msgs/Image``, mono8: class indices, 255 below the confidence threshold.
    """
    return types.make(
        "amdanet_ros/msg/SemanticSegmentation",
        header=mask.header,
        mask=mask,
        class_names=list(fusion.classes.names),
        class_colors=[_color_message(types, color) for color in fusion.classes.palette],
        class_areas=fusion.statistics.areas,
        class_confidences=fusion.statistics.confidences,
        time_offset=duration_message(types, fusion.offset_ns),
        rgb_health=_health_message(types, fusion.health["rgb"]),
        thermal_health=_health_message(types, fusion.health["thermal"]),
        class_mean_temperatures=fusion.temperatures.means,
        class_max_temperatures=fusion.temperatures.maxima,
        components=[_component_message(types, each, fusion.mask) for each in fusion.components],
    )


def label_info_message(
    types: MessageTypes, classes: ClassTable, threshold: float, frame_id: str = ""
) -> Any:
    """Return a class table as a ``vision_msgs/LabelInfo`` in the frame of the masks, if known.

    Its stamp is zero: it holds for all times. Equal arguments give equal messages. Pixels of the
    mask below the threshold, 0 to 1, are 255 (unlabelled).
    """
    return types.make(
        "vision_msgs/msg/LabelInfo",
        header=header_message(types, 0, frame_id),
        class_map=[
            types.make("vision_msgs/msg/VisionClass", class_id=index, class_name=name)
            for index, name in enumerate(classes.names)
        ],
        threshold=float(threshold),
    )


def _component_message(types: MessageTypes, component: Component, mask: np.ndarray) -> Any:
    """Return one component of a mask, H x W, as an ``amdanet_ros/SegmentedComponent``."""
    return types.make(
        "amdanet_ros/msg/SegmentedComponent",
        class_id=component.class_index,
        box=types.make(
            "sensor_msgs/msg/RegionOfInterest",
            x_offset=component.left,
            y_offset=component.top,
            height=component.height,
            width=component.width,
            do_rectify=False,
        ),
        area=component.pixels / mask.size,
        confidence=component.confidence,
        mean_temperature=component.mean_temperature,
        max_temperature=component.max_temperature,
    )


def _color_message(types: MessageTypes, color: Any) -> Any:
    """Return three uint8 values R, G, B as an opaque colour of floats in [0, 1]."""
    red, green, blue = (float(channel) / 255.0 for channel in color)
    return types.make("std_msgs/msg/ColorRGBA", r=red, g=green, b=blue, a=1.0)


def _health_message(types: MessageTypes, health: ModalityHealth) -> Any:
    return types.make(
        "amdanet_ros/msg/ModalityHealth",
        status=int(health.status),
        reason=health.reason,
        saturated=float(health.saturated),
        dark=float(health.dark),
        contrast=float(health.contrast),
    )
