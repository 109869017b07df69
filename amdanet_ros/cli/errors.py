"""A user's mistake on the command line."""


class CommandError(Exception):
    """What cannot be done, with the name of the file, topic or option and the mend: printed as one line, exit status 2."""
