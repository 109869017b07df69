"""What goes wrong with an image."""

from __future__ import annotations

from typing import Any

from ..one_line import one_line

_LONGEST = 400
_LONGEST_VALUE = 60


class BadImage(ValueError):  # noqa: N818 - the name is part of the interface
    """An image that cannot be used.

    Both texts are one line of at most 400 characters, whatever the image holds: what cannot be
    printed is written as Python writes it in a string.

    Attributes:
        cause: what is wrong with it.
        remedy: what to change.
        stream: "rgb" or "thermal" where that is known, else None.
    """

    def __init__(self, cause: str, remedy: str, stream: str | None = None) -> None:
        self.cause = one_line(cause, _LONGEST)
        self.remedy = one_line(remedy, _LONGEST)
        self.stream = stream
        super().__init__(f"{self.cause}: {self.remedy}")


def shown(value: Any) -> str:
    """Return a value of a message or file for a sentence: quoted, on one line, cut when long."""
    return one_line(repr(str(value)), _LONGEST_VALUE)


def cut_off() -> BadImage:
    """Return the refusal of an image file that ends too early."""
    return BadImage(
        "the image file is cut off",
        "check the camera's cable and the driver's buffer, or copy the file again",
    )


def damaged(what: str) -> BadImage:
    """Return the refusal of an image file whose header cannot be trusted."""
    return BadImage(
        f"the image file is damaged ({what})", "check the driver, or copy the file again"
    )
