"""A video of the fused pairs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..pipeline.fusion import Fusion
from .source import SourcePair

_MARK = b"written by amdanet fuse"
_RECORD = b"amdanet fuse record: "
_MOST_RECORD = 1 << 20


class VideoOutput:
    """A video, fused image and overlay side by side.

    Args:
        path: of the new file, ``.mp4`` or ``.avi``.
        rate: frames a second.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self._path, self._rate = path, rate
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._frames = 0

    def put(self, pair: SourcePair, fusion: Fusion) -> None:
        """Append a frame; the first one sets the video's size.

        Raises:
            OSError: OpenCV cannot write such a file.
        """
        frame = np.hstack([fusion.fused, fusion.overlay])[..., ::-1]
        if self._writer is None:
            self._size = (frame.shape[1], frame.shape[0])
            self._path.parent.mkdir(parents=True, exist_ok=True)
            code = "MJPG" if self._path.suffix.lower() == ".avi" else "mp4v"
            fourcc = cv2.VideoWriter_fourcc(*code)
            self._writer = cv2.VideoWriter(str(self._path), fourcc, self._rate, self._size)
            if not self._writer.isOpened():
                raise OSError(
                    f"OpenCV cannot write a video of {self._size[0]} x {self._size[1]} pixels as "
                    f"{self._path.suffix}: use --format images"
                )
        if (frame.shape[1], frame.shape[0]) != self._size:
            frame = cv2.resize(frame, self._size, interpolation=cv2.INTER_AREA)
        self._writer.write(np.ascontiguousarray(frame))
        self._frames += 1

    def close(self) -> None:
        """Finish the file and read it back: OpenCV does not tell that a disk was full.

        Raises:
            OSError: the file does not hold what was put.
        """
        if self._writer is None:
            return
        self._writer.release()
        with self._path.open("ab") as file:
            file.write(_chunk(self._path))
        frames = _frames(self._path)
        if frames != self._frames:
            raise OSError(
                f"the video holds {frames} of {self._frames} frames when it is read back: is the "
                "disk full?"
            )


def is_own_video(path: Path) -> bool:
    """Whether ``VideoOutput`` wrote a file: it ends with its mark."""
    chunk = _chunk(path)
    try:
        with path.open("rb") as file:
            file.seek(-len(chunk), 2)
            return file.read() == chunk
    except OSError:
        return False


def write_video_record(path: Path, record: Mapping[str, Any]) -> None:
    """Append to a video what it was made of, and what is known of it."""
    text = _RECORD + json.dumps(record).encode()
    with path.open("ab") as file:
        file.write(_chunk(path, text) + _chunk(path))


def read_video_record(path: Path) -> dict[str, Any] | None:
    """Return what ``write_video_record`` appended; None: it is not there."""
    if not is_own_video(path):
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _MOST_RECORD))
        _, found, text = file.read().rpartition(_RECORD)
    try:
        record, _ = json.JSONDecoder().raw_decode(text.decode(errors="replace"))
    except ValueError:
        return None
    return record if found and isinstance(record, dict) else None


def _chunk(path: Path, text: bytes = _MARK) -> bytes:
    """Return a text as a part of the file that players skip: `free` of MP4, `JUNK` of RIFF."""
    if path.suffix.lower() == ".avi":
        # RIFF chunks have an even length.
        text += b"\0" * (len(text) % 2)
        return b"JUNK" + len(text).to_bytes(4, "little") + text
    return (len(text) + 8).to_bytes(4, "big") + b"free" + text


def _frames(path: Path) -> int:
    """Return how many frames of a video decode."""
    video = cv2.VideoCapture(str(path))
    count = 0
    while video.read()[0]:
        count += 1
    video.release()
    return count
