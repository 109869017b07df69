"""What a program needs around it: three standard streams, and a current folder."""

from __future__ import annotations

import os
import sys

from .errors import ProgramError

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_closed_streams() -> None:
    """Let standard streams that were closed lead nowhere.

    Else the next file that is opened gets the number of the stream, and takes what libraries in C
    print; and what writes to Python's stream fails.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  as long as the process


def check_current_folder() -> None:
    """Refuse to start in a folder that is gone: libraries fail there in words of their own.

    Raises:
        ProgramError: it is.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise ProgramError(
            "the current folder is gone or may not be entered: go to another one (cd), and start "
            "again"
        ) from error
