"""Where pairs come from: a bag or folders of images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from ..findings import Finding
from ..pipeline.image_pair import ImagePair


@dataclass(frozen=True)
class SourcePair:
    """A pair that is still to be read.

    Attributes:
        name: unique in the source, the same each time; fit for a file's name.
        recorded_ns: when it was recorded, nanoseconds.
        places: for people: where the images of each stream ("rgb", "thermal") lie.
        read: gives the pair; raises BadImage, with its stream, for an image that cannot be used.
    """

    name: str
    recorded_ns: int
    places: Mapping[str, str]
    read: Callable[[], ImagePair]

    def place_of(self, stream: str | None) -> str:
        """Return where the image of a stream lies; None: both."""
        return self.places.get(stream) or " and ".join(self.places.values())


class StreamSpan(NamedTuple):
    """When the images of a stream were taken and recorded.

    Attributes:
        count: images.
        stamps: the first and the last stamp, nanoseconds.
        recorded: when the first and the last one were recorded.
    """

    count: int = 0
    stamps: tuple[int, int] = (0, 0)
    recorded: tuple[int, int] = (0, 0)

    def joined(self, stamp_ns: int, recorded_ns: int) -> StreamSpan:
        """Return the span with one more image."""
        if not self.count:
            return StreamSpan(1, (stamp_ns, stamp_ns), (recorded_ns, recorded_ns))
        stamps = (min(self.stamps[0], stamp_ns), max(self.stamps[1], stamp_ns))
        recorded = (min(self.recorded[0], recorded_ns), max(self.recorded[1], recorded_ns))
        return StreamSpan(self.count + 1, stamps, recorded)


class Source(Protocol):
    """Yields its pairs in order, each time from the start.

    Attributes:
        description: for people.
        most: how many pairs there can be.
        rate: pairs a second, as far as that is known before they are read; else 0.
        streams: for people: where the images of each stream ("rgb", "thermal") come from.
        findings: about the pairing, once all pairs have been yielded.
        remarks: sentences about what is missing of the input, at that time too.
        files: that are read.
        remarks: sentences about what is left out of it; of a bag, once it has been read.
        spans: of each stream of a bag that has been read; else empty.
        unpaired: of each of these streams: images without a partner, by why.
    """

    description: str
    most: int
    rate: float
    streams: Mapping[str, str]
    findings: Sequence[Finding]
    remarks: Sequence[str]
    files: Sequence[Path]
    remarks: Sequence[str]
    spans: Mapping[str, StreamSpan]
    unpaired: Mapping[str, Mapping[str, int]]

    def __iter__(self) -> Iterator[SourcePair]:
        """Yield the pairs."""
