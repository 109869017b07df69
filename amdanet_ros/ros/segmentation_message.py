"""A prediction as an ``amdanet_ros/SemanticSegmentation`` message."""

from __future__ import annotations

from sensor_msgs.msg import Image
from std_msgs.msg import ColorRGBA

from amdanet_ros.msg import ModalityHealth as HealthMessage
from amdanet_ros.msg import SemanticSegmentation

from ..classes import ClassTable
from ..inference import Prediction
from ..pipeline.health import ModalityHealth
from .stamps import duration_message


def segmentation_message(
    mask: Image,
    prediction: Prediction,
    confidence_threshold: float,
    classes: ClassTable,
    offset_ns: int,
    rgb_health: ModalityHealth,
    thermal_health: ModalityHealth,
) -> SemanticSegmentation:
    """Return the message; its header is the mask's.

    Args:
        mask: mono8 class indices, 255 below the threshold.
        prediction: with labels and confidence.
        confidence_threshold: of the mask, 0 to 1.
        classes: names and colours.
        offset_ns: thermal stamp minus RGB stamp, corrected.
        rgb_health: of the RGB picture.
        thermal_health: of the thermal picture.
    """
    statistics = prediction.class_statistics(confidence_threshold)
    return SemanticSegmentation(
        header=mask.header,
        mask=mask,
        class_names=list(classes.names),
        class_colors=[color_message(color) for color in classes.palette],
        class_areas=statistics.areas.tolist(),
        class_confidences=statistics.confidences.tolist(),
        time_offset=duration_message(offset_ns),
        rgb_health=health_message(rgb_health),
        thermal_health=health_message(thermal_health),
    )


def color_message(color: object) -> ColorRGBA:
    """Return three uint8 values R, G, B as an opaque colour of floats in [0, 1]."""
    red, green, blue = (float(channel) / 255.0 for channel in color)
    return ColorRGBA(r=red, g=green, b=blue, a=1.0)


def health_message(health: ModalityHealth) -> HealthMessage:
    """Return a camera's health as a message."""
    return HealthMessage(
        status=int(health.status),
        reason=health.reason,
        saturated=float(health.saturated),
        dark=float(health.dark),
        contrast=float(health.contrast),
    )
