"""One thread that does the newest job of each slot, slot after slot."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Job = TypeVar("Job")


class LatestJobWorker(Generic[Job]):
    """Runs a slow function on jobs, in a thread of its own.

    ``submit`` never waits. A slot holds one job: one that has not been started is replaced by the
    next one. Where several slots hold a job, the slot that was served longest ago is next.

    Args:
        process: the slow function.
        on_error: called in the worker's thread with a job and what ``process`` raised; the next
            job is taken then.
        name: of the thread.
    """

    def __init__(
        self,
        process: Callable[[Job], None],
        on_error: Callable[[Job, Exception], None],
        name: str = "inference",
    ) -> None:
        self._process = process
        self._on_error = on_error
        self._change = threading.Condition()
        self._slots: dict[str, Job] = {}
        self._served: dict[str, int] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job, slot: str = "") -> Job | None:
        """Put a job into a slot; return the one that it replaces, or None."""
        with self._change:
            if self._stopping:
                return None
            replaced = self._slots.pop(slot, None)
            self._slots[slot] = job
            self._change.notify()
        return replaced

    def clear(self) -> dict[str, Job]:
        """Take the jobs that have not been started out of their slots; return them by slot."""
        with self._change:
            cleared, self._slots = self._slots, {}
        return cleared

    def stop(self) -> dict[str, Job]:
        """Let the job at work end and join the thread; return the jobs that were not started."""
        with self._change:
            self._stopping = True
            self._change.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()
        return self.clear()

    def _run(self) -> None:
        number = 0
        while True:
            with self._change:
                while not self._slots and not self._stopping:
                    self._change.wait()
                if self._stopping:
                    return
                slot = min(self._slots, key=lambda slot: self._served.get(slot, 0))
                job = self._slots.pop(slot)
                number += 1
                self._served[slot] = number
            try:
                self._process(job)
            except Exception as error:  # the next job may work
                self._on_error(job, error)
            # Images of several megabytes must not live on until the next job comes.
            del job
