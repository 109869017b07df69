"""What the published pairs of one camera pair tell: at once, and by a check in the background."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from ..findings import Finding
from ..pipeline.fusion import Fusion
from ..pipeline.image_pair import ImagePair
from ..pipeline.registration_check import SAMPLES, RegistrationCheck
from .latest_job_worker import LatestJobWorker

_LOWEST_PRIORITY = 19
_REST = 4.0
"""The checking thread rests so many times as long as each of its steps takes."""
_LONGEST_REST_S = 0.1


class PairFindings:
    """Keeps the last pair's findings, and lets the registration be checked now and then.

    The check runs in a thread of its own with the lowest priority, in steps of milliseconds with
    rests between them: pairs do not wait for it.

    Args:
        period: seconds in which the pairs for one check are taken; 0: no checks. Settable.
        warn: logs what a check raised that no pair should be able to cause.
    """

    def __init__(self, period: float, warn: Callable[[str], Any]) -> None:
        self.period = period
        self._warn = warn
        self._latest: tuple[Finding, ...] = ()
        self._check = RegistrationCheck()
        self._worker: LatestJobWorker[tuple[ImagePair, Fusion]] | None = None
        self._is_closing = threading.Event()
        self._due = time.monotonic() + period / SAMPLES

    def add(self, pair: ImagePair, fusion: Fusion) -> None:
        """Take a pair that was published."""
        self._latest = fusion.findings
        now = time.monotonic()
        if self.period == 0.0 or now < self._due or self._is_closing.is_set():
            return
        self._due = now + self.period / SAMPLES
        if self._worker is None:
            self._worker = LatestJobWorker(
                self._run, lambda _, error: self._failed(error), name="registration check"
            )
        self._worker.submit((pair, fusion))

    def findings(self) -> tuple[Finding, ...]:
        """Return what is not as it should be."""
        return (*self._latest, *(self._check.findings() if self.period else ()))

    def values(self) -> dict[str, object]:
        """Return what the diagnostics report about the checks."""
        latest = self._check.latest
        return {
            "Registration checks": self._check.measured,
            "Registration checks that the scene did not allow": self._check.untold,
            "Registration off by (pixels of 640)": "unknown" if latest is None else f"{latest:.1f}",
        }

    def close(self) -> None:
        """End the thread."""
        self._is_closing.set()
        if self._worker is not None:
            self._worker.stop()

    def _run(self, job: tuple[ImagePair, Fusion]) -> None:
        with contextlib.suppress(OSError, AttributeError):  # not on every system
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
        began = time.monotonic()
        for _ in self._check.add(*job):
            rest = min(_LONGEST_REST_S, _REST * (time.monotonic() - began))
            if self._is_closing.wait(rest):
                return
            began = time.monotonic()

    def _failed(self, error: Exception) -> None:
        self._warn(f"the registration was not checked: {type(error).__name__}: {error}")
