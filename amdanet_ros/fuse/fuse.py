"""Fusing a recording without a ROS graph.

Pairs in, predictions kept as they come, the output written from them in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..bags.errors import BagError
from ..bags.pairs import bag_pairs, choose_topics
from ..bags.reader import BagReader
from ..inference import Predictor
from ..pipeline.health import HealthMonitor
from .image_folders import find_pairs
from .journal import FuseJournal
from .outputs import (
    BagOutput,
    FusedPair,
    FuseOutput,
    PictureOutput,
    VideoOutput,
)

_PICTURE_PERIOD_NS = 100_000_000


class SourcePair(NamedTuple):
    """A pair that is still to be read.

    Attributes:
        name: unique in the source.
        header: of the RGB message, or None.
        stamp_ns: when it was recorded, nanoseconds.
        offset_ns: thermal stamp minus RGB stamp.
        read: gives the two pictures.
    """

    name: str
    header: Any
    stamp_ns: int
    offset_ns: int
    read: Callable[[], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class FuseSource:
    """Where pairs come from.

    Attributes:
        pairs: yields them in order, each time from the start.
        most: how many there can be, for a progress bar.
        description: for people.
        in_sequence: the pairs are one recording, not unrelated pictures.
    """

    pairs: Callable[[], Iterator[SourcePair]]
    most: int
    description: str
    in_sequence: bool


def folder_source(rgb: Path, thermal: Path | None) -> FuseSource:
    """Pairs of picture files, see ``picture_folders.find_pairs``."""
    files = find_pairs(rgb, thermal)

    def pairs() -> Iterator[SourcePair]:
        for index, pair in enumerate(files):
            yield SourcePair(pair.name, None, index * _PICTURE_PERIOD_NS, 0, pair.read)

    return FuseSource(pairs, len(files), f"{len(files)} pairs of pictures", False)


def bag_source(
    path: Path, rgb_topic: str | None, thermal_topic: str | None, slop: float, thermal_offset: float
) -> FuseSource:
    """Pairs of a bag, see ``bag_pairs``."""
    with BagReader(path) as bag:
        rgb, thermal = choose_topics(bag, rgb_topic, thermal_topic)
        most = bag.topics[rgb].count

    def pairs() -> Iterator[SourcePair]:
        with BagReader(path) as bag:
            found = bag_pairs(bag, rgb, thermal, slop, thermal_offset)
            for index, pair in enumerate(found):
                header = pair.rgb.deserialize().header
                stamp = pair.rgb.stamp_ns
                yield SourcePair(f"{index:06d}", header, stamp, pair.offset_ns, pair.read)

    return FuseSource(pairs, most, f"{rgb} and {thermal} of {path}", True)


def recording_source(
    path: Path,
    thermal: Path | None,
    rgb_topic: str | None,
    thermal_topic: str | None,
    slop: float,
    thermal_offset: float,
) -> FuseSource:
    """A bag or one or two folders of pictures, whichever ``path`` is.

    Raises:
        BagError, PictureError: it is neither, or holds no pairs.
    """
    if not path.exists():
        raise BagError(f"{path} does not exist: give a bag or a folder of pictures")
    storages = ("metadata.yaml", "*.mcap", "*.db3")
    is_bag = path.is_file() or any(True for pattern in storages for _ in path.glob(pattern))
    if is_bag and thermal is None:
        return bag_source(path, rgb_topic, thermal_topic, slop, thermal_offset)
    return folder_source(path, thermal)


def open_output(kind: str, path: Path, predictor: Predictor, rate: float) -> FuseOutput:
    """The output of a format ("pictures", "video", "bag")."""
    if kind == "pictures":
        return PictureOutput(path, predictor.classes)
    if kind == "video":
        return VideoOutput(path, predictor.classes, rate)
    return BagOutput(path, predictor.classes)


def fuse(
    source: FuseSource,
    output: Callable[[], FuseOutput],
    predictor: Predictor,
    journal: FuseJournal,
    progress: Callable[[Iterator[SourcePair]], Iterator[SourcePair]] = iter,
    on_bad: Callable[[str, Exception], None] | None = None,
) -> int:
    """Predict what the journal does not hold yet, then write the output; returns the number of
    pairs.

    Interrupted at any moment, it goes on from the journal when called again, with the same
    result: running statistics are brought up from the pairs that are done.

    Args:
        output: makes the output, once all is predicted.
        progress: wraps the iteration (tqdm).
        on_bad: gets the name and the error of a pair that cannot be read; None raises it.
    """
    health = HealthMonitor()
    notes = {}
    for pair in progress(source.pairs()):
        try:
            rgb, thermal = pair.read()
        except Exception as error:
            if on_bad is None:
                raise
            on_bad(pair.name, error)
            continue
        notes[pair.name] = (
            health.check_rgb(rgb, pair.stamp_ns if source.in_sequence else None),
            health.check_thermal(thermal, pair.stamp_ns if source.in_sequence else None),
        )
        if pair.name in journal:
            predictor.thermal(thermal)
        else:
            journal.put(pair.name, predictor(rgb, thermal))
    writer = output()
    for pair in source.pairs():
        if pair.name in notes:
            done = journal.get(pair.name)
            writer.put(
                FusedPair(
                    pair.name,
                    pair.header,
                    pair.stamp_ns,
                    pair.offset_ns,
                    done,
                    *notes[pair.name],
                    pair.read,
                )
            )
    writer.close()
    journal.remove()
    return len(notes)
