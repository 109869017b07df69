"""A user's mistake on the command line."""

from ..programs.errors import ProgramError


class CommandError(ProgramError):
    """What cannot be done: printed as one line, exit status 2.

    The message names the file, topic or option, and the fix.
    """
