"""What the images of a topic show, as far as its name and its encoding tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

_TRANSPORTS = ("compressed", "compressedDepth", "theora", "ffmpeg", "zstd")
_IMAGE_PROC = ("image_color", "image_rect_color", "image_raw_color")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

_DEPTH = {"depth", "disparity", "compresseddepth", "confidence", "pointcloud", "range"}
# Depth where the images hold counts: the depth of a stereo camera, a time-of-flight camera.
_DEPTH_OF_COUNTS = {"stereo", "tof", "disp", "points", "points2", "aligned"}
# Cameras that see the pattern of their depth camera, and no heat.
_OF_DEPTH_CAMERA = {"ir", "infra", "infrared"}
_RESULT = {"fused", "segmentation", "overlay", "mask", "masks", "labels", "detections", "heatmap"}
_THERMAL = {
    "thermal", "thermo", "thermography", "lwir", "mwir", "tir", "boson", "lepton", "optris", "seek",
    "heat", "tau", "wiris", "bolometer", "microbolometer", "infiray", "hikmicro", "teax", "mlx",
}  # fmt: skip
_MAYBE_THERMAL = {"infra", "infrared", "ir", "flir"}
_NEAR_INFRARED = {"nir", "nearir"}
_COLOUR = {"rgb", "color", "colour", "visible", "vis", "eo"}
_GREY = {"mono", "gray", "grey"}
_COLOUR_ENCODINGS = ("rgb", "bgr", "bayer", "yuv", "yuyv", "uyvy", "nv1", "nv2", "8uc3", "8uc4")
_COUNTS = ("mono16", "16uc1", "16sc1", "32fc1", "64fc1")


class Role(IntEnum):
    """What a topic shows. The numbers have no meaning."""

    UNKNOWN = 0
    """Nothing tells."""
    COLOUR = 1
    """RGB, by its name."""
    THERMAL = 2
    """Thermal, by its name."""
    MAYBE_THERMAL = 3
    """Infrared of a kind that the name does not tell, or FLIR, who make RGB cameras too."""
    NEAR_INFRARED = 4
    """Near-infrared, which shows no heat: a RealSense's infra1 and infra2, a Kinect's ir."""
    DEPTH = 5
    """Depth, disparity, or the confidence in it."""
    RESULT = 6
    """What somebody computed from images."""


def base_of(topic: str) -> str:
    """Return the image topic of a topic of image_transport: without ``/compressed``."""
    parent, _, last = topic.rpartition("/")
    return parent if last in _TRANSPORTS and parent else topic


def camera_of(topic: str) -> str:
    """Return the namespace of a camera: what its images have in common."""
    return base_of(topic).rpartition("/")[0]


def is_beside(topic: str, others: Iterable[str]) -> bool:
    """Whether a topic is another transport, or the ``camera_info``, of one of the others."""
    others = set(others)
    if topic.endswith("/camera_info"):
        return topic.rpartition("/")[0] in {camera_of(each) for each in others}
    return base_of(topic) in {base_of(each) for each in others}


def common_parts(topics: Iterable[str]) -> int:
    """Return how many leading parts of the names are the same in all: a robot, a rig."""
    cameras = [camera_of(topic).split("/") for topic in topics]
    count = 0
    while len(cameras) > 1 and all(count < len(each) for each in cameras):
        if len({each[count] for each in cameras}) > 1:
            break
        count += 1
    return count


def role_of(topic: str, skipped: int = 0) -> Role:
    """Return what a topic's name says.

    The last part counts, then the namespaces from the inmost to the outermost: a device that is
    called after one of its images has others too. "Color" of the last part counts least, and not
    at all in the names of image_proc: a thermal image may have false colours.

    Args:
        topic: name.
        skipped: leading parts that say nothing, for all topics have them.
    """
    if topic.endswith("/compressedDepth"):
        return Role.DEPTH
    *spaces, last = base_of(topic).split("/")
    role = _of_part(last)
    if role not in (Role.UNKNOWN, Role.COLOUR):
        return role
    for part in reversed(spaces[skipped:]):
        inner = _of_part(part)
        if inner is not Role.UNKNOWN:
            return inner
    return Role.UNKNOWN if last in _IMAGE_PROC else role


def _of_part(part: str) -> Role:
    words = [word.lower() for word in _WORD.findall(part)]
    kinds = set(words)
    if kinds & _DEPTH:
        return Role.DEPTH
    if kinds & _RESULT:
        return Role.RESULT
    numbered = any(
        word in _MAYBE_THERMAL and after in ("1", "2")
        for word, after in zip(words, words[1:], strict=False)
    )
    if kinds & _NEAR_INFRARED or ("infra" in kinds and numbered):
        return Role.NEAR_INFRARED
    thermal = any(word.startswith("thermal") for word in kinds) or bool(kinds & _THERMAL)
    colour = bool(kinds & _COLOUR)
    if thermal and colour:
        return Role.UNKNOWN
    if thermal:
        return Role.THERMAL
    if colour:
        return Role.COLOUR
    return Role.MAYBE_THERMAL if kinds & _MAYBE_THERMAL else Role.UNKNOWN


def is_of_depth_camera(topic: str, others: Iterable[str]) -> bool:
    """Whether an infrared image is that of a depth camera, which has depth in the same namespace.

    So do the drivers of Kinect, Orbbec, OAK and older RealSense: ``/camera/ir/image_raw`` beside
    ``/camera/depth/image_raw``.
    """
    device, _, part = camera_of(topic).rpartition("/")
    if part == "infra" and base_of(topic).endswith("/image_rect_raw"):
        return True  # RealSense, also where its depth was not recorded
    words = {word.lower() for word in _WORD.findall(part)}
    if not words & _OF_DEPTH_CAMERA or not words <= _OF_DEPTH_CAMERA | {"left", "right"}:
        return False
    beside = (camera_of(each) for each in others)
    parts = [each.rpartition("/")[2] for each in beside if each.rpartition("/")[0] == device]
    return any(_of_part(each) is Role.DEPTH for each in parts)


def may_be_depth(topic: str) -> bool:
    """Whether images of counts or metres are depth by a name that others have too."""
    words = {word.lower() for part in base_of(topic).split("/") for word in _WORD.findall(part)}
    return bool(words & _DEPTH_OF_COUNTS)


def is_grey(topic: str) -> bool:
    """Whether a name says that the image has no colours."""
    words = {word.lower() for word in _WORD.findall(base_of(topic).rpartition("/")[2])}
    return bool(words & _GREY)


def has_colours(encoding: str) -> bool:
    """Whether an encoding, or the format of a compressed image, has colours."""
    return encoding.lower().startswith(_COLOUR_ENCODINGS)


def has_counts(encoding: str) -> bool:
    """Whether an encoding has one channel of more than 8 bits: counts, a temperature or depth."""
    return encoding.lower().startswith(_COUNTS)
