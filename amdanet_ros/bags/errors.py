"""What goes wrong with a bag."""

_LONGEST = 600


def one_line(text: object) -> str:
    """Return a text for a terminal or a log: one line of printable characters, not too long.

    Names out of a file may hold anything; a line feed among them would forge a line.
    """
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text)[: 2 * _LONGEST])
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


class BagError(Exception):
    """A bag cannot be read or written.

    The message is one line that names it, the cause and the fix.
    """

    def __init__(self, message: object) -> None:
        super().__init__(one_line(message))


class DamagedMessage(BagError):  # noqa: N818 - it says what the message is
    """One message of a bag cannot be read; the others can."""
