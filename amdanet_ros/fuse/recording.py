"""What pairs are made of: a bag, or what is read like one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ..bags.read_report import ReadReport
from ..bags.reader import BagTopic


class Recorded(Protocol):
    """A message of a recording, see ``BagMessage``."""

    topic: str
    stamp_ns: int

    @property
    def header_stamp_ns(self) -> int:
        """Stamp in its header, nanoseconds."""

    def deserialize(self) -> Any:
        """Return the message."""


class Recording(AbstractContextManager, Protocol):
    """What a bag gives, see ``BagReader``, and what is read like one."""

    topics: Mapping[str, BagTopic]
    start_ns: int
    duration_ns: int
    report: ReadReport

    def messages(self, topics: Collection[str]) -> Iterator[Recorded]:
        """Yield the messages of topics in the order in which they were recorded."""
