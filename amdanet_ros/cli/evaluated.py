"""What an evaluation leaves: for people, for programs, and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Evaluated:
    """Result of ``amdanet evaluate``.

    Attributes:
        text: for people.
        files: text by the name of the file, for ``--out``.
        page: HTML, where ``--report`` asks for it.
    """

    text: str
    files: Mapping[str, str]
    page: str = ""
