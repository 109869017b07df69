"""A user's mistake on the command line."""


class CommandError(Exception):
    """What cannot be done: printed as one line, exit status 2.

    The message names the file, topic or option, and the fix.
    """
