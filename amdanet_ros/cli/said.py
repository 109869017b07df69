"""Sentences for the user beside what a command prints."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ..one_line import one_line


def say(sentences: Iterable[str]) -> None:
    """Print each sentence as one line on standard error."""
    for sentence in sentences:
        print(f"amdanet: {one_line(sentence, 1000)}", file=sys.stderr)
