"""Pairs of videos, as the node makes them of images with the same stamps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..videos.reader import VideoReader
from ..videos.video_file import VideoFile
from .bag_source import BagSource


@dataclass
class VideoSource(BagSource):
    """The pairs of two videos, or of one whose frames hold both images.

    Attributes:
        thermal: the second video; None: there is but one.
        stacking: how one holds both, see ``videos.stacking``.
    """

    thermal: Path | None = None
    stacking: str | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The videos."""
        return (self.path,) if self.thermal is None else (self.path, self.thermal)

    @property
    def description(self) -> str:
        """The videos."""
        return " and ".join(map(str, self.files))

    @property
    def rate(self) -> float:
        """That of the slower video: each of its frames is in one pair at most."""
        return min(VideoFile(file).rate for file in self.files)

    def open(self) -> VideoReader:
        """Return a reader of the videos; raises VideoError."""
        return VideoReader(self.path, self.thermal, self.stacking)
