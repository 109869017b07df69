"""A message of a camera, from a topic or a bag, and its image, decoded once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..images.errors import BadImage
from ..images.read_options import DEFAULT, ReadOptions
from ..images.rgb import check_rgb_message, rgb_from_message, rgb_sample
from ..images.thermal import check_thermal_message, crop, needs_decoding, thermal_from_message
from .depth_images import DepthImage
from .health import HEALTH_SAMPLES, HealthMonitor, ModalityHealth
from .image_pair import ImagePair


class ArrivedImage:
    """An image message of a camera.

    Safe for several threads: those that judge and compute the image share what was decoded.

    Args:
        stream: "rgb" or "thermal".
        message: ``sensor_msgs/Image`` or ``CompressedImage`` of any library.
        reading: how images are read, from its arrival on.

    Attributes:
        stamp_ns: of the message's header.
        frame_id: likewise.
        health: where it was measured on arrival; None: the pipeline measures it.

    Raises:
        BadImage: it is known already that the message cannot be used; pixels are not looked at.
    """

    def __init__(self, stream: str, message: Any, reading: ReadOptions = DEFAULT) -> None:
        self.stream = stream
        self.message = message
        stamp = message.header.stamp
        self.stamp_ns: int = stamp.sec * 1_000_000_000 + stamp.nanosec
        self.frame_id: str = message.header.frame_id
        self.health: ModalityHealth | None = None
        self._reading = reading
        self._lock = threading.Lock()
        self._image: np.ndarray | BadImage | None = None
        try:
            if stream == "rgb":
                check_rgb_message(message, reading)
            else:
                check_thermal_message(message, reading)
        except BadImage as bad:
            bad.stream = stream
            raise

    def image(self) -> np.ndarray:
        """Return the image, decoded by the first caller.

        Returns:
            RGB: H x W x 3 uint8; thermal: h x w uint8, uint16 or float32. A view of the message
            where its data allow.

        Raises:
            BadImage: it does not decode.
        """
        with self._lock:
            if self._image is None:
                self._image = self._decode()
        if isinstance(self._image, BadImage):
            raise BadImage(self._image.cause, self._image.remedy, self.stream)
        return self._image

    def sample(self) -> np.ndarray | None:
        """Return what the health is measured from, in a fraction of a millisecond.

        Returns:
            RGB: a sparse h x w x 3 uint8 image; thermal: the image. None where the message must be
            decoded as a whole: compressed images, and thermal ones that are not single values.
        """
        if self.stream == "rgb":
            return rgb_sample(self.message, HEALTH_SAMPLES, self._reading)
        return None if needs_decoding(self.message) else self.image()

    def judge(
        self, pixels: np.ndarray, monitor: HealthMonitor, margins: tuple[int, int, int, int]
    ) -> ModalityHealth:
        """Return the health of the image.

        Args:
            pixels: of ``sample`` or ``image``.
            monitor: that has seen the images of the stream before.
            margins: ``thermal.crop``: what is cut off a thermal image does not count.

        Raises:
            BadImage: the crop leaves nothing.
        """
        # A driver that sets no stamps is judged by the number of its images.
        stamp = self.stamp_ns or None
        if self.stream == "rgb":
            return monitor.check_rgb(pixels, stamp)
        return monitor.check_thermal(crop(pixels, margins), stamp)

    def _decode(self) -> np.ndarray | BadImage:
        try:
            if self.stream == "rgb":
                return rgb_from_message(self.message, self._reading)
            return thermal_from_message(self.message, self._reading)
        except BadImage as bad:
            return bad


def image_pair(
    rgb: ArrivedImage | None,
    thermal: ArrivedImage | None,
    stamp_ns: int,
    offset_ns: int,
    infos: Mapping[str, Any],
    depth: DepthImage | None = None,
) -> ImagePair:
    """Return a pair for the pipeline, decoded.

    Args:
        rgb: None where the RGB camera has stopped.
        thermal: None where the thermal camera has stopped.
        stamp_ns: see `ImagePair`.
        offset_ns: see `ImagePair`.
        infos: ``sensor_msgs/CameraInfo`` by stream, "rgb" and "thermal", or None.
        depth: see `ImagePair`.

    Raises:
        BadImage: an image does not decode.
    """
    return ImagePair(
        rgb=rgb and rgb.image(),
        thermal=thermal and thermal.image(),
        stamp_ns=stamp_ns,
        offset_ns=offset_ns,
        thermal_stamp_ns=thermal and thermal.stamp_ns,
        rgb_frame=rgb.frame_id if rgb else "",
        thermal_frame=thermal.frame_id if thermal else "",
        rgb_info=infos["rgb"],
        thermal_info=infos["thermal"],
        rgb_health=rgb and rgb.health,
        thermal_health=thermal and thermal.health,
        depth=depth,
    )
