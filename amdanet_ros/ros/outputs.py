"""The output topics: published where somebody listens, and what that needs of the network."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import cv2
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from amdanet_ros.msg import SemanticSegmentation

from ..classes import ClassTable
from ..inference import Prediction
from ..pipeline.health import ModalityHealth
from .image_messages import compressed_message, image_message
from .label_info import label_info_message
from .legacy_settings import Settings
from .qos import LATCHED_QOS, OUTPUT_QOS
from .segmentation_message import segmentation_message
from .shims import LabelInfo

FUSED = "fused/image_raw"
FUSED_COMPRESSED = "fused/image_raw/compressed"
FUSED_CAMERA_INFO = "fused/camera_info"
MASK = "segmentation/mask"
CONFIDENCE = "segmentation/confidence"
OVERLAY = "segmentation/overlay"
SEGMENTATION = "segmentation"
LABEL_INFO = "segmentation/label_info"


@dataclass(frozen=True)
class OutputTopic:
    """One output.

    Attributes:
        name: relative.
        message_type: of the topic.
        needs: of "labels", "confidence", "fused", "overlay": what the predictor must give for it.
        masked: whether ``confidence_threshold`` asks for the confidence too.
        description: for people.
    """

    name: str
    message_type: type
    needs: frozenset[str]
    masked: bool
    description: str


OUTPUTS = (
    OutputTopic(FUSED, Image, frozenset({"fused"}), False, "rgb8: the fused picture"),
    OutputTopic(FUSED_COMPRESSED, CompressedImage, frozenset({"fused"}), False, "the same as JPEG"),
    OutputTopic(
        FUSED_CAMERA_INFO,
        CameraInfo,
        frozenset(),
        False,
        "rgb/camera_info with the fused picture's header; with crop_to_common_view its roi tells "
        "the part that is shown",
    ),
    OutputTopic(
        MASK,
        Image,
        frozenset({"labels"}),
        True,
        "mono8: class index of each pixel; 255: below confidence_threshold",
    ),
    OutputTopic(
        CONFIDENCE,
        Image,
        frozenset({"confidence"}),
        False,
        "mono8: 0..255 for confidences of 0..1",
    ),
    OutputTopic(
        OVERLAY,
        Image,
        frozenset({"overlay"}),
        False,
        "rgb8: the classes in their colours over the fused picture",
    ),
    OutputTopic(
        SEGMENTATION,
        SemanticSegmentation,
        frozenset({"labels", "confidence"}),
        True,
        "mask with class names, colours, areas and confidences, time offset and camera health",
    ),
)
"""Published for each pair, in this order, with the RGB image's header."""


class OutputPublishers:
    """The publishers of all outputs.

    Made and destroyed in the executor's thread; ``wanted`` and ``publish`` are for the worker's.

    Args:
        node: owner.
        classes: names and colours.
    """

    def __init__(self, node: LifecycleNode, classes: ClassTable) -> None:
        self._node = node
        self._classes = classes
        self._publishers = {
            topic.name: node.create_lifecycle_publisher(topic.message_type, topic.name, OUTPUT_QOS)
            for topic in OUTPUTS
        }
        self._label_info = None
        if LabelInfo is not None:
            self._label_info = node.create_lifecycle_publisher(LabelInfo, LABEL_INFO, LATCHED_QOS)

    @property
    def topics(self) -> list[str]:
        """Names of what is published, resolved."""
        publishers = list(self._publishers.values())
        if self._label_info is not None:
            publishers.append(self._label_info)
        return [publisher.topic_name for publisher in publishers]

    def wanted(self) -> frozenset[str]:
        """Return the names of the outputs that somebody subscribes to."""
        return frozenset(
            name
            for name, publisher in self._publishers.items()
            if publisher.get_subscription_count() > 0
        )

    def publish_label_info(self, threshold: float, frame_id: str = "") -> None:
        """Publish the class table for those who are here and those who will come."""
        if self._label_info is None:
            return
        header = Header(stamp=self._node.get_clock().now().to_msg(), frame_id=frame_id)
        self._label_info.publish(label_info_message(self._classes, threshold, header))

    def publish(
        self,
        wanted: frozenset[str],
        header: Header,
        prediction: Prediction | None,
        settings: Settings,
        offset_ns: int,
        health: dict[str, ModalityHealth],
        camera_info: CameraInfo | None = None,
    ) -> None:
        """Publish what is wanted of one pair.

        Args:
            wanted: names, as ``wanted`` returned them before the prediction.
            header: of all messages: the RGB image's.
            prediction: holds what ``needs`` said; None where nothing is needed.
            settings: thresholds, weights and qualities.
            offset_ns: corrected thermal stamp minus RGB stamp.
            health: by stream, "rgb" and "thermal".
            camera_info: the RGB camera's, of the part that is shown; None where none has come.
        """
        threshold = settings.confidence_threshold
        mask_message = None
        if wanted & {MASK, SEGMENTATION}:
            mask_message = image_message(prediction.mask(threshold), "mono8", header)
        for topic in OUTPUTS:
            if topic.name not in wanted:
                continue
            if topic.name == FUSED:
                message = image_message(prediction.fused, "rgb8", header)
            elif topic.name == FUSED_COMPRESSED:
                quality = settings.fused_jpeg_quality
                message = compressed_message(prediction.fused, header, quality)
            elif topic.name == FUSED_CAMERA_INFO:
                if camera_info is None:
                    continue
                message = copy(camera_info)
                message.header = header
            elif topic.name == MASK:
                message = mask_message
            elif topic.name == CONFIDENCE:
                grey = cv2.convertScaleAbs(prediction.confidence, alpha=255.0)
                message = image_message(grey, "mono8", header)
            elif topic.name == OVERLAY:
                message = image_message(prediction.overlay, "rgb8", header)
            else:
                message = segmentation_message(
                    mask_message,
                    prediction,
                    threshold,
                    self._classes,
                    offset_ns,
                    health["rgb"],
                    health["thermal"],
                )
            self._publishers[topic.name].publish(message)

    def destroy(self) -> None:
        """Take the topics down."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
        if self._label_info is not None:
            self._node.destroy_lifecycle_publisher(self._label_info)


def needs(wanted: frozenset[str], confidence_threshold: float) -> frozenset[str]:
    """Return what the predictor must compute for the wanted outputs."""
    needed: set[str] = set()
    for topic in OUTPUTS:
        if topic.name in wanted:
            needed |= topic.needs
            if topic.masked and confidence_threshold > 0.0:
                needed.add("confidence")
    return frozenset(needed)
