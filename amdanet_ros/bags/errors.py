"""What goes wrong with a bag."""

from ..one_line import one_line

_LONGEST = 600


class BagError(Exception):
    """A bag cannot be read or written.

    The message is one line that names it, the cause and the fix.
    """

    def __init__(self, message: object) -> None:
        super().__init__(one_line(message, _LONGEST))


class DamagedMessage(BagError):  # noqa: N818 - it says what the message is
    """One message of a bag cannot be read; the others can."""


class BagWriteError(BagError, OSError):
    """The disk takes no more of a bag.

    Attributes:
        errno: of the cause, as for each OSError; None where SQLite does not say it.
    """

    def __init__(self, message: object, errno: int | None = None) -> None:
        super().__init__(message)
        self.errno = errno

    def __str__(self) -> str:
        return str(self.args[0])
