"""Messages of a storage file that lie outside of its chunks."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

import numpy as np

from .chunks import TOO_LARGE
from .decompression import MAX_MESSAGE_BYTES
from .storage import Stored


class LooseMessages:
    """Their places, in the order of the file.

    Attributes:
        times: of each, nanoseconds.
    """

    def __init__(self) -> None:
        self.times = array("q")
        self._channels, self._offsets, self._sizes = array("q"), array("q"), array("q")

    def add(self, time: int, channel: int, offset: int, size: int) -> None:
        """Add one by its time, channel, and where its data lie in the file."""
        values = (time, channel, offset, size)
        columns = (self.times, self._channels, self._offsets, self._sizes)
        for column, value in zip(columns, values, strict=True):
            column.append(value)

    def runs(
        self, file: BinaryIO, wanted: frozenset[int]
    ) -> list[tuple[int, Callable[[], Iterator[Stored]]]]:
        """Return the messages of channels as a run, for ``merged``; none where there are none."""
        if not self.times:
            return []
        return [(int(min(self.times)), partial(self._messages, file, wanted))]

    def _messages(self, file: BinaryIO, wanted: frozenset[int]) -> Iterator[Stored]:
        for at in np.argsort(np.frombuffer(self.times, np.int64), kind="stable").tolist():
            channel, size = self._channels[at], self._sizes[at]
            if channel not in wanted:
                continue
            if size > MAX_MESSAGE_BYTES:
                yield Stored(self.times[at], channel, None, TOO_LARGE)
                continue
            file.seek(self._offsets[at])
            yield Stored(self.times[at], channel, file.read(size))
