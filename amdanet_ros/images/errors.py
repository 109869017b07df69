"""What goes wrong with an image."""

from __future__ import annotations


class BadImage(ValueError):  # noqa: N818 - the name is part of the package's seams
    """An image message that cannot be used.

    Attributes:
        cause: what is wrong with it.
        mend: what to change, at the driver or at the node.
    """

    def __init__(self, cause: str, mend: str) -> None:
        super().__init__(f"{cause}: {mend}")
        self.cause = cause
        self.mend = mend
