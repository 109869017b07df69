"""The exit statuses of all programs of this package."""

from __future__ import annotations

import signal

DONE = 0
INCOMPLETE = 1
MISTAKE = 2
FAULT = 70
"""EX_SOFTWARE of sysexits.h."""
OUTPUT_CLOSED = 128 + signal.SIGPIPE


def of_signal(number: int) -> int:
    """Return the status of a command that a signal ended, as a shell reports it."""
    return 128 + number


MEANINGS = {
    str(
        DONE
    ): "done; `play`, `record`, `view` and the node also when SIGINT, SIGTERM or SIGHUP ended them",
    str(INCOMPLETE): "done, but a part that was asked for is missing; one line says which",
    str(MISTAKE): "a mistake in the call, the input or the machine (a full disk, no permission, no "
    "memory, a package that is not installed); one line names it and the fix. Where only "
    "standard output or standard error cannot be written, the work is done and files are whole",
    str(FAULT): "a fault of amdanet_ros itself; one line names a file with the traceback, or with "
    "`AMDANET_TRACEBACK=1` in the environment the traceback follows it",
    str(of_signal(signal.SIGHUP)): "ended by SIGHUP: the terminal was closed",
    str(of_signal(signal.SIGINT)): "ended by SIGINT (Ctrl-C)",
    str(OUTPUT_CLOSED): "done, but what read the output has gone, as `head` does; nothing is said",
    str(of_signal(signal.SIGTERM)): "ended by SIGTERM",
}
"""Each status and what it means."""
