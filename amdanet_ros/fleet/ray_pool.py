"""Workers that are actors of Ray, on this machine or on a cluster."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..optional_package import optional_package
from .pool import Ended, PoolError
from .unit import Processor, Result, Unit
from .worker import work_on

LOCAL = "local"
"""The address that starts a Ray on this machine; it is reached from nowhere else."""
_CONNECT_S = 5.0
_STORE_BYTES = 100_000_000
"""Ray's object store: only names and numbers go through it."""


class RayPool:
    """One actor a worker.

    Args:
        processor: of all workers.
        claims: folder of the claims; all machines see it under this path.
        size: number of workers.
        gpus: of each worker; may be a fraction.

    Within ``connected``.
    """

    def __init__(self, processor: Processor, claims: Path, size: int, gpus: float) -> None:
        import ray

        self._ray = ray
        kind = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)(_Actor)
        self._make = lambda: kind.remote(ray_processor, claims)
        ray_processor = ray.put(processor)
        self.size = size
        self._idle: list[Any] = []
        self._running: dict[Any, tuple[Any, Unit]] = {}

    @property
    def free(self) -> int:
        """How many have nothing to do."""
        return self.size - len(self._running)

    def start(self, unit: Unit) -> None:
        """Give a unit to a free actor."""
        actor = self._idle.pop() if self._idle else self._make()
        self._running[actor.work_on.remote(unit)] = (actor, unit)

    def wait(self, seconds: float) -> list[Ended]:
        """Return what has ended, after that time at the latest."""
        if not self._running:
            return []
        ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=seconds)
        if ready:
            more, _ = self._ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
            ready = list({*ready, *more})
        return [self._ended(each) for each in ready]

    def _ended(self, reference: Any) -> Ended:
        actor, unit = self._running.pop(reference)
        errors = self._ray.exceptions
        try:
            result: Result = self._ray.get(reference)
        except errors.ActorDiedError as error:
            if "creation task" in str(error):
                raise PoolError(f"a worker ended while it started: {_death(error)}") from error
            return Ended(unit, None, _death(error))
        except errors.RayError as error:
            # Of the machine that has gone, or of memory that was short.
            with contextlib.suppress(errors.RayError):
                self._ray.kill(actor)
            return Ended(unit, None, _death(error))
        self._idle.append(actor)
        return Ended(unit, result)

    def close(self) -> None:
        """End all actors."""
        with contextlib.suppress(self._ray.exceptions.RayError):
            for actor in [*self._idle, *(each for each, _ in self._running.values())]:
                self._ray.kill(actor)
        self._idle, self._running = [], {}


@contextlib.contextmanager
def connected(address: str, workers: int | None) -> Iterator[None]:
    """Start a Ray here for the block, or join a cluster.

    Args:
        address: "local", "auto" or HOST:PORT.
        workers: of a Ray that is started here; None: as many as there are cores.

    Raises:
        ImportError: Ray is not installed.
        PoolError: there is no cluster at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address == LOCAL:
        # Read when Ray is imported. Ray then uses the loopback address for all that listens;
        # otherwise it listens on all addresses of the machine, whatever address it is given.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    _check_reachable(address)
    ray = optional_package("ray")

    common: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False}
    common["logging_level"] = "ERROR"
    try:
        if address == LOCAL:
            ray.init(
                address=LOCAL,
                num_cpus=workers,
                object_store_memory=_STORE_BYTES,
                _node_ip_address="127.0.0.1",
                **common,
            )
        else:
            del common["include_dashboard"]
            ray.init(address=address, **common)
    except ImportError:
        raise
    # Ray raises Exception itself where its processes do not start in time.
    except Exception as error:
        why = f"({' '.join(str(error).split())[:300]})"
        if address == LOCAL:
            words = f"Ray does not start here {why}: leave out --address for plain processes"
        else:
            words = (
                f"no Ray cluster is reached {why}: start one with ray start --head, or give "
                "--address local"
            )
        raise PoolError(f"--address {address}: {words}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Refuse HOST:PORT where nobody listens: Ray would try it for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not address.strip():
        raise PoolError("--address '': no Ray cluster is reached: give auto, local or HOST:PORT")
    if not (colon and port.isdigit()):
        return
    try:
        socket.create_connection((host, int(port)), _CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise PoolError(
            f"--address {address}: no Ray cluster is reached ({error}): start one with ray start "
            "--head, or give --address local"
        ) from error


def room(gpus: float) -> int:
    """Return how many workers with so many GPUs each the cluster has room for, at least one."""
    cpus = int(_there("CPU"))
    return max(1, min(cpus, int(_there("GPU") / gpus)) if gpus else cpus)


def has_gpus() -> bool:
    """Whether a machine of the cluster has a GPU now."""
    return _there("GPU") > 0


def shortage(gpus: float) -> str:
    """Return one line where no worker can be started on the cluster as it is now, else "".

    Args:
        gpus: of each worker.
    """
    there = _there("GPU")
    if gpus <= there:
        return ""
    return (
        f"the Ray cluster has {there:g} GPUs now, and a worker needs {gpus:g}: the work begins "
        "once a machine with them has joined; --gpus-per-worker 0 computes on the CPU"
    )


def _there(resource: str) -> float:
    import ray

    return float(ray.cluster_resources().get(resource, 0.0))


def _death(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines)[:300]


class _Actor:
    """A worker."""

    def __init__(self, processor: Processor, claims: Path) -> None:
        self._processor = processor
        self._claims = claims

    def work_on(self, unit: Unit) -> Result:
        return work_on(self._processor, unit, self._claims)
