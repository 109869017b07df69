"""The newest frame, for all browsers that watch: a slow one misses frames and delays nobody."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class FrameHub:
    """Holds the newest frame; safe for several threads.

    Args:
        most_watchers: browsers that may watch at the same time.
    """

    def __init__(self, most_watchers: int) -> None:
        self._most_watchers = most_watchers
        self._watchers = 0
        self._number = 0
        self._frame = b""
        self._is_closed = False
        self._change = threading.Condition()

    @property
    def watchers(self) -> int:
        """Browsers that watch."""
        with self._change:
            return self._watchers

    def put(self, frame: bytes) -> None:
        """Replace the newest frame."""
        with self._change:
            self._number += 1
            self._frame = frame
            self._change.notify_all()

    def next(self, last: int, timeout: float) -> tuple[int, bytes] | None:
        """Return the newest frame and its number.

        Args:
            last: number of the frame that the caller has; 0: none.
            timeout: seconds to wait for a newer one.

        Returns:
            None: there was none.
        """
        with self._change:
            if not self._change.wait_for(lambda: self._number > last or self._is_closed, timeout):
                return None
            return (self._number, self._frame) if self._number > last else None

    @contextlib.contextmanager
    def watching(self) -> Iterator[bool]:
        """Count a watcher during the block; gives False where there are too many already."""
        with self._change:
            is_admitted = self._watchers < self._most_watchers
            self._watchers += is_admitted
            self._change.notify_all()
        try:
            yield is_admitted
        finally:
            with self._change:
                self._watchers -= is_admitted

    def wait_for_watcher(self, timeout: float) -> bool:
        """Return whether somebody watches, after at most so many seconds."""
        with self._change:
            return self._change.wait_for(lambda: self._watchers > 0, timeout)

    @property
    def is_closed(self) -> bool:
        """Whether no more frames come."""
        with self._change:
            return self._is_closed

    def close(self) -> None:
        """Let all that wait go on: no more frames come."""
        with self._change:
            self._is_closed = True
            self._change.notify_all()
