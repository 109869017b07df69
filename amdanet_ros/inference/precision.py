"""The number format and the engine that the network runs in: given, or chosen by measurement."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .built_in_scene import built_in_scene
from .errors import InferenceError
from .measured_order import GAIN, LEAST_ROUNDS, Sample, is_faster
from .native_products import native_formats
from .plain_engine import PRECISIONS, Engine

AGREEMENT = 0.99
"""Smallest share of the built-in scene's labels that must be equal to those of torch in fp32."""

HALVES = ("fp16", "bf16")

_MOST_ROUNDS = 16
_BUDGET_S = 5.0
_WALL_BUDGET_S = 20.0


@dataclass(frozen=True)
class PrecisionChoice:
    """The chosen engine, its precision and a sentence that says why.

    Attributes:
        seconds_per_pixel: the engine's fastest run when it was chosen, over the pixels of the
            images; 0: not measured.
        name: of the chosen candidate, where one was.
        is_sure: False where the measurement ended in doubt.
    """

    engine: Engine
    precision: str
    reason: str
    seconds_per_pixel: float = 0.0
    name: str = ""
    is_sure: bool = True


@dataclass
class Candidate:
    """An engine that may be chosen: what it is called in the reason, and how it is built."""

    name: str
    precision: str
    build: Callable[[], Engine]
    engine: Engine | None = None
    agreement: float = 1.0
    samples: list[Sample] = field(default_factory=list)


def choose_precision(
    build: Callable[[str], Engine], device: torch.device, precision: str = "auto"
) -> PrecisionChoice:
    """Build the engine at "fp32", "bf16" or "fp16", or, for "auto", at the fastest accurate one.

    "auto" keeps fp32 unless fp16 or bf16 is surely faster on this device and gives the same labels
    for at least 99 % of a built-in scene with these weights. On a CPU a product of two matrices is
    timed first: most CPUs only emulate the formats, and then no engine is built for them.

    Raises:
        ValueError: another precision.
        InferenceError: this device does not compute at the given one.
    """
    if precision in PRECISIONS:
        engine = build(precision)
        if precision in HALVES:
            _check_that_it_runs(engine, device, precision)
        return PrecisionChoice(engine, precision, "as configured")
    check_auto(precision)
    reference = Candidate("fp32", "fp32", lambda: build("fp32"))
    halves, notes = half_candidates(build, device)
    if not halves:
        return PrecisionChoice(reference.build(), "fp32", "; ".join(notes))
    return measured_choice([reference, *halves], device, notes)


def check_auto(precision: str) -> None:
    """Raise a ValueError for what is neither a precision nor "auto"."""
    if precision not in PRECISIONS and precision != "auto":
        raise ValueError(f"precision {precision!r}: choose auto, {', '.join(PRECISIONS)}")


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


def half_candidates(
    build: Callable[[str], Engine], device: torch.device
) -> tuple[list[Candidate], list[str]]:
    """Return torch's engines at half precision that are worth a measurement, and why others not."""
    candidates, notes = [], []
    native = native_formats() if device.type == "cpu" else HALVES
    for name in HALVES:
        candidate = Candidate(name, name, lambda name=name: build(name))
        if device.type == "cuda":
            candidates.append(candidate)
            continue
        if name not in native:
            notes.append(f"this processor has no {name} products")
            continue
        gain = product_gain(PRECISIONS[name], device)
        if gain > GAIN:
            candidates.append(candidate)
        else:
            notes.append(f"{name} products run at {gain:.2g} times fp32's speed here")
    return candidates, notes


def measured_choice(
    candidates: Sequence[Candidate],
    device: torch.device,
    notes: Sequence[str] = (),
    size: tuple[int, int] | None = None,
    reference: Engine | None = None,
) -> PrecisionChoice:
    """Return the fastest candidate with the reference's labels; in doubt an earlier one.

    They run by turns, so that load beside them falls on all, until the order is sure. Processor
    time decides, which such load hardly changes; see `is_faster`.

    Args:
        candidates: those in doubt preferred come first; the first is kept unless another is better.
        device: of the images.
        notes: what is known already, for the reason.
        size: (height, width) of the images; None: 192 x 256, on a GPU 480 x 640.
        reference: gives the labels; None: the first candidate.

    Raises:
        RuntimeError: the first candidate does not run.
    """
    size = size or ((480, 640) if device.type == "cuda" else (192, 256))
    rgb, thermal = (torch.from_numpy(image).to(device) / 255.0 for image in built_in_scene(size))
    pair = (rgb.permute(2, 0, 1)[None], thermal[None, None])
    notes = list(notes)
    running: list[Candidate] = []
    labels = None if reference is None else _labels(reference, pair)
    for candidate in candidates:
        try:
            candidate.engine = candidate.build()
            found = _labels(candidate.engine, pair)
        except (RuntimeError, InferenceError) as error:
            if not running:
                raise
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            notes.append(f"{candidate.name} does not run here ({first})")
            continue
        labels = found if labels is None else labels
        candidate.agreement = (found == labels).float().mean().item()
        running.append(candidate)
    best, is_sure = _measured(running, pair)
    if not is_sure:
        notes.append("the measurement took too long to be surer")
    for each in running[1:]:
        gain = _least(running[0]) / _least(each)
        than = f"{gain:.2g} times {running[0].name}'s speed"
        notes.append(f"{each.name}: {than}, {each.agreement:.2%} of labels")
    fastest = min(sample.wall for sample in best.samples) / (size[0] * size[1])
    reason = "; ".join(notes)
    return PrecisionChoice(best.engine, best.precision, reason, fastest, best.name, is_sure)


def _measured(running: Sequence[Candidate], pair: tuple[Tensor, Tensor]) -> tuple[Candidate, bool]:
    """Time the candidates by turns until the order is sure or the time is over.

    Returns:
        The choice, and whether it is sure.
    """
    started, busy_before = time.perf_counter(), time.process_time()
    while True:
        for each in running:
            each.samples.append(_timed(each.engine, pair))
        best, is_sure = _best(running)
        if is_sure or len(running[0].samples) >= _MOST_ROUNDS:
            return best, True
        busy = time.process_time() - busy_before
        is_long = busy > _BUDGET_S and len(running[0].samples) >= LEAST_ROUNDS
        if is_long or time.perf_counter() - started > _WALL_BUDGET_S:
            return best, False


def _best(running: Sequence[Candidate]) -> tuple[Candidate, bool]:
    """Return the choice as of now, and whether more rounds could not change it.

    The fastest in fp32 first; half precision has to be surely faster than this one.
    """
    best, is_sure = running[0], True
    allowed = [each for each in running[1:] if each.agreement >= AGREEMENT]
    for is_half in (False, True):
        group = [each for each in allowed if (each.precision in HALVES) == is_half]
        if group:
            fastest = min(group, key=_least)
            found = is_faster(best.samples, fastest.samples)
            is_sure = is_sure and found is not None
            best = fastest if found else best
    return best, is_sure


def _least(candidate: Candidate) -> float:
    return max(min(sample.busy for sample in candidate.samples), 1e-9)


def product_gain(dtype: torch.dtype, device: torch.device) -> float:
    """Return how many times faster than in fp32 a product of matrices runs, by processor time.

    The matrices are small, because emulated half precision is about a hundred times slower.
    """
    pairs = []
    for each in (torch.float32, dtype):
        a = torch.ones(256, 256, device=device).to(each)
        pairs.append((a, torch.ones(256, 256, device=device).to(each)))
    least = [float("inf"), float("inf")]
    for _ in range(5):
        for number, (a, b) in enumerate(pairs):
            sample = _times(lambda a=a, b=b: a @ b)
            least[number] = min(least[number], sample.busy)
    return least[0] / max(least[1], 1e-9)


def _labels(engine: Engine, pair: tuple[Tensor, Tensor]) -> Tensor:
    with torch.inference_mode():
        return engine(*pair).logits.max(1).indices


def _timed(engine: Engine, pair: tuple[Tensor, Tensor]) -> Sample:
    with torch.inference_mode():
        return _times(lambda: engine(*pair))


def _times(action: Callable[[], object]) -> Sample:
    """Run an action; on a GPU, which works beside the processors, its wall time counts as both."""
    wall, busy = time.perf_counter(), time.process_time()
    action()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        seconds = time.perf_counter() - wall
        return Sample(seconds, seconds)
    return Sample(time.perf_counter() - wall, time.process_time() - busy)
