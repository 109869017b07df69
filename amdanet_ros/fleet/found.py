"""What a search finds, and what it needs to know of what is searched for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Found:
    """An input.

    Attributes:
        path: of it.
        name: of its output.
        thermal: path of the thermal images where they are an input of their own, as a video.
        is_named: whether a list gives the name, which is kept beside others then.
    """

    path: str
    name: str
    thermal: str | None = None
    is_named: bool = False


class Search(Protocol):
    """A kind of inputs.

    Attributes:
        out: the real path of the outputs, where nothing is searched.
        what: for people: several of them.
    """

    out: str
    what: str

    def below(self, folder: Path) -> Iterator[Found]:
        """Yield those in a folder at any depth, or the folder itself where it is one."""

    def is_one(self, file: Path) -> bool:
        """Whether a file is one, by its name."""

    def is_part(self, file: Path) -> bool:
        """Whether a file is only a part of one that is found by itself."""

    def matched(self, found: Sequence[Found]) -> list[Found]:
        """Return what was given, with what belongs together as one input."""
