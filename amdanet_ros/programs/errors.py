"""What a user can put right."""


class ProgramError(Exception):
    """What cannot be done: printed as one line, exit status 2.

    The message names the file, topic or option, and the fix.
    """
