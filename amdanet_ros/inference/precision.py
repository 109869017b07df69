"""The number format that the network runs in: given, or chosen by measurement."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .built_in_scene import built_in_scene
from .errors import InferenceError
from .plain_engine import PRECISIONS, Engine

AGREEMENT = 0.99
"""Smallest share of the built-in scene's labels that must be equal at half precision."""

HALVES = ("fp16", "bf16")

_GAIN = 1.1
"""Smallest factor by which half precision must be faster than fp32 to be chosen."""

_BUDGET_S = 5.0


@dataclass(frozen=True)
class PrecisionChoice:
    """The chosen engine, its precision and a sentence that says why."""

    engine: Engine
    precision: str
    reason: str


def choose_precision(
    build: Callable[[str], Engine], device: torch.device, precision: str = "auto"
) -> PrecisionChoice:
    """Build the engine at "fp32", "bf16" or "fp16", or, for "auto", at the fastest accurate one.

    "auto" keeps fp32 unless fp16 or bf16 is faster on this device and gives the same labels for at
    least 99 % of a built-in scene with these weights. On a CPU a product of two matrices is timed
    first: most CPUs only emulate the formats, and then no engine is built for them.

    Raises:
        ValueError: another precision.
        InferenceError: this device does not compute at the given one.
    """
    if precision in PRECISIONS:
        engine = build(precision)
        if precision in HALVES:
            _check_that_it_runs(engine, device, precision)
        return PrecisionChoice(engine, precision, "as configured")
    if precision != "auto":
        raise ValueError(f"precision {precision!r}: choose auto, {', '.join(PRECISIONS)}")
    return _measured_choice(build, device)


def _check_that_it_runs(engine: Engine, device: torch.device, precision: str) -> None:
    """Run an engine on the smallest images: not every device has all formats."""
    rgb = torch.zeros(1, 3, 32, 32, device=device)
    try:
        with torch.inference_mode():
            engine(rgb, rgb[:, :1])
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise InferenceError(
            f"precision {precision} does not run on {device} "
            f"({str(error).strip().splitlines()[0]}): set it to auto or fp32"
        ) from error


def _measured_choice(build: Callable[[str], Engine], device: torch.device) -> PrecisionChoice:
    candidates, notes = [], []
    for name in HALVES:
        if device.type == "cuda":
            candidates.append(name)
            continue
        gain = product_gain(PRECISIONS[name], device)
        if gain > _GAIN:
            candidates.append(name)
        else:
            notes.append(f"{name} products run at {gain:.2g} times fp32's speed here")
    reference = build("fp32")
    if not candidates:
        return PrecisionChoice(reference, "fp32", "; ".join(notes))
    size = (480, 640) if device.type == "cuda" else (96, 128)
    rgb, thermal = (torch.from_numpy(image).to(device) / 255.0 for image in built_in_scene(size))
    rgb, thermal = rgb.permute(2, 0, 1)[None], thermal[None, None]
    labels, seconds = _labels_and_seconds(reference, rgb, thermal)
    best = (reference, "fp32")
    started = time.perf_counter()
    for name in candidates:
        if time.perf_counter() - started > _BUDGET_S:
            notes.append(f"{name} not tried: the measurement took too long")
            break
        try:
            engine = build(name)
            half_labels, half_seconds = _labels_and_seconds(engine, rgb, thermal)
        except RuntimeError as error:
            notes.append(f"{name} does not run here ({str(error).splitlines()[0]})")
            continue
        agreement = (half_labels == labels).float().mean().item()
        note = f"{name}: {seconds / half_seconds:.2g} times fp32's speed, {agreement:.2%} of labels"
        notes.append(note)
        if agreement >= AGREEMENT and half_seconds * _GAIN < seconds:
            best, seconds = (engine, name), half_seconds
    return PrecisionChoice(*best, "; ".join(notes))


def product_gain(dtype: torch.dtype, device: torch.device) -> float:
    """Return how many times faster than in fp32 a product of matrices runs.

    The matrices are small, because emulated half precision is about a hundred times slower.
    """
    seconds = []
    for each in (torch.float32, dtype):
        a = torch.ones(256, 256, device=device).to(each)
        b = torch.ones(256, 256, device=device).to(each)
        seconds.append(_fastest(lambda a=a, b=b: a @ b, repetitions=3))
    return seconds[0] / seconds[1]


def _labels_and_seconds(engine: Engine, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, float]:
    with torch.inference_mode():
        labels = engine(rgb, thermal).logits.max(1).indices
        seconds = _fastest(lambda: engine(rgb, thermal), repetitions=3)
    return labels, seconds


def _fastest(action: Callable[[], object], repetitions: int) -> float:
    seconds = []
    for _ in range(repetitions):
        started = time.perf_counter()
        action()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
