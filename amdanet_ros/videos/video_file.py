"""One video file: its frames as they are stored, with stamps, as far as they can be decoded."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..one_line import one_line
from .asf_header import stated_seconds
from .errors import VideoError

_PLAIN_FORMATS = (0x30303859, 0x10003159, 0x20203859)
"""FFmpeg's tags of pixels of one grey channel, 8 and 16 bit: OpenCV gives them as stored."""
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"v=0", b"<?xml", b"<MPD", b"#!")
_MOST_RATE = 10_000.0
_EXACT = (".mp4", ".m4v", ".mov", ".avi")
"""Containers that say how many frames they hold; of others OpenCV reckons it by length and rate."""
_TRIES = 1000
"""Frames in a row that may be damaged beyond those that the file says it holds; at its end each
costs a microsecond."""
_MOST_TRIES = 1_000_000

_CONTAINERS = (
    "asf", "avi", "flv", "gif", "h264", "hevc", "ivf", "jpeg_pipe", "m4v", "matroska", "mjpeg",
    "mov", "mpeg", "mpegts", "mpegvideo", "mpjpeg", "mxf", "nut", "ogg", "yuv4mpegpipe",
)  # fmt: skip
"""FFmpeg's demuxers of files that hold their own frames. Others open further files by names in the
file (concat, hls, dash, imf, vobsub), by the file's own name (image2: a%d.gif; mlv), or listen on
the network (sdp)."""
# Read by OpenCV at each opening; what FFmpeg does not open by itself, no file can make it open.
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = (
    f"protocol_whitelist;file|format_whitelist;{','.join(_CONTAINERS)}"
)
# FFmpeg and OpenCV would print lines of their own about each damaged frame.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class VideoFrame(NamedTuple):
    """A frame.

    Attributes:
        stamp_ns: since the video's beginning, nanoseconds.
        pixels: H x W x 3 uint8 BGR, or H x W uint8 or uint16 where the video is stored in grey.
    """

    stamp_ns: int
    pixels: np.ndarray


class VideoFile:
    """A video, which is only read. A rotation in its metadata is ignored: pixels are as stored.

    Attributes:
        path: of the file.
        rate: frames a second, as the file says.
        count: frames that the file says it holds; 0: it does not say so.
        size: height and width, pixels.
        note: a sentence about frames that cannot be read, once ``frames`` has ended; else empty.

    Raises:
        VideoError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.note = ""
        with self._opened() as video:
            self.rate = video.get(cv2.CAP_PROP_FPS)
            count = video.get(cv2.CAP_PROP_FRAME_COUNT)
            self.count = int(count) if 0 < count < 2**40 else 0
            width, height = (
                int(video.get(each))
                for each in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
            )
        self.size = (height, width)
        if not (math.isfinite(self.rate) and 0 < self.rate <= _MOST_RATE):
            raise VideoError(
                f"{path} says no number of frames a second that can be ({self.rate:g}): rewrite it "
                f"with `ffmpeg -r RATE -i {path} -c copy new.mkv`"
            )
        self.count = self.count or round(stated_seconds(path) * self.rate)

    @contextmanager
    def _opened(self) -> Iterator[cv2.VideoCapture]:
        try:
            with self.path.open("rb") as file:
                start = file.read(64)
        except OSError as error:
            raise VideoError(f"{self.path} cannot be read: {error.strerror}") from error
        if not start:
            raise VideoError(f"{self.path} is empty: nothing was written to it")
        # A playlist would have FFmpeg open other files.
        if start.lstrip().startswith(_PLAYLISTS):
            raise VideoError(f"{self.path} is a list of videos and no video: give the video itself")
        # An absolute path is never taken for an address, a pattern or a device.
        video = cv2.VideoCapture(os.path.abspath(self.path), cv2.CAP_FFMPEG)
        try:
            if not video.isOpened():
                if "%" in self.path.name:  # FFmpeg takes it for the pattern of many files
                    raise VideoError(f"{self.path} has a % in its name: give it another name")
                raise VideoError(
                    f"{self.path} cannot be read as a video: it is damaged or cut, or of a kind "
                    f"that OpenCV does not decode: try `ffmpeg -i {self.path} -c:v ffv1 new.mkv`"
                )
            video.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
            if int(video.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT)) in _PLAIN_FORMATS:
                video.set(cv2.CAP_PROP_CONVERT_RGB, 0)
            yield video
        finally:
            video.release()

    @property
    def duration_ns(self) -> int:
        """How long it is, as the file says, nanoseconds."""
        return round(1e9 * self.count / self.rate)

    def frames(self) -> Iterator[VideoFrame]:
        """Yield all frames that can be decoded, with the container's stamps.

        Where a stamp is not later than the one before, the rate gives it.

        Raises:
            VideoError: the file cannot be opened any more.
        """
        period = round(1e9 / self.rate)
        seen = _Seen(period)
        with self._opened() as video:
            while self._grabbed(video, seen):
                stamp = video.get(cv2.CAP_PROP_POS_MSEC)
                stamp_ns = round(1e6 * stamp) if math.isfinite(stamp) else -1
                if stamp_ns <= seen.last_ns:
                    stamp_ns = seen.last_ns + period
                seen.add(stamp_ns)
                is_there, pixels = _retrieved(video)
                if is_there:
                    seen.read += 1
                    seen.last_read_ns = stamp_ns
                    yield VideoFrame(stamp_ns, pixels)
        self.note = self._note(seen)

    def _grabbed(self, video: cv2.VideoCapture, seen: _Seen) -> bool:
        """Whether there is a next frame; damaged ones are passed over.

        OpenCV says the same of a damaged frame and of the end.
        """
        left = max(0, self.count - seen.stamped - seen.damaged)
        damaged = 0
        for tried in range(min(left, _MOST_TRIES) + _TRIES):
            if video.grab():
                seen.damaged += tried
                return True
            damaged += video.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME) > 0
        seen.damaged += damaged
        return False

    def _note(self, seen: _Seen) -> str:
        """Return a sentence about frames that are missing; empty where none is."""
        is_counted = self.path.suffix.lower() in _EXACT or seen.is_steady
        is_short = is_counted and seen.read < self.count
        # Of a rate that varies, the last frame may last as long as any other.
        is_cut = seen.last_ns + 1.4 * seen.longest_ns < self.duration_ns
        if not (seen.read < seen.stamped or seen.damaged or is_short or is_cut):
            return ""
        of = f" of {self.count}" if self.count > seen.read else ""
        last = f", the last one at {seen.last_read_ns / 1e9:.3f} s" if seen.read else ""
        return one_line(
            f"{self.path}: {seen.read}{of} frames can be read{last}: the others are damaged or "
            "missing, or the file is cut"
        )


class _Seen:
    """What was seen of a video's stamps.

    Attributes:
        last_ns: the last stamp; ``longest_ns``: the longest time between two.
        stamped: frames that were found; ``damaged``: others that were passed over.
        read: frames that could be decoded; ``last_read_ns``: stamp of the last one.
    """

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._steady = 0
        self.last_ns = -period_ns
        self.longest_ns = period_ns
        self.stamped = self.damaged = 0
        self.read = self.last_read_ns = 0

    def add(self, stamp_ns: int) -> None:
        """Take a stamp in."""
        gap = stamp_ns - self.last_ns
        self._steady += abs(gap - self._period_ns) < 0.2 * self._period_ns
        self.longest_ns = max(self.longest_ns, gap)
        self.last_ns = stamp_ns
        self.stamped += 1

    @property
    def is_steady(self) -> bool:
        """Whether the rate is constant but for a few frames."""
        return self._steady >= 0.8 * self.stamped


def _retrieved(video: cv2.VideoCapture) -> tuple[bool, np.ndarray]:
    try:
        is_there, pixels = video.retrieve()
    except cv2.error:
        return False, np.zeros((0, 0), np.uint8)
    return bool(is_there and pixels is not None and pixels.size), pixels
