"""Which topics of a bag hold the two cameras."""

from __future__ import annotations

from typing import NamedTuple

from .errors import BagError
from .reader import BagReader

IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_INFO_TYPE = "sensor_msgs/msg/CameraInfo"
_THERMAL_WORDS = ("thermal", "infra", "/ir/", "lwir", "boson", "lepton", "heat")


class UnclearTopicsError(BagError):
    """The names of a bag's topics do not tell which is the RGB and which the thermal camera."""


class CameraTopics(NamedTuple):
    """Topics of a bag.

    Attributes:
        rgb: images of the RGB camera, raw or compressed.
        thermal: images of the thermal camera.
        rgb_info: ``sensor_msgs/CameraInfo`` of the RGB camera; None: the bag holds none.
        thermal_info: that of the thermal camera.
    """

    rgb: str
    thermal: str
    rgb_info: str | None = None
    thermal_info: str | None = None


def choose_topics(
    bag: BagReader,
    rgb: str | None = None,
    thermal: str | None = None,
    rgb_info: str | None = None,
    thermal_info: str | None = None,
) -> CameraTopics:
    """Return the given topics; the image topics that are not given are chosen by their names.

    A ``camera_info`` that is not given is the one beside the image topic, as image_transport has
    it: ``/rgb/camera_info`` for ``/rgb/image_raw`` and ``/rgb/image_raw/compressed``.

    Raises:
        UnclearTopicsError: the names do not tell.
        BagError: the bag lacks a given topic, or it holds something else.
    """
    images = [name for name, topic in sorted(bag.topics.items()) if topic.type in IMAGE_TYPES]
    held = ", ".join(images) or "no images"
    for name in (rgb, thermal):
        if name is not None and name not in images:
            raise BagError(f"bag {bag.path} holds no images on {name}: it holds {held}")
    hot = [name for name in images if any(word in name.lower() for word in _THERMAL_WORDS)]
    cold = [name for name in images if name not in hot and ("rgb" in name or "color" in name)]
    cold = cold or [name for name in images if name not in hot]
    rgb = rgb or (cold[0] if cold else None)
    thermal = thermal or (hot[0] if hot else None)
    if rgb is None or thermal is None:
        raise UnclearTopicsError(
            f"bag {bag.path} holds {held}: the names do not tell which is RGB and which thermal"
        )
    return CameraTopics(
        rgb, thermal, _info_topic(bag, rgb, rgb_info), _info_topic(bag, thermal, thermal_info)
    )


def _info_topic(bag: BagReader, image_topic: str, given: str | None) -> str | None:
    infos = [name for name, topic in sorted(bag.topics.items()) if topic.type == _INFO_TYPE]
    if given is None:
        beside = f"{image_topic.removesuffix('/compressed').rpartition('/')[0]}/camera_info"
        return beside if beside in infos else None
    if given not in infos:
        held = ", ".join(infos) or "none"
        raise BagError(f"bag {bag.path} holds no camera_info on {given}: it holds {held}")
    return given
