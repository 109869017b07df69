"""The number of threads: the process's share of the machine, one number for all libraries."""

from __future__ import annotations

import math
import os
from pathlib import Path

import cv2
import torch

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
_TORCHS_OWN = torch.get_num_threads()  # its cores, or OMP_NUM_THREADS


def share_threads(threads: int = 0) -> int:
    """Let torch and OpenCV use this many threads in this process, and OpenVINO after them.

    More threads than the process has processors wait for one another: 20 threads under a quota of
    two processors compute for a tenth of each period and stand still for the rest.

    Args:
        threads: their number; 0: the process's share, see `processor_share`, and not more than
            torch would take, which knows cores and OMP_NUM_THREADS.

    Returns:
        The number.
    """
    number = threads or max(1, min(_TORCHS_OWN, processor_share()))
    torch.set_num_threads(number)
    cv2.setNumThreads(number)
    return number


def processor_share(cgroups: Path = _CGROUPS, own_cgroup: Path = _OWN_CGROUP) -> int:
    """Return how many processors this process may use: by affinity, and by its cgroups' quotas.

    Both versions of cgroups are read, and a quota of any cgroup above counts too; a part of a
    processor counts as one.
    """
    try:
        allowed = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        allowed = os.cpu_count() or 1
    quotas = [quota for quota in _quotas(cgroups, own_cgroup) if quota > 0.0]
    return max(1, min([allowed, *(math.ceil(quota) for quota in quotas)]))


def _quotas(cgroups: Path, own_cgroup: Path) -> list[float]:
    """Return the processors that each cgroup of this process may use, where it has a quota."""
    found = []
    for line in _text(own_cgroup).splitlines():
        _, controllers, path = (line.split(":", 2) + ["", ""])[:3]
        is_second = controllers == ""
        if not is_second and "cpu" not in controllers.split(","):
            continue
        root = cgroups if is_second else cgroups / "cpu"
        # In a container the path may be the host's, which is not there: its own is the root.
        inner = Path(path.lstrip("/"))
        for folder in [root / inner, *(root / parent for parent in inner.parents), root]:
            found.append(_second(folder) if is_second else _first(folder))
    return found


def _second(folder: Path) -> float:
    """Read version 2: "QUOTA PERIOD" or "max PERIOD"."""
    words = _text(folder / "cpu.max").split()
    return _ratio(*words) if len(words) == 2 else 0.0


def _first(folder: Path) -> float:
    """Read version 1: the quota is -1 where there is none."""
    return _ratio(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us"))


def _ratio(quota: str, period: str) -> float:
    try:
        return max(0.0, float(quota) / float(period))
    except (ValueError, ZeroDivisionError):
        return 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
