"""Which topics of a bag hold the two cameras."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from .errors import BagError, DamagedMessage
from .reader import BagReader
from .topic_roles import (
    Role,
    base_of,
    camera_of,
    common_parts,
    has_colours,
    has_counts,
    is_grey,
    is_of_depth_camera,
    may_be_depth,
    role_of,
)

IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_COMPRESSED_DEPTH = "/compressedDepth"
"""Ends the names of topics of depth images by the transport of this name."""
_INFO_TYPE = "sensor_msgs/msg/CameraInfo"
_NEARLY_ALL = 0.9
_LAST_PARTS = ("image_raw", "image", "image_color", "image_rect_color", "image_rect")
_LISTED = 8


class UnclearTopicsError(BagError):
    """A bag's topics do not tell which is the RGB and which the thermal camera."""


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


class _Candidate(NamedTuple):
    """A topic with images: its name, messages, encoding (empty: not known) and role."""

    name: str
    count: int
    encoding: str
    role: Role


def choose_topics(
    bag: BagReader,
    rgb: str | None = None,
    thermal: str | None = None,
    rgb_info: str | None = None,
    thermal_info: str | None = None,
) -> CameraTopics:
    """Return the given topics; the image topics that are not given are chosen.

    Names and, of the first message, the encoding decide. Topics without messages, depth,
    near-infrared and computed images are left out; of one image, the raw topic is taken unless the
    compressed one holds more. A given raw topic stands for its compressed one where the bag holds
    that alone.

    A ``camera_info`` that is not given is the one beside the image topic, as image_transport has
    it: ``/rgb/camera_info`` for ``/rgb/image_raw`` and ``/rgb/image_raw/compressed``.

    Raises:
        UnclearTopicsError: none or several remain; it names them.
        BagError: the bag lacks a given topic, or it holds no images, or something else.
    """
    images = [name for name, topic in sorted(bag.topics.items()) if topic.type in IMAGE_TYPES]
    given = (rgb, thermal)
    rgb, thermal = (None if name is None else _given(bag, name, images) for name in given)
    if rgb is None or thermal is None:
        candidates = _candidates(bag, images)
        if thermal is None:
            taken = rgb and base_of(rgb)
            free = [each for each in candidates if base_of(each.name) != taken]
            thermal = _chosen(bag, "thermal", _thermal(free), candidates)
        if rgb is None:
            free = [each for each in candidates if base_of(each.name) != base_of(thermal)]
            rgb = _chosen(bag, "RGB", _colour(free), candidates)
    return CameraTopics(
        rgb, thermal, _info_topic(bag, rgb, rgb_info), _info_topic(bag, thermal, thermal_info)
    )


def depth_topic(bag: BagReader, name: str, is_needed: bool) -> str | None:
    """Return the topic of a bag's depth images.

    Args:
        bag: open.
        name: of the topic; without the first slash, also the end of a topic's name.
        is_needed: whether a topic that is not there is an error.

    Raises:
        BagError: it is needed, and the bag holds no images under this name.
    """
    plain, compressed = IMAGE_TYPES
    images = [
        each
        for each, topic in sorted(bag.topics.items())
        if topic.type == plain or (topic.type == compressed and each.endswith(_COMPRESSED_DEPTH))
    ]
    if name in images:
        return name
    ends = [each for each in images if name[:1] not in ("", "/") and each.endswith(f"/{name}")]
    if len(ends) == 1:
        return ends[0]
    if not is_needed:
        return None
    words = _meant(bag, name, images)
    raise BagError(f"bag {bag.path} holds no depth images on {name or repr(name)}{words}")


def _given(bag: BagReader, name: str, images: Sequence[str]) -> str:
    for each in (name, f"{name}/compressed"):
        if each in images:
            return each
    raise BagError(
        f"bag {bag.path} holds no images on {name or repr(name)}{_meant(bag, name, images)}"
    )


def _meant(bag: BagReader, name: str, known: Sequence[str]) -> str:
    """Return what a topic that is not there should have been, and what there is."""
    if name in bag.topics:
        return f", but {bag.topics[name].type}: it holds {_names(known)}"
    # A name without the first slash, or its last part alone, is near enough.
    last = name.strip("/")
    ends = [each for each in known if last and each.endswith(f"/{last}")]
    near = ends or difflib.get_close_matches(name, known, 1, 0.6)
    meant = f" (did you mean {near[0]}?)" if len(near) == 1 else ""
    return f"{meant}: it holds {_names(known)}"


def _names(topics: Sequence[str]) -> str:
    more = len(topics) - _LISTED
    listed = ", ".join(topics[:_LISTED]) or "none"
    return listed + (f" and {more} more" if more > 0 else "")


def _candidates(bag: BagReader, images: Sequence[str]) -> list[_Candidate]:
    """Return one topic for each image that was recorded, with what is known of it."""
    variants: dict[str, list[str]] = {}
    for name in images:
        if bag.topics[name].count and not name.endswith(_COMPRESSED_DEPTH):
            variants.setdefault(base_of(name), []).append(name)
    skipped = common_parts(variants)
    found = []
    for names in variants.values():
        most = max(bag.topics[name].count for name in names)
        # In the order of their names, the raw topic comes first.
        name = next(each for each in names if bag.topics[each].count >= _NEARLY_ALL * most)
        encoding = _encoding(bag, name)
        role = role_of(name, skipped)
        if "compressedDepth" in encoding:
            role = Role.DEPTH
        elif role is Role.DEPTH and has_colours(encoding):
            role = Role.UNKNOWN  # a colour image of a depth camera
        elif role is Role.MAYBE_THERMAL and is_of_depth_camera(name, images):
            role = Role.NEAR_INFRARED
        elif role is Role.UNKNOWN and has_counts(encoding) and may_be_depth(name):
            role = Role.DEPTH
        found.append(_Candidate(name, bag.topics[name].count, encoding, role))
    return found


def _encoding(bag: BagReader, topic: str) -> str:
    """Return the encoding of a topic's first image; empty where it is not known."""
    first = next(bag.messages((topic,)), None)
    try:
        message = first and first.deserialize()
    except DamagedMessage:
        return ""
    return str(getattr(message, "encoding", None) or getattr(message, "format", None) or "")


def _thermal(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the candidates for the thermal image, of the surest kind that there is."""
    named = [each for each in candidates if each.role is Role.THERMAL]
    maybe = [each for each in candidates if each.role is Role.MAYBE_THERMAL]
    counts = [
        each for each in candidates if each.role is Role.UNKNOWN and has_counts(each.encoding)
    ]
    grey = [each for each in maybe if not has_colours(each.encoding)]
    best = next((each for each in (named, grey, counts, maybe) if each), [])
    # Of one camera, what it measured, not what was drawn of it.
    return _best_of_camera(
        best, lambda each: (not has_counts(each.encoding), has_colours(each.encoding))
    )


def _colour(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the candidates for the RGB image, of the surest kind that there is."""
    named = [each for each in candidates if each.role is Role.COLOUR and not is_grey(each.name)]
    unknown = [
        each
        for each in candidates
        if each.role in (Role.UNKNOWN, Role.MAYBE_THERMAL, Role.COLOUR)
        and not has_counts(each.encoding)
    ]
    colours = [each for each in unknown if has_colours(each.encoding)]
    others = [each for each in unknown if each.role is not Role.MAYBE_THERMAL]
    best = next((each for each in (named, colours, others) if each), [])
    return _best_of_camera(best, lambda each: (not has_colours(each.encoding), is_grey(each.name)))


def _best_of_camera(
    candidates: Iterable[_Candidate], rank: Callable[[_Candidate], tuple[bool, ...]]
) -> list[_Candidate]:
    """Return the best image of each camera, and all that are equally good."""
    cameras: dict[str, list[tuple[object, _Candidate]]] = {}
    for each in candidates:
        last = base_of(each.name).rpartition("/")[2]
        place = _LAST_PARTS.index(last) if last in _LAST_PARTS else len(_LAST_PARTS)
        cameras.setdefault(camera_of(each.name), []).append(((*rank(each), place), each))
    best = []
    for ranked in cameras.values():
        first = min(rank for rank, _ in ranked)
        best += [each for rank, each in ranked if rank == first]
    return best


def _chosen(
    bag: BagReader, camera: str, found: Sequence[_Candidate], candidates: Sequence[_Candidate]
) -> str:
    if len(found) == 1:
        return found[0].name
    if found:
        raise UnclearTopicsError(
            f"bag {bag.path} does not tell which topic is the {camera} camera: it may be "
            f"{_listed(found)}"
        )
    if not candidates:
        raise BagError(
            f"bag {bag.path} holds no images: no topic of raw or compressed ones has any"
        )
    near = any(each.role is Role.NEAR_INFRARED for each in candidates) and camera == "thermal"
    note = "; near-infrared shows no heat" if near else ""
    empty = [
        topic.name
        for topic in sorted(bag.topics.values())
        if topic.type in IMAGE_TYPES and not topic.count
    ]
    note += f", and no message on {', '.join(empty[:_LISTED])}" if empty else ""
    held = _listed(candidates)
    raise UnclearTopicsError(
        f"bag {bag.path} has no topic that is surely the {camera} camera: it holds {held}{note}"
    )


def _listed(candidates: Sequence[_Candidate]) -> str:
    texts = [
        f"{each.name} ({each.count} message{'s' * (each.count != 1)}"
        f"{each.encoding and ', ' + each.encoding[:40]})"
        for each in candidates[:_LISTED]
    ]
    more = len(candidates) - _LISTED
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")


def _info_topic(bag: BagReader, image_topic: str, given: str | None) -> str | None:
    infos = [name for name, topic in sorted(bag.topics.items()) if topic.type == _INFO_TYPE]
    if given is None:
        beside = f"{camera_of(image_topic)}/camera_info"
        return beside if beside in infos else None
    if given not in infos:
        words = _meant(bag, given, infos)
        raise BagError(f"bag {bag.path} holds no camera_info on {given or repr(given)}{words}")
    return given
