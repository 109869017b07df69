"""The table of outputs: what the node publishes and what a fused bag holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from ..pipeline.class_mask import chosen_classes, class_mask
from ..pipeline.fusion import Fusion
from .camera_info import camera_info_message
from .detections import detections_message
from .image import compressed_message, image_message
from .segmentation import label_info_message, segmentation_message
from .stamps import header_message
from .types import MessageTypes


class PairMessages:
    """The messages of one fused pair; what several of them hold is built once.

    Args:
        types: message classes to build with.
        fusion: holds what the wanted messages need.
    """

    def __init__(self, types: MessageTypes, fusion: Fusion) -> None:
        self.types = types
        self.fusion = fusion

    @cached_property
    def header(self) -> Any:
        """The header of all that is no latched output."""
        return header_message(self.types, self.fusion.stamp_ns, self.fusion.frame_id)

    @cached_property
    def mask(self) -> Any:
        """The class indices; 255 below the confidence threshold."""
        return self.image(self.fusion.mask, "mono8")

    def image(self, array: np.ndarray, encoding: str) -> Any:
        """Return an array as an image message."""
        return image_message(self.types, array, encoding, self.header)

    def compressed(self) -> Any:
        """Return the fused image as JPEG."""
        quality = self.fusion.options.fused.jpeg_quality
        return compressed_message(self.types, self.fusion.fused, self.header, quality)

    def class_mask(self) -> Any:
        """Return where the classes of ``mask.classes`` are."""
        fusion = self.fusion
        indices, _ = chosen_classes(fusion.classes.names, fusion.options.mask.classes)
        return self.image(class_mask(fusion.mask, indices), "mono8")

    def camera_info(self) -> Any | None:
        """Return the RGB camera's calibration for the part that is shown, None if unknown."""
        fusion = self.fusion
        if fusion.rgb_info is None:
            return None
        info, window = fusion.rgb_info, fusion.window
        return camera_info_message(self.types, info, self.header, window, fusion.rgb_size)

    def confidence(self) -> Any:
        """Return the confidences, 0 to 1, as 0 to 255, rounded."""
        return self.image(cv2.convertScaleAbs(self.fusion.confidence, alpha=255.0), "mono8")

    def segmentation(self) -> Any:
        """Return the mask with all that explains it."""
        return segmentation_message(self.types, self.fusion, self.mask)

    def detections(self) -> Any:
        """Return the mask's components as boxes."""
        return detections_message(self.types, self.fusion, self.header)

    def label_info(self) -> Any:
        """Return the class table."""
        fusion = self.fusion
        threshold = fusion.options.confidence_threshold
        return label_info_message(self.types, fusion.classes, threshold, fusion.frame_id)


@dataclass(frozen=True)
class Output:
    """One output.

    Attributes:
        topic: relative name.
        type: of the message, such as ``sensor_msgs/msg/Image``.
        needs: of ``pipeline.ALL``: what a ``Fusion`` must hold for it.
        make: builds the message, or None where there is nothing to tell.
        description: for people.
        latched: holds for all pairs until it changes; sent when it differs from the last one, and
            kept for those who subscribe later.
    """

    topic: str
    type: str
    needs: frozenset[str]
    make: Callable[[PairMessages], Any | None]
    description: str
    latched: bool = False


_IMAGE, _JPEG = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
_CAMERA_INFO, _LABEL_INFO = "sensor_msgs/msg/CameraInfo", "vision_msgs/msg/LabelInfo"
_DETECTIONS = "vision_msgs/msg/Detection2DArray"
_SEGMENTATION = "amdanet_ros/msg/SemanticSegmentation"


def _needs(*parts: str) -> frozenset[str]:
    return frozenset(parts)


OUTPUTS = (
    Output("fused/image_raw", _IMAGE, _needs("fused"),
           lambda pair: pair.image(pair.fusion.fused, "rgb8"), "rgb8: the fused image"),
    Output("fused/image_raw/compressed", _JPEG, _needs("fused"),
           PairMessages.compressed, "the same as JPEG"),
    Output("fused/camera_info", _CAMERA_INFO, _needs(), PairMessages.camera_info,
           "rgb/camera_info with the fused image's header; with crop_to_common_view its roi tells "
           "the part that is shown"),
    Output("segmentation/mask", _IMAGE, _needs("mask"), lambda pair: pair.mask,
           "mono8: class index of each pixel; 255: below confidence_threshold"),
    Output("segmentation/class_mask", _IMAGE, _needs("mask"), PairMessages.class_mask,
           "mono8: 255 where a class of mask.classes is (people, by default), 0 elsewhere"),
    Output("segmentation/camera_info", _CAMERA_INFO, _needs(), PairMessages.camera_info,
           "the same as fused/camera_info: it belongs to the masks too"),
    Output("segmentation/confidence", _IMAGE, _needs("confidence"), PairMessages.confidence,
           "mono8: 0..255 for confidences of 0..1"),
    Output("segmentation/overlay", _IMAGE, _needs("overlay"),
           lambda pair: pair.image(pair.fusion.overlay, "rgb8"),
           "rgb8: the classes in their colours over the fused image"),
    Output("segmentation", _SEGMENTATION,
           _needs("mask", "statistics", "temperatures", "components"), PairMessages.segmentation,
           "mask with class names, colours, areas, confidences and temperatures, its connected "
           "regions, time offset and camera health"),
    Output("segmentation/detections", _DETECTIONS, _needs("components"), PairMessages.detections,
           "the mask's connected regions as boxes with class name and mean confidence; id is "
           "`mean_celsius=31.2 max_celsius=36.4`, or empty where no temperature is known"),
    Output("segmentation/label_info", _LABEL_INFO, _needs(), PairMessages.label_info,
           "names of the classes, for those who subscribe later too", latched=True),
)  # fmt: skip
"""Made for each pair, in this order; all but the latched ones with the header of the pair."""


class Messages:
    """Builds the messages of one fused pair after the other; for one thread.

    Args:
        types: message classes to build with.
    """

    def __init__(self, types: MessageTypes) -> None:
        self._types = types
        self._pair: PairMessages | None = None

    def of(self, output: Output, fusion: Fusion) -> Any | None:
        """Return one output's message.

        Args:
            output: a line of ``OUTPUTS``.
            fusion: holds what ``output.needs`` names.

        Returns:
            The message; None where its type is not installed or there is nothing to tell (no
            ``camera_info`` has come).
        """
        if not self._types.has(output.type):
            return None
        if self._pair is None or self._pair.fusion is not fusion:
            self._pair = PairMessages(self._types, fusion)
        return output.make(self._pair)
