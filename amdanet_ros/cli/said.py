"""Sentences for the user beside what a command prints."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..one_line import one_line

_LONGEST = 1000
_kept: ContextVar[list[str] | None] = ContextVar("kept", default=None)


def say(sentences: Iterable[str]) -> None:
    """Print each sentence as one line on standard error, or keep it, see ``keep_said``."""
    kept = _kept.get()
    for sentence in sentences:
        line = one_line(sentence, _LONGEST)
        if kept is None:
            print(f"amdanet: {line}", file=sys.stderr)
        else:
            kept.append(line)


@contextmanager
def keep_said() -> Iterator[list[str]]:
    """Keep what is said in the block in a list, in place of printing it."""
    kept: list[str] = []
    token = _kept.set(kept)
    try:
        yield kept
    finally:
        _kept.reset(token)


def bars_hidden() -> bool | None:
    """Return tqdm's ``disable``: True where what is said is kept; None: on terminals alone."""
    return None if _kept.get() is None else True
