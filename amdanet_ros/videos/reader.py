"""Videos of two cameras, read as a bag is: messages in the order of their stamps."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..bags.merging import merged
from ..bags.message_types import RosbagsTypes
from ..bags.read_report import ReadReport
from ..bags.reader import BagTopic
from ..bags.topics import IMAGE_TYPES, CameraTopics
from ..images.errors import BadImage
from ..images.read_options import ReadOptions
from .errors import VideoError
from .stacking import parts_of
from .video_file import VideoFile

START_NS = 1_000_000_000
"""Stamp of a video's beginning: zero would mean that there is none."""
_ENCODINGS = {("u1", 3): "bgr8", ("u1", 1): "mono8", ("u2", 1): "mono16"}


class VideoImage(NamedTuple):
    """A frame, or half of one, as a message of a bag.

    Attributes:
        topic: name of its stream, see ``VideoReader.topics``.
        type: ``sensor_msgs/msg/Image``.
        stamp_ns: of the frame, nanoseconds.
        pixels: as the video gives them.
        frame_id: of its header.
    """

    topic: str
    type: str
    stamp_ns: int
    pixels: np.ndarray
    frame_id: str

    @property
    def header_stamp_ns(self) -> int:
        """The same stamp."""
        return self.stamp_ns

    def deserialize(self) -> Any:
        """Return it as ``sensor_msgs/Image``."""
        types = RosbagsTypes()
        stamp = types.make(
            "builtin_interfaces/msg/Time",
            sec=self.stamp_ns // 1_000_000_000,
            nanosec=self.stamp_ns % 1_000_000_000,
        )
        height, width = self.pixels.shape[:2]
        channels = 1 if self.pixels.ndim == 2 else self.pixels.shape[2]
        data = np.ascontiguousarray(self.pixels).reshape(-1).view(np.uint8)
        return types.make(
            IMAGE_TYPES[0],
            header=types.make("std_msgs/msg/Header", stamp=stamp, frame_id=self.frame_id),
            height=height,
            width=width,
            encoding=_ENCODINGS.get((self.pixels.dtype.str[1:], channels), self.pixels.dtype.str),
            is_bigendian=0,
            step=data.size // height,
            data=data,
        )


class VideoReader:
    """An RGB and a thermal video, or one whose frames hold both; use it as a context manager.

    Both begin at the same moment, one second after zero.

    Args:
        rgb: the video, or the one that holds both.
        thermal: the other one; None: there is but one.
        stacking: of ``stacking_names.STACKINGS``, where there is but one.

    Attributes:
        path: of the first.
        topics: "topics" by name: the paths of the videos.

    Raises:
        VideoError: one cannot be read.
    """

    def __init__(self, rgb: Path, thermal: Path | None = None, stacking: str | None = None) -> None:
        self.path = rgb
        self._stacking = stacking
        files = [rgb] if thermal is None else [rgb, thermal]
        self._videos = {str(path): VideoFile(path) for path in files}
        self._end_ns = START_NS + max(each.duration_ns for each in self._videos.values())
        self.cameras = cameras_of(rgb, thermal)
        counts = [each.count for each in self._videos.values()]
        if thermal is None:
            counts *= 2
        self.topics = {
            name: BagTopic(name, IMAGE_TYPES[0], count, ())
            for name, count in zip(self.cameras[:2], counts, strict=True)
        }

    def check_size(self, options: ReadOptions) -> None:
        """Refuse videos whose frames are larger than images may be; raises VideoError."""
        for video in self._videos.values():
            height, width = video.size
            try:
                options.check_size(width, height)
            except BadImage as error:
                raise VideoError(f"{video.path}: {error}") from error

    @property
    def start_ns(self) -> int:
        """Stamp of the videos' beginning, nanoseconds."""
        return START_NS

    @property
    def duration_ns(self) -> int:
        """Of the longer video, nanoseconds."""
        return self._end_ns - START_NS

    @property
    def report(self) -> ReadReport:
        """What could not be read of the videos that have been read to their end."""
        return ReadReport(tuple(each.note for each in self._videos.values() if each.note))

    def messages(self, topics: Collection[str] | None = None) -> Iterator[VideoImage]:
        """Yield the images of topics in the order of their stamps.

        Raises:
            VideoError: a video cannot be opened any more.
        """
        runs = [(START_NS, partial(self._images, path)) for path in self._videos]
        for image in merged(runs):
            if topics is None or image.topic in topics:
                yield image

    def _images(self, path: str) -> Iterator[VideoImage]:
        video = self._videos[path]
        for frame in video.frames():
            stamp = START_NS + frame.stamp_ns
            self._end_ns = max(self._end_ns, stamp)
            if self._stacking is None:
                stream = "rgb" if path == self.cameras.rgb else "thermal"
                yield VideoImage(path, IMAGE_TYPES[0], stamp, frame.pixels, f"{stream}_camera")
                continue
            try:
                parts = parts_of(frame.pixels, self._stacking)
            except ValueError as error:
                raise VideoError(f"{path}: {error}: is it the right video?") from error
            for stream in ("rgb", "thermal"):
                name = getattr(self.cameras, stream)
                yield VideoImage(name, IMAGE_TYPES[0], stamp, parts[stream], f"{stream}_camera")

    def close(self) -> None:
        """Do nothing: a video is open only while it is read."""

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def cameras_of(rgb: Path, thermal: Path | None) -> CameraTopics:
    """Return the names of the streams: the paths, or the two images of one video."""
    if thermal is not None:
        return CameraTopics(str(rgb), str(thermal))
    return CameraTopics(f"{rgb} (RGB)", f"{rgb} (thermal)")
