"""A video of the fused pairs."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from ..pipeline.fusion import Fusion
from .source import SourcePair


class VideoOutput:
    """A video, fused image and overlay side by side.

    Args:
        path: of the file, ``.mp4`` or ``.avi``.
        rate: frames a second.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self._path, self._rate = path, rate
        self._partial = path.with_name(f".{path.stem}.part{path.suffix or '.mp4'}")
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def put(self, pair: SourcePair, fusion: Fusion) -> None:
        """Append a frame; the first one sets the video's size."""
        frame = np.hstack([fusion.fused, fusion.overlay])[..., ::-1]
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
