"""One thread that does the newest job of each slot, slot after slot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")

_DELIVERY_S = 0.5


@dataclass
class _Work(Generic[Job]):
    """The job at work."""

    job: Job
    began: float = field(default_factory=time.monotonic)
    is_delivered: bool = False
    is_abandoned: bool = False


class LatestJobWorker(Generic[Job]):
    """Runs a slow function on jobs, in a thread of its own.

    ``submit`` never waits. A slot holds one job: one that has not been started is replaced by the
    next one. Where several slots hold a job, the slot that was served longest ago is next.

    ``pause`` and ``stop`` wait for the job at work, but not for ever. One that takes longer is
    abandoned: it goes on in its thread, which nothing can end, but its result is not delivered.
    No other job is started before it has ended.

    Args:
        process: the slow function; returns a result.
        on_error: called in the worker's thread with a job and what ``process`` or ``deliver``
            raised; the next job is taken then.
        deliver: called in the worker's thread with a job and its result, unless it is abandoned.
        name: of the thread.
    """

    def __init__(
        self,
        process: Callable[[Job], Any],
        on_error: Callable[[Job, Exception], None],
        deliver: Callable[[Job, Any], None] | None = None,
        name: str = "inference",
    ) -> None:
        self._functions = process, deliver, on_error
        self._change = threading.Condition()
        self._slots: dict[str, Job] = {}
        self._served: dict[str, int] = {}
        self._work: _Work[Job] | None = None
        self._is_open = True
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """Whether it takes jobs."""
        return self._is_open

    @property
    def is_alive(self) -> bool:
        """Whether its thread has not ended."""
        return self._thread.is_alive()

    def seconds_at_work(self) -> float:
        """Return for how long the job at work has run; 0.0 where there is none."""
        with self._change:
            return 0.0 if self._work is None else time.monotonic() - self._work.began

    def submit(self, job: Job, slot: str = "") -> Job | None:
        """Put a job into a slot; return the one that it replaces, or None."""
        with self._change:
            if not self._is_open:
                return None
            replaced = self._slots.pop(slot, None)
            self._slots[slot] = job
            self._change.notify_all()
        return replaced

    def clear(self) -> list[Job]:
        """Take the jobs that have not been started out of their slots and return them."""
        with self._change:
            cleared, self._slots = list(self._slots.values()), {}
        return cleared

    def pause(self, timeout: float) -> list[Job]:
        """Take no more jobs, and let the one at work end.

        Args:
            timeout: seconds to wait for it.

        Returns:
            The jobs that will not be delivered: those not started, and the one at work where it
            did not end in time.
        """
        with self._change:
            self._is_open = False
            dropped, self._slots = list(self._slots.values()), {}
            work = self._work
            is_own = self._thread is threading.current_thread()
            if work is None or work.is_abandoned or is_own:
                return dropped
            self._change.wait_for(lambda: self._work is not work, timeout)
            if self._work is work and work.is_delivered:
                self._change.wait_for(lambda: self._work is not work, _DELIVERY_S)
            elif self._work is work:
                work.is_abandoned = True
                dropped.append(work.job)
        return dropped

    def resume(self) -> None:
        """Take jobs again."""
        with self._change:
            self._is_open = not self._is_ending

    def stop(self, timeout: float = 0.5) -> list[Job]:
        """Pause, and end the thread, now or when the job at work ends; return as ``pause`` does."""
        dropped = self.pause(timeout)
        with self._change:
            self._is_ending = True
            self._change.notify_all()
            is_busy = self._work is not None
        if not is_busy and self._thread is not threading.current_thread():
            self._thread.join()
        return dropped

    def _run(self) -> None:
        number = 0
        while True:
            with self._change:
                while not self._slots and not self._is_ending:
                    self._change.wait()
                if self._is_ending:
                    return
                slot = min(self._slots, key=lambda slot: self._served.get(slot, 0))
                work = self._work = _Work(self._slots.pop(slot))
                number += 1
                self._served[slot] = number
            self._do(work)
            with self._change:
                self._work = None
                # Images of several megabytes must not live on until the next job comes.
                del work
                self._change.notify_all()

    def _do(self, work: _Work[Job]) -> None:
        process, deliver, on_error = self._functions
        try:
            result = process(work.job)
            if self._may_deliver(work) and deliver is not None:
                deliver(work.job, result)
        except Exception as error:  # the next job may work
            if self._may_deliver(work):
                on_error(work.job, error)

    def _may_deliver(self, work: _Work[Job]) -> bool:
        """Decide once and for all whether a job's result is wanted."""
        with self._change:
            work.is_delivered = not work.is_abandoned
            return work.is_delivered
