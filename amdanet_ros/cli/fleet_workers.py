"""How many workers there are, and what each has of the machine."""

from __future__ import annotations

import os
from typing import Any

from ..environment_number import environment_number
from .errors import CommandError

_MEMORY_PER_WORKER = 1.5e9
"""Bytes: torch, the network and a pair at 640 x 480, with room for larger ones."""
_LOCAL_RANKS = ("LOCAL_RANK", "SLURM_LOCALID")
"""Set by torchrun and Slurm: which of the processes on this machine this one is."""


def check_device(device: str) -> None:
    """Refuse a device that this machine has not, which each unit would fail on three times.

    Args:
        device: parameter of the network.

    Raises:
        CommandError: there is none of this name.
    """
    if device in ("auto", "cpu"):
        return
    from ..inference import InferenceError
    from ..inference.device_place import device_place

    try:
        device_place(device)
    except (InferenceError, ValueError) as error:
        raise CommandError(str(error)) from error


def gpus_here(device: str) -> list[str]:
    """Return the GPUs that workers may use, as CUDA_VISIBLE_DEVICES names them.

    Args:
        device: parameter of the network.
    """
    if device == "cpu":
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [each.strip() for each in visible.split(",") if each.strip() not in ("", "-1")]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def gpus_per_worker(given: float | None, device: str, gpus: list[str]) -> float:
    """Return how many GPUs each worker gets; 0: it computes on the CPU.

    Raises:
        CommandError: more than there are.
    """
    if given is None:
        return 1.0 if gpus else 0.0
    if given and device == "cpu":
        raise CommandError(f"--gpus-per-worker is {given:g}, and --device is cpu: leave out one")
    if given > max(len(gpus), 0):
        raise CommandError(
            f"--gpus-per-worker is {given:g}, and this machine has {len(gpus)} GPUs that can be "
            "used: give less, or 0 for the CPU"
        )
    return given


def environments(
    workers: int | None, units: int, per_worker: float, gpus: list[str], is_rank: bool
) -> list[dict[str, str]]:
    """Return the variables of each worker's environment, one entry a worker.

    Args:
        workers: how many; None: as many as GPUs, cores and memory allow, one for a rank.
        units: that are to be done: there are no more workers than these.
        per_worker: GPUs of a worker.
        gpus: that there are.
        is_rank: whether other calls on this machine take the other units.
    """
    cores = len(os.sched_getaffinity(0))
    if per_worker:
        slots = _slots(per_worker, gpus)
        if is_rank and len(slots) > 1:
            slots = [slots[_local_rank() % len(slots)]]
        count = min(workers or len(slots), max(1, units))
        return [{"CUDA_VISIBLE_DEVICES": slots[number % len(slots)]} for number in range(count)]
    most = 1 if is_rank else max(1, min(cores, int(_free_memory() / _MEMORY_PER_WORKER)))
    count = min(workers or most, max(1, units))
    # Several threads gain less than several bags at once.
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, cores // count))
    return [{"OMP_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"} for _ in range(count)]


def _slots(per_worker: float, gpus: list[str]) -> list[str]:
    """Return the GPUs of each worker that there is room for."""
    if per_worker < 1:
        return [gpu for _ in range(int(1 / per_worker)) for gpu in gpus]
    whole = int(per_worker)
    return [",".join(gpus[at : at + whole]) for at in range(0, len(gpus) - whole + 1, whole)]


def _local_rank() -> int:
    try:
        ranks = [environment_number(name) for name in _LOCAL_RANKS]
    except ValueError as error:
        raise CommandError(f"{error}, and no number: unset it") from error
    return next((rank for rank in ranks if rank is not None), 0)


def _free_memory() -> float:
    """Return the bytes that processes may still take."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines: dict[str, Any] = dict(line.split(":", 1) for line in file)
        return float(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return _MEMORY_PER_WORKER
