"""What the page shows at one moment, and the bytes it is sent as."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

from ..one_line import one_line

IMAGES = ("fused", "overlay", "rgb", "thermal")
"""Names of the images, in the page's order."""

HEALTH = ("ok", "degraded", "frozen", "lost")
"""States of a camera, by the numbers of msg/ModalityHealth.msg."""

_LENGTHS = struct.Struct(">I")
NOTHING = _LENGTHS.pack(0)
"""A part without content: it keeps a connection alive."""

_LONGEST_NOTE = 600
_MOST_NOTES = 20


class ClassShare(NamedTuple):
    """A class of one frame: name, colour (R, G, B, 0 to 255), share of the image, confidence."""

    name: str
    color: tuple[int, int, int]
    area: float
    confidence: float


class CameraState(NamedTuple):
    """A camera: of `HEALTH`, and why it is not OK."""

    status: str
    reason: str = ""


@dataclass(frozen=True, eq=False)
class ViewFrame:
    """One moment.

    Attributes:
        source: for people: where the images come from.
        images: by name of `IMAGES`, H x W x 3 uint8 RGB; those that are missing are not known.
        stamp_ns: of the pair; None: not known.
        offset_ns: thermal stamp minus RGB stamp; None: not known.
        classes: of the pair, by index; empty: not known.
        health: by stream, "rgb" and "thermal".
        latencies: milliseconds by what they measure, such as "computing".
        notes: sentences about what is not as it should be.
        is_registered: whether the thermal image lies in the pixels of the others.
    """

    source: str
    images: Mapping[str, np.ndarray]
    stamp_ns: int | None = None
    offset_ns: int | None = None
    classes: Sequence[ClassShare] = ()
    health: Mapping[str, CameraState] = field(default_factory=dict)
    latencies: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    is_registered: bool = False


@dataclass(frozen=True)
class Encoding:
    """How images are sent.

    Attributes:
        most_width: wider images are made smaller, in pixels.
        quality: of the JPEG, 1 to 100.
    """

    most_width: int = 960
    quality: int = 85


def encoded(frame: ViewFrame, encoding: Encoding = Encoding()) -> bytes:
    """Return a frame as the page reads it.

    The length of the description (4 bytes, big endian), the description (JSON in UTF-8), and the
    JPEG files one after the other; their lengths are in the description.
    """
    files, described = [], []
    for name in IMAGES:
        if name not in frame.images:
            continue
        image = _bounded(frame.images[name], encoding.most_width)
        options = (cv2.IMWRITE_JPEG_QUALITY, encoding.quality)
        files.append(cv2.imencode(".jpg", image[..., ::-1], options)[1].tobytes())
        size = {"width": image.shape[1], "height": image.shape[0], "bytes": len(files[-1])}
        described.append({"name": name, **size})
    text = json.dumps({**_described(frame), "images": described}, allow_nan=False).encode()
    return b"".join((_LENGTHS.pack(len(text)), text, *files))


def _described(frame: ViewFrame) -> dict[str, object]:
    return {
        "source": one_line(frame.source),
        "stamp": None if frame.stamp_ns is None else _seconds(frame.stamp_ns),
        "offset_ms": None if frame.offset_ns is None else frame.offset_ns / 1e6,
        "classes": [
            {
                "name": one_line(each.name, 80),
                "color": "#{:02x}{:02x}{:02x}".format(*each.color),
                "area": _share(each.area),
                "confidence": _share(each.confidence),
            }
            for each in frame.classes
        ],
        "health": {
            stream: {"status": state.status, "reason": one_line(state.reason)}
            for stream, state in frame.health.items()
        },
        "latencies": {k: v for k, v in frame.latencies.items() if math.isfinite(v)},
        "notes": [one_line(note, _LONGEST_NOTE) for note in frame.notes[:_MOST_NOTES]],
        "registered": frame.is_registered,
    }


def _seconds(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{seconds}.{rest:09d}"


def _share(value: float) -> float:
    return min(max(float(value), 0.0), 1.0) if math.isfinite(value) else 0.0


def _bounded(image: np.ndarray, most_width: int) -> np.ndarray:
    """Return an image that is no wider, and no more than twice as high as that."""
    height, width = image.shape[:2]
    scale = min(most_width / width, 2 * most_width / height)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
