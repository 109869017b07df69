"""What a process holds now, from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessSample:
    """What a process holds at one moment.

    Attributes:
        memory_mib: resident memory (RSS).
        threads: how many.
        descriptors: open files, sockets and others.
    """

    memory_mib: float
    threads: int
    descriptors: int


def sample(pid: int) -> ProcessSample:
    """Return what a process holds.

    Raises:
        OSError: it has ended.
    """
    folder = Path("/proc") / str(pid)
    status = dict(
        line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
    )
    return ProcessSample(
        memory_mib=int(status["VmRSS"].split()[0]) / 1024,
        threads=int(status["Threads"]),
        descriptors=len(os.listdir(folder / "fd")),
    )
