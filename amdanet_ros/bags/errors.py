"""What goes wrong with a bag."""


class BagError(Exception):
    """A bag cannot be read or written.

    The message is one line that names it, the cause and the fix.
    """
