"""The components of a mask as ``vision_msgs``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..pipeline.components import Component
from ..pipeline.fusion import Fusion
from .types import MessageTypes


def detections_message(types: MessageTypes, fusion: Fusion, header: Any) -> Any:
    """Return a ``vision_msgs/Detection2DArray``, the largest component first.

    Each detection has one hypothesis: the class's name and the mean confidence. ``vision_msgs`` has
    no field for a temperature: it stands in ``id``, see ``temperature_text``.

    Args:
        types: classes of the message.
        fusion: with components.
        header: ``std_msgs/Header`` of the array and of each detection.
    """
    names = fusion.classes.names
    return types.make(
        "vision_msgs/msg/Detection2DArray",
        header=header,
        detections=[
            _detection_message(types, each, names[each.class_index], header)
            for each in fusion.components
        ],
    )


def temperature_text(component: Component) -> str:
    """Return ``mean_celsius=31.2 max_celsius=36.4``; empty where no temperature is known."""
    if math.isnan(component.mean_temperature):
        return ""
    mean, most = component.mean_temperature, component.max_temperature
    return f"mean_celsius={mean:.1f} max_celsius={most:.1f}"


def _detection_message(types: MessageTypes, component: Component, name: str, header: Any) -> Any:
    # The corner of the first pixel is at 0, 0: the centre minus half the size is `left`, `top`.
    x = component.left + component.width / 2
    y = component.top + component.height / 2
    position = types.make("vision_msgs/msg/Point2D", x=x, y=y)
    hypothesis = types.make(
        "vision_msgs/msg/ObjectHypothesis", class_id=name, score=float(component.confidence)
    )
    result = types.make(
        "vision_msgs/msg/ObjectHypothesisWithPose", hypothesis=hypothesis, pose=_no_pose(types)
    )
    return types.make(
        "vision_msgs/msg/Detection2D",
        header=header,
        results=[result],
        bbox=types.make(
            "vision_msgs/msg/BoundingBox2D",
            center=types.make("vision_msgs/msg/Pose2D", position=position, theta=0.0),
            size_x=float(component.width),
            size_y=float(component.height),
        ),
        id=temperature_text(component),
    )


def _no_pose(types: MessageTypes) -> Any:
    """Return a pose that says nothing: nobody has measured where the thing is in space."""
    pose = types.make(
        "geometry_msgs/msg/Pose",
        position=types.make("geometry_msgs/msg/Point", x=0.0, y=0.0, z=0.0),
        orientation=types.make("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0),
    )
    return types.make(
        "geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=np.zeros(36, np.float64)
    )
