"""Measurements of a network: time, peak memory, time by part, and a lower bound of the time."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, shape_wrapper

MIB = 1024 * 1024


class Rates(NamedTuple):
    """The device's rates for a product and a copy, measured in the same run.

    Attributes:
        gmacs: 1e9 multiply-adds a second in a product of two large float32 matrices.
        gigabytes: 1e9 bytes a second, read and written, in a copy.
    """

    gmacs: float
    gigabytes: float


def synchronize(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def interleaved(
    variants: Mapping[str, Callable[[], object]],
    repeats: int,
    device: torch.device,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Run the variants alternately, so that other load affects all of them.

    Returns:
        Seconds of each run by variant, without the first round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for round_number in range(repeats + 1):
        for name, run in variants.items():
            synchronize(device)
            started = clock()
            run()
            synchronize(device)
            if round_number:
                seconds[name].append(clock() - started)
    return seconds


def peak_memory(run: Callable[[], object], device: torch.device) -> float:
    """Return a run's peak memory minus the memory before it, in MiB.

    On the CPU it is the resident memory of the process (Linux).
    """
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        synchronize(device)
        return (torch.cuda.max_memory_allocated(device) - before) / MIB
    _give_back_freed_memory()
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak to the present value
    before = _status("VmRSS")
    run()
    return (_status("VmHWM") - before) / 1024


def parts_of(
    network: nn.Module,
    run: Callable[[], object],
    device: torch.device,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return the seconds spent in each part of a folded network in one run, by hooks."""
    parts: dict[str, nn.Module] = {}
    for number, stage in enumerate(network.stages, start=1):
        parts[f"stage {number}: patches and SCI"] = nn.ModuleList(
            [*stage.embeddings, stage.consistency]
        )
        parts[f"stage {number}: blocks"] = nn.ModuleList(
            [*(block for branch in stage.blocks for block in branch), *stage.norms]
        )
        parts[f"stage {number}: local alignment"] = stage.local_alignment
        parts[f"stage {number}: global alignment"] = network.global_alignment[number - 1]
    parts["segmentation decoder"] = network.segmentation
    parts["fusion decoder"] = network.fusion
    seconds = dict.fromkeys(parts, 0.0)
    with contextlib.ExitStack() as hooks:
        for name, part in parts.items():
            for module in part if isinstance(part, nn.ModuleList) else [part]:
                _time_calls(module, name, seconds, clock, hooks, device)
        run()
    return seconds


def _time_calls(
    module: nn.Module,
    name: str,
    seconds: dict[str, float],
    clock: Callable[[], float],
    hooks: contextlib.ExitStack,
    device: torch.device,
) -> None:
    started = [0.0]

    def before(*_: object) -> None:
        synchronize(device)
        started[0] = clock()

    def after(*_: object) -> None:
        synchronize(device)
        seconds[name] += clock() - started[0]

    hooks.callback(module.register_forward_pre_hook(before).remove)
    hooks.callback(module.register_forward_hook(after).remove)


class _Flops(TorchDispatchMode):
    """Counts what torch's `FlopCounterMode` counts; that one imports torch's compiler: 2 s."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        self._rules = {**flop_registry, attention: shape_wrapper(_attention_flops)}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        rule = self._rules.get(func.overloadpacket)
        if rule is None:
            with self:  # in inference mode operations arrive whole
                result = func.decompose(*args, **kwargs)
            return func(*args, **kwargs) if result is NotImplemented else result
        result = func(*args, **kwargs)
        self.count += rule(*args, **kwargs, out_val=result)
        return result


def _attention_flops(query, key, value, *_, **__) -> int:
    batch, heads, queries, dim = query
    return 2 * batch * heads * queries * key[2] * (dim + value[3])


def multiply_adds(run: Callable[[], object]) -> float:
    """Return the 1e9 multiply-adds of all products, convolutions and attentions in a run."""
    with _Flops() as counter:
        run()
    return counter.count / 2e9


def rates(device: torch.device) -> Rates:
    """Measure the device's rates for a product and a copy."""
    a = torch.rand(1536, 1536, device=device)
    large = torch.rand(16 * MIB, device=device)
    target = torch.empty_like(large)
    product = min(interleaved({"": lambda: a @ a}, 5, device)[""])
    copy = min(interleaved({"": lambda: target.copy_(large)}, 5, device)[""])
    return Rates(1536**3 / product / 1e9, 2 * large.nbytes / copy / 1e9)


def floor_seconds(gmacs: float, least_bytes: float, reached: Rates) -> float:
    """Return a lower bound of the time of these operations at these rates.

    The larger of the operations over the product's rate and the bytes of weights and images over
    the copy's rate.
    """
    return max(gmacs / reached.gmacs, least_bytes / 1e9 / reached.gigabytes)


def _give_back_freed_memory() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _status(name: str) -> int:
    """Return a line of /proc/self/status in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}")
