"""What storage files with chunks have in common: MCAP and ROS 1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from .chunks import ChunkPlace, Chunks, Placed, scan
from .errors import DamagedMessage
from .loose_messages import LooseMessages
from .merging import merged
from .storage import Channel, Stored


class Contents(Protocol):
    """What the records of a file, or those of its index, say.

    Attributes:
        channels: topics by their number.
        chunks: places of chunks.
    """

    channels: dict[int, Channel]
    chunks: list[ChunkPlace]


_Contents = TypeVar("_Contents", bound=Contents)


class ChunkedStorage(ABC, Generic[_Contents]):
    """A file with messages in chunks and outside of them; see `Storage`.

    Raises:
        BagError: it is no bag.
        OSError: it cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self._path = file
        self.notes: list[str] = []
        self._file = file.open("rb")
        self._size = self._file.seek(0, 2)
        self._cut_chunk: int | None = None
        self._loose = LooseMessages()
        try:
            known, counts = self._known()
        except BaseException:
            self._file.close()
            raise
        self.channels = known.channels
        self._chunks = Chunks(self, known.chunks, self._cut_chunk)
        self.counts = {number: count for number, count in counts.items() if count}
        starts = [each.start_ns for each in known.chunks] + self._loose.times.tolist()
        stops = [each.stop_ns for each in known.chunks] + self._loose.times.tolist()
        self.start_ns, self.stop_ns = (min(starts), max(stops)) if starts else (0, 0)

    @abstractmethod
    def _known(self) -> tuple[_Contents, Counter[int]]:
        """Return what the file holds, and the messages of each channel."""

    @abstractmethod
    def unpacked(self, chunk: ChunkPlace, whole: bool) -> bytes | DamagedMessage:
        """Return the records of a chunk; see `ChunkFormat`."""

    @abstractmethod
    def _messages_in(self, data: bytes, known: _Contents | None) -> Iterator[Placed]:
        """Yield the messages of a chunk; ``known`` takes its other records."""

    def messages_in(self, data: bytes) -> Iterator[Placed]:
        """Yield the messages of a chunk; see `ChunkFormat`."""
        yield from self._messages_in(data, None)

    def _read(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)

    def _scan_chunk(self, known: _Contents, counts: Counter[int], at: int, end: int) -> None:
        """Look through a chunk of a file without an index, as far as it is there."""
        is_cut, end = end > self._size, min(end, self._size)
        data = self.unpacked(ChunkPlace(at, end - at, 0, 0, {}), whole=False)
        if isinstance(data, DamagedMessage):
            if not is_cut:
                self._note_damage(at)
            return
        found = scan(self._messages_in(data, known), at, end - at)
        if not found.is_whole and is_cut:
            self._cut_chunk = at
        elif not found.is_whole:
            self._note_damage(at)
        if found.counts:
            counts.update(found.counts)
            known.chunks.append(found.place)

    def _with_topic(self, known: _Contents, counts: Counter[int]) -> Counter[int]:
        """Return the counts of known channels; the others are noted."""
        held = Counter({each: counts[each] for each in counts.keys() & known.channels.keys()})
        lost = counts.total() - held.total()
        if lost:
            self.notes.append(f"{lost} messages of {self._path.name} have no topic")
        return held

    def _note_damage(self, at: int) -> None:
        note = f"{self._path.name} is damaged (at byte {at} first): messages may be missing"
        if not any("is damaged" in each for each in self.notes):
            self.notes.append(note)

    def messages(self, channels: Collection[int], start_ns: int, stop_ns: int) -> Iterator[Stored]:
        """Yield messages; see `Storage`."""
        wanted = frozenset(channels)
        runs = self._chunks.runs(wanted, start_ns, stop_ns)
        for message in merged(runs + self._loose.runs(self._file, wanted)):
            if message.data is None or start_ns <= message.stamp_ns < stop_ns:
                yield message

    def close(self) -> None:
        """Close the file."""
        self._chunks.forget()
        self._file.close()
