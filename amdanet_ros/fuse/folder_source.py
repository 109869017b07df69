"""Pairs of image files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..findings import Finding
from ..images.read_options import DEFAULT, ReadOptions
from ..pipeline.image_pair import ImagePair
from .image_folders import FilePair, find_pairs
from .source import SourcePair, StreamSpan

_PERIOD_NS = 100_000_000
_FRAME = "rgb_camera"


@dataclass(frozen=True)
class FolderSource:
    """The pairs of one or two folders, in the order of their names.

    They have no stamps: the first one gets 0.1 s, each further one 0.1 s more.

    Attributes:
        pairs: see ``find_pairs``.
        remarks: about files that have no partner.
        reading: how images are read.
        findings: none.
        remarks: none.
    """

    pairs: tuple[FilePair, ...]
    remarks: Sequence[str] = ()
    reading: ReadOptions = DEFAULT
    findings: Sequence[Finding] = ()
    remarks: Sequence[str] = ()

    @classmethod
    def of(
        cls, rgb: Path, thermal: Path | None = None, reading: ReadOptions = DEFAULT
    ) -> FolderSource:
        """Return the source of folders, see ``find_pairs``; raises ImageFolderError."""
        return cls(*find_pairs(rgb, thermal), reading)

    @property
    def rate(self) -> float:
        """Unknown: 0."""
        return 0.0

    @property
    def spans(self) -> dict[str, StreamSpan]:
        """None: the files have no stamps."""
        return {}

    @property
    def unpaired(self) -> dict[str, dict[str, int]]:
        """None: files without a partner are in ``remarks``."""
        return {}

    @property
    def streams(self) -> dict[str, str]:
        """The folder of each stream."""
        first = self.pairs[0]
        return {"rgb": str(first.rgb.parent), "thermal": str(first.thermal.parent)}

    @property
    def files(self) -> tuple[Path, ...]:
        """The images of all pairs."""
        return tuple(file for pair in self.pairs for file in (pair.rgb, pair.thermal))

    @property
    def description(self) -> str:
        """How many there are."""
        return f"{len(self.pairs)} pairs of images"

    @property
    def most(self) -> int:
        """Number of pairs."""
        return len(self.pairs)

    def __iter__(self) -> Iterator[SourcePair]:
        """Yield the pairs in order."""
        for number, pair in enumerate(self.pairs, start=1):
            stamp = number * _PERIOD_NS
            places = {"rgb": str(pair.rgb), "thermal": str(pair.thermal)}
            yield SourcePair(pair.name, stamp, places, partial(_read, pair, self.reading, stamp))


def _read(pair: FilePair, reading: ReadOptions, stamp_ns: int) -> ImagePair:
    rgb, thermal = pair.read(reading)
    return ImagePair(rgb, thermal, stamp_ns, thermal_stamp_ns=stamp_ns, rgb_frame=_FRAME)
