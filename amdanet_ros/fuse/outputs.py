"""Where fused pairs go: a folder of pictures, a video, or a bag with the node's topics."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np

from ..bags.message_types import typestore
from ..bags.writer import BagWriter, quality
from ..classes import ClassTable
from ..inference import Prediction
from ..pipeline.health import ModalityHealth
from ..visualization import colorize_thermal, overlay

FORMATS = ("pictures", "video", "bag")


class FusedPair(NamedTuple):
    """One pair and what was made of it.

    Attributes:
        name: of the files to write.
        header: the RGB message's, as rosbags gives it; None for pictures.
        stamp_ns: when it was recorded, nanoseconds.
        offset_ns: thermal stamp minus RGB stamp.
        prediction: labels, confidence and fused picture.
        rgb_health, thermal_health: of the pictures used.
        read: gives the two pictures again.
    """

    name: str
    header: Any
    stamp_ns: int
    offset_ns: int
    prediction: Prediction
    rgb_health: ModalityHealth
    thermal_health: ModalityHealth
    read: Callable[[], tuple[np.ndarray, np.ndarray]]


class FuseOutput(Protocol):
    """Takes pairs in order."""

    def put(self, pair: FusedPair) -> None:
        """Append one pair."""

    def close(self) -> None:
        """Finish; the output appears under its name."""


class PictureOutput:
    """A folder: ``fused``, ``mask`` (class index), ``overlay`` and ``side_by_side`` of PNG files.

    Side by side are the RGB, thermal and fused picture and the overlay.
    """

    def __init__(self, folder: Path, table: ClassTable) -> None:
        self._folder, self._table = folder, table

    def put(self, pair: FusedPair) -> None:
        """Write the pair's pictures."""
        prediction = pair.prediction
        blended = overlay(prediction.fused, prediction.labels, self._table.palette)
        for kind, picture in (
            ("fused", prediction.fused[..., ::-1]),
            ("mask", prediction.labels),
            ("overlay", blended[..., ::-1]),
            ("side_by_side", _side_by_side(pair, blended)[..., ::-1]),
        ):
            path = self._folder / kind / f"{pair.name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            encoded = cv2.imencode(".png", np.ascontiguousarray(picture))[1]
            partial = path.with_suffix(".part")
            partial.write_bytes(encoded.tobytes())
            os.replace(partial, path)

    def close(self) -> None:
        """All is written."""


class VideoOutput:
    """A video, fused picture and overlay side by side."""

    def __init__(self, path: Path, table: ClassTable, rate: float) -> None:
        self._path, self._table, self._rate = path, table, rate
        self._partial = path.with_name(f".{path.stem}.part{path.suffix or '.mp4'}")
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def put(self, pair: FusedPair) -> None:
        """Append a frame; the first one sets the video's size."""
        prediction = pair.prediction
        blended = overlay(prediction.fused, prediction.labels, self._table.palette)
        frame = np.hstack([prediction.fused, blended])[..., ::-1]
        if self._writer is None:
            self._size = (frame.shape[1], frame.shape[0])
            self._path.parent.mkdir(parents=True, exist_ok=True)
            code = "MJPG" if self._partial.suffix == ".avi" else "mp4v"
            fourcc = cv2.VideoWriter_fourcc(*code)
            self._writer = cv2.VideoWriter(str(self._partial), fourcc, self._rate, self._size)
            if not self._writer.isOpened():
                raise OSError(f"OpenCV cannot write {self._path}: use .mp4 or .avi")
        if (frame.shape[1], frame.shape[0]) != self._size:
            frame = cv2.resize(frame, self._size, interpolation=cv2.INTER_AREA)
        self._writer.write(np.ascontiguousarray(frame))

    def close(self) -> None:
        """Give the video its name."""
        if self._writer is not None:
            self._writer.release()
            os.replace(self._partial, self._path)


class BagOutput:
    """A bag with the node's topics."""

    def __init__(self, path: Path, table: ClassTable, storage: str = "mcap") -> None:
        self._path, self._table = path, table
        self._partial = path.with_name(f".{path.name}.part") / path.name
        if self._partial.exists():
            _remove(self._partial)
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        self._bag = BagWriter(self._partial, storage)
        self._types = typestore().types

    def put(self, pair: FusedPair) -> None:
        """Append the messages that the node would publish for this pair."""
        prediction, header = pair.prediction, pair.header
        if header is None:
            seconds, rest = divmod(pair.stamp_ns, 1_000_000_000)
            stamp = self._types["builtin_interfaces/msg/Time"](seconds, rest)
            header = self._types["std_msgs/msg/Header"](stamp, pair.name)
        blended = overlay(prediction.fused, prediction.labels, self._table.palette)
        confidence = np.round(255 * prediction.confidence).astype(np.uint8)
        mask = self._image(header, "mono8", prediction.labels)
        for topic, message in (
            ("/fused/image_raw", self._image(header, "rgb8", prediction.fused)),
            ("/segmentation/mask", mask),
            ("/segmentation/confidence", self._image(header, "mono8", confidence)),
            ("/segmentation/overlay", self._image(header, "rgb8", blended)),
            ("/segmentation", self._segmentation(header, mask, pair)),
        ):
            self._bag.add_topic(topic, message.__msgtype__, [quality(reliable=True)])
            self._bag.write_message(topic, pair.stamp_ns, message)

    def _image(self, header: Any, encoding: str, picture: np.ndarray) -> Any:
        height, width = picture.shape[:2]
        data = np.ascontiguousarray(picture).reshape(-1)
        step = data.size // height
        return self._types["sensor_msgs/msg/Image"](header, height, width, encoding, 0, step, data)

    def _segmentation(self, header: Any, mask: Any, pair: FusedPair) -> Any:
        statistics = pair.prediction.class_statistics()
        color = self._types["std_msgs/msg/ColorRGBA"]
        seconds, rest = divmod(pair.offset_ns, 1_000_000_000)
        return self._types["amdanet_ros/msg/SemanticSegmentation"](
            header=header,
            mask=mask,
            class_names=list(self._table.names),
            class_colors=[
                color(*(float(c) / 255 for c in rgb), 1.0) for rgb in self._table.palette
            ],
            class_areas=statistics.areas,
            class_confidences=statistics.confidences,
            time_offset=self._types["builtin_interfaces/msg/Duration"](seconds, rest),
            rgb_health=self._health(pair.rgb_health),
            thermal_health=self._health(pair.thermal_health),
        )

    def _health(self, health: ModalityHealth) -> Any:
        return self._types["amdanet_ros/msg/ModalityHealth"](
            status=int(health.status),
            reason=health.reason,
            saturated=float(health.saturated),
            dark=float(health.dark),
            contrast=float(health.contrast),
        )

    def close(self) -> None:
        """Give the bag its name."""
        self._bag.close()
        os.replace(self._partial, self._path)
        self._partial.parent.rmdir()


def _side_by_side(pair: FusedPair, blended: np.ndarray) -> np.ndarray:
    rgb, thermal = pair.read()
    height, width = rgb.shape[:2]
    heat = cv2.resize(colorize_thermal(thermal), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.hstack([rgb, heat, pair.prediction.fused, blended])


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
