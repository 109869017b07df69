"""What goes wrong with an image."""

from __future__ import annotations


class BadImage(ValueError):  # noqa: N818 - the name is part of the interface
    """An image that cannot be used.

    Attributes:
        cause: what is wrong with it.
        remedy: what to change.
        stream: "rgb" or "thermal" where that is known, else None.
    """

    def __init__(self, cause: str, remedy: str, stream: str | None = None) -> None:
        super().__init__(f"{cause}: {remedy}")
        self.cause = cause
        self.remedy = remedy
        self.stream = stream
