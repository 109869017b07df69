"""Takes numbers, choices and byte strings from the bytes of an input."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Spending:
    """Bytes that are spent from the front; zeros where they are used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """Return ``count`` bytes."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken + bytes(count - len(taken))

    def rest(self) -> bytes:
        """Return all that is left."""
        taken, self._at = self._data[self._at :], len(self._data)
        return taken

    def byte(self) -> int:
        """Return 0 to 255."""
        return self.take(1)[0]

    def unsigned(self) -> int:
        """Return a number of 32 bits: small ones more often than large ones."""
        kind = self.byte()
        if kind < 160:
            return self.byte()
        if kind < 230:
            return struct.unpack("<H", self.take(2))[0]
        return struct.unpack("<I", self.take(4))[0]

    def real(self) -> float:
        """Return a number of 64 bits, of any kind: also NaN and infinity."""
        kind = self.byte()
        if kind < 128:
            return float(self.unsigned())
        return struct.unpack("<d", self.take(8))[0]

    def choice(self, values: Sequence[T]) -> T:
        """Return one of the values."""
        return values[self.byte() % len(values)]

    def text(self) -> str:
        """Return a string of up to 255 bytes, in UTF-8 where they are."""
        return self.take(self.byte()).decode(errors="replace")
