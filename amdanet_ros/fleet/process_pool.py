"""Workers that are processes of this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from .pool import Ended, PoolError
from .unit import Processor, Result, Unit
from .worker import work_on

_CLOSING_S = 2.0
_READY = "ready"


@dataclass
class _Worker:
    """A process; it is ready once it has loaded what it needs."""

    process: Any
    connection: Connection
    unit: Unit | None = None
    is_ready: bool = False


class ProcessPool:
    """One process a worker, started when there is work for it.

    A worker whose driver was killed goes on with its unit and ends after it.

    Args:
        processor: of all workers.
        claims: folder of the claims.
        environments: one a worker: variables that it gets beside those of this process, such as
            ``CUDA_VISIBLE_DEVICES``.
    """

    def __init__(
        self, processor: Processor, claims: Path, environments: Sequence[Mapping[str, str]]
    ) -> None:
        self._processor = processor
        self._claims = claims
        self._environments = environments
        self._workers: list[_Worker | None] = [None] * len(environments)

    @property
    def size(self) -> int:
        """Number of workers."""
        return len(self._workers)

    @property
    def free(self) -> int:
        """How many have nothing to do."""
        return sum(each is None or each.unit is None for each in self._workers)

    def start(self, unit: Unit) -> None:
        """Give a unit to a free worker, if there is one to a worker that runs already."""
        free = [n for n, each in enumerate(self._workers) if each is None or each.unit is None]
        place = next((n for n in free if self._workers[n] is not None), free[0])
        worker = self._workers[place] or self._started(place)
        self._workers[place] = worker
        worker.unit = unit
        # Where it has died meanwhile, `wait` finds that out.
        with contextlib.suppress(OSError):
            worker.connection.send(unit)

    def _started(self, place: int) -> _Worker:
        # Not forked: CUDA and threads do not outlive a fork.
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        arguments = (there, self._processor, self._claims)
        process = context.Process(target=_serve, args=arguments, daemon=True)
        with _environment(self._environments[place]):
            process.start()
        there.close()
        return _Worker(process, here)

    def wait(self, seconds: float) -> list[Ended]:
        """Return what has ended, after that time at the latest."""
        workers = [each for each in self._workers if each is not None]
        heard = wait([each.connection for each in workers], seconds)
        ended = [self._ended(each) for each in workers if each.connection in heard]
        return [each for each in ended if each is not None]

    def _ended(self, worker: _Worker) -> Ended | None:
        try:
            said: Any = worker.connection.recv()
        except (EOFError, OSError):
            return self._died(worker)
        if said == _READY:
            worker.is_ready = True
            return None
        unit, worker.unit = worker.unit, None
        assert isinstance(said, Result) and unit is not None
        return Ended(unit, said)

    def _died(self, worker: _Worker) -> Ended | None:
        worker.process.join()
        worker.connection.close()
        self._workers[self._workers.index(worker)] = None
        death = _death(worker.process.exitcode)
        if not worker.is_ready:
            raise PoolError(
                f"a worker ended while it started ({death}): see what it said above; is there "
                "memory enough for --workers of them?"
            )
        return Ended(worker.unit, None, death) if worker.unit is not None else None

    def close(self) -> None:
        """End all workers."""
        workers = [each for each in self._workers if each is not None]
        for worker in workers:
            worker.connection.close()
            worker.process.terminate()
        for worker in workers:
            worker.process.join(_CLOSING_S)
            if worker.process.is_alive():
                worker.process.kill()
        self._workers = [None] * self.size


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = ", as where memory is short" if -code == signal.SIGKILL else ""
        return f"killed by {name}{hint}"
    return f"exit status {code}"


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a process that is started in the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, processor: Processor, claims: Path) -> None:
    """Work on what comes, until the driver has gone."""
    # Ctrl-C of a terminal reaches this process too; the driver decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, OSError):
        connection.send(_READY)
        while True:
            connection.send(work_on(processor, connection.recv(), claims))
