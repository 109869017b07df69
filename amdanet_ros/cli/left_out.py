"""What is said about pairs that are left out: each cause once, with a count and a few places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..one_line import without_numbers
from .finding_text import text

if TYPE_CHECKING:
    from ..fuse.source import SourcePair
    from ..images.errors import BadImage
    from ..pipeline.registration_error import RegistrationError

_CAUSES = 10
_PLACES = 5


@dataclass
class _Cause:
    """Pairs that are left out for one reason: the first is said at once, these later."""

    words: str
    further: int = 0
    places: list[str] = field(default_factory=list)


class LeftOut:
    """Counts the pairs that are left out. Causes that differ in numbers alone are one.

    Args:
        streams: for people: where the images of each stream come from.

    Attributes:
        count: pairs so far.
    """

    def __init__(self, streams: Mapping[str, str]) -> None:
        self.count = 0
        self._streams = streams
        self._causes: dict[str, _Cause] = {}
        self._unsaid = 0

    def add(self, pair: SourcePair, error: BadImage | RegistrationError) -> Iterator[str]:
        """Count a pair; yield a sentence where its cause is a new one and not one of many."""
        self.count += 1
        finding = getattr(error, "finding", None)
        words = text(finding, self._streams) if finding else str(error)
        cause = without_numbers(words)
        known = self._causes.get(cause)
        if known is None and len(self._causes) >= _CAUSES:
            self._unsaid += 1
        elif known is None:
            self._causes[cause] = _Cause(words)
            if finding:
                yield f"pairs are left out: {words}"
            else:
                yield f"pair {pair.name} is left out: {pair.place_of(error.stream)}: {words}"
        elif finding is None:
            known.further += 1
            if len(known.places) < _PLACES:
                known.places.append(pair.place_of(error.stream))

    def further(self) -> Iterator[str]:
        """Yield a sentence for each cause that more than one pair has."""
        for cause in self._causes.values():
            if cause.further:
                more = cause.further - len(cause.places)
                named = ", ".join(cause.places) + (f" and {more} more" if more else "")
                yield f"{cause.further} further pairs are left out: {named}: {cause.words}"
        if self._unsaid:
            yield f"{self._unsaid} further pairs are left out for other reasons"
