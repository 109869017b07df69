"""Messages in chunks of a storage file, which are unpacked one after the other."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import NamedTuple, Protocol

from .decompression import MAX_MESSAGE_BYTES
from .errors import DamagedMessage
from .storage import Stored

DAMAGED = "its record is damaged"
TOO_LARGE = "it is too large"
_CACHED_BYTES = 2**28


class ChunkPlace(NamedTuple):
    """A chunk of a file.

    Attributes:
        offset: of the chunk's record in the file.
        size: of the record, with its head; 0 where its head alone says it.
        start_ns, stop_ns: times of its first and last message.
        counts: messages of each channel; empty: not known.
    """

    offset: int
    size: int
    start_ns: int
    stop_ns: int
    counts: dict[int, int]


class Placed(NamedTuple):
    """A message in an unpacked chunk: its time, channel, and where its data begin and end."""

    stamp_ns: int
    channel: int
    first: int
    last: int


class ChunkFormat(Protocol):
    """How the chunks of a file are read."""

    def unpacked(self, chunk: ChunkPlace, whole: bool) -> bytes | DamagedMessage:
        """Return the records of a chunk, or why there are none.

        ``whole``: False: as much as is there.
        """

    def messages_in(self, data: bytes) -> Iterator[Placed]:
        """Yield the messages among the records; raises ValueError where one is damaged."""


class Scanned(NamedTuple):
    """What was found in a chunk: its place with the times, messages by channel, whether whole."""

    place: ChunkPlace
    counts: Counter[int]
    is_whole: bool


def scan(messages: Iterable[Placed], offset: int, size: int) -> Scanned:
    """Look through the messages of a chunk up to the first damaged record."""
    times, counts, is_whole = [], Counter[int](), True
    try:
        for message in messages:
            counts[message.channel] += 1
            times.append(message.stamp_ns)
    except (ValueError, OverflowError):
        is_whole = False
    start, stop = (min(times), max(times)) if times else (0, 0)
    return Scanned(ChunkPlace(offset, size, start, stop, {}), counts, is_whole)


class Chunks:
    """The chunks of a file; those whose times overlap are unpacked again beyond 256 MiB.

    Args:
        file_format: reads them.
        places: where they lie.
        cut: offset of the chunk within which the file ends; None: of none.
    """

    def __init__(
        self, file_format: ChunkFormat, places: Collection[ChunkPlace], cut: int | None
    ) -> None:
        self._format = file_format
        self._cut = cut
        self._cache: OrderedDict[int, bytes | DamagedMessage] = OrderedDict()
        self.places = tuple(places)

    def runs(
        self, wanted: frozenset[int], start_ns: int, stop_ns: int
    ) -> list[tuple[int, Callable[[], Iterator[Stored]]]]:
        """Return the chunks that may hold a message of channels and of a span, for ``merged``."""
        chunks = [
            each
            for each in self.places
            if each.start_ns < stop_ns
            and each.stop_ns >= start_ns
            and (not each.counts or wanted & each.counts.keys())
        ]
        chunks.sort(key=lambda each: (each.start_ns, each.offset))
        return [(each.start_ns, partial(self._of_chunk, each, wanted)) for each in chunks]

    def _of_chunk(self, chunk: ChunkPlace, wanted: frozenset[int]) -> Iterator[Stored]:
        data = self._cached(chunk)
        if isinstance(data, DamagedMessage):
            lost = [(n, count) for n, count in chunk.counts.items() if n in wanted and count]
            for channel, count in lost or [(None, 1)]:
                yield Stored(chunk.start_ns, channel, None, str(data), count)
            return
        found: list[Placed] = []
        fault = ""
        try:
            for each in self._format.messages_in(data):
                if each.channel in wanted:
                    found.append(each)
        except ValueError:
            # Where the file ends, what is missing has been said.
            fault = "" if chunk.offset == self._cut else DAMAGED
        del data
        found.sort(key=lambda each: (each.stamp_ns, each.first))
        for time, channel, first, last in found:
            if last - first > MAX_MESSAGE_BYTES:
                yield Stored(time, channel, None, TOO_LARGE)
                continue
            # Chunks that overlap take turns: none is held while another one is read.
            again = self._cached(chunk)
            if isinstance(again, bytes):
                yield Stored(time, channel, again[first:last])
        left = Counter({number: n for number, n in chunk.counts.items() if number in wanted})
        left.subtract(each.channel for each in found)
        lost = [(number, count) for number, count in left.items() if count > 0]
        for channel, count in lost or ([(None, 1)] if fault else []):
            yield Stored(chunk.stop_ns, channel, None, fault or DAMAGED, count)

    def _cached(self, chunk: ChunkPlace) -> bytes | DamagedMessage:
        data = self._cache.pop(chunk.offset, None)
        if data is None:
            # Of a file without an index, what is there of a chunk has been counted.
            data = self._format.unpacked(chunk, whole=bool(chunk.counts))
        self._cache[chunk.offset] = data
        while len(self._cache) > 1 and sum(map(_length, self._cache.values())) > _CACHED_BYTES:
            self._cache.popitem(last=False)
        return data

    def forget(self) -> None:
        """Keep no chunk unpacked."""
        self._cache.clear()


def _length(data: bytes | DamagedMessage) -> int:
    return len(data) if isinstance(data, bytes) else 0
