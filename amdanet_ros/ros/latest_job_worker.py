"""One slot, one thread: the newest job (a pair) is done next, older ones make way for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Job = TypeVar("Job")


class LatestJobWorker(Generic[Job]):
    """Runs a slow function on the newest job, in a thread of its own.

    ``submit`` never waits: a job that has not been started is replaced. Jobs are computed in the
    order in which they were submitted. An exception of the function is handed to ``on_error`` and
    the next job is taken.

    Args:
        process: the slow function.
        on_error: called in the worker's thread with what ``process`` raised.
        on_replaced: called in the submitting thread with each job that made way.
        name: of the thread.
    """

    def __init__(
        self,
        process: Callable[[Job], None],
        on_error: Callable[[Exception], None],
        on_replaced: Callable[[Job], None] = lambda job: None,
        name: str = "inference",
    ) -> None:
        self._process = process
        self._on_error = on_error
        self._on_replaced = on_replaced
        self._change = threading.Condition()
        self._slot: list[Job] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Put a job into the slot; what waited there is replaced."""
        with self._change:
            if self._stopping:
                return
            replaced, self._slot = self._slot, [job]
            self._change.notify()
        for old in replaced:
            self._on_replaced(old)

    def clear(self) -> list[Job]:
        """Take a job that has not been started out of the slot; return it, or nothing."""
        with self._change:
            cleared, self._slot = self._slot, []
        return cleared

    def stop(self) -> list[Job]:
        """Let the job at work end, join the thread, and return the job that was not started."""
        with self._change:
            self._stopping = True
            self._change.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()
        return self.clear()

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._slot and not self._stopping:
                    self._change.wait()
                if self._stopping:
                    return
                job = self._slot.pop()
            try:
                self._process(job)
            except Exception as error:  # whatever one job breaks, the next one may work
                self._on_error(error)
            # Pictures of several megabytes must not live on until the next job comes.
            del job
