"""Freed image-sized memory stays with the process: fetching it anew costs more than using it."""

from __future__ import annotations

import contextlib
import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_LARGEST_KEPT_BLOCK = 32 * 1024 * 1024  # glibc's own limit
_MOST_KEPT_BYTES = 128 * 1024 * 1024


def keep_freed_memory() -> bool:
    """Let malloc reuse blocks of up to 32 MiB, and keep up to 128 MiB of free memory at its top.

    By default glibc takes each image-sized block from the kernel and gives it back at once; every
    page of it is then faulted in and zeroed for each image. On the machine of
    docs/performance.md that took a third of the time between a pair and its five outputs, and a
    twentieth of the network's. For a process's start: it holds for all of it.

    Returns:
        Whether it was set: False where the C library is not glibc, where nothing changes.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        kept = libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT_BLOCK)
        return bool(kept and libc.mallopt(_M_TRIM_THRESHOLD, _MOST_KEPT_BYTES))
    return False
