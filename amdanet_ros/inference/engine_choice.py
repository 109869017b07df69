"""The engine of a network: torch, OpenVINO or onnxruntime; given, or chosen by measurement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from ..graphs.graph_cache import GraphCache, cache_folder
from ..network import AMDANet
from ..one_line import one_line
from . import openvino_runtime as runtime
from .choice_memory import ChoiceMemory
from .errors import InferenceError
from .folded import FoldedAMDANet, UnsupportedVariantError
from .folded_engine import build_engine
from .onnx_model import OnnxModel
from .openvino_engine import OpenVinoEngine
from .plain_engine import PRECISIONS, Engine
from .precision import (
    HALVES,
    Candidate,
    PrecisionChoice,
    check_auto,
    choose_precision,
    half_candidates,
    measured_choice,
)
from .shared_conversion import SharedConversion

ENGINES = ("auto", "torch", "openvino", "onnxruntime")

_MOST_PIXELS = 320 * 256
"""Larger images would make the measurement long."""


def choose_engine(
    network: AMDANet | OnnxModel,
    device: torch.device | str,
    engine: str = "auto",
    precision: str = "auto",
    size: tuple[int, int] | None = None,
) -> PrecisionChoice:
    """Return the engine that runs a network.

    "auto" is torch, or onnxruntime for an ONNX file. On the CPU, OpenVINO is measured beside torch
    where it is installed, in the given precision or in all, and taken where it is surely faster and
    gives the same labels; see `measured_choice`. A sure choice is kept for the next start.

    Args:
        network: to be run; it is copied.
        device: torch's, or OpenVINO's name of one.
        engine: one of `ENGINES`.
        precision: "auto", "fp32", "bf16" or "fp16".
        size: (height, width) at which the network will run; None: not known.

    Raises:
        ValueError: another engine or precision.
        InferenceError: this engine cannot run this network here; it says what to set.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r}: choose {', '.join(ENGINES)}")
    check_auto(precision)
    if isinstance(network, OnnxModel):
        return _of_export(network, device, engine, precision)
    if engine == "onnxruntime":
        raise InferenceError(
            "engine onnxruntime runs .onnx files alone: make one with `amdanet export`, or set "
            "engine to auto"
        )
    if size is not None and size[0] * size[1] > _MOST_PIXELS:
        size = None
    if isinstance(device, str):
        if engine == "torch":
            raise InferenceError(
                f"device {runtime.PREFIX}{device} is OpenVINO's: set engine to auto or openvino"
            )
        return _openvino(network, device, precision, size)
    if engine == "openvino":
        if device.type != "cpu":
            raise InferenceError(f"engine openvino does not run on {device}: set device to cpu")
        return _openvino(network, "CPU", precision, size)
    if engine == "auto" and device.type == "cpu" and runtime.is_installed():
        return _torch_or_openvino(network, device, precision, size)
    return choose_precision(_torch(network, device), device, precision)


def _of_export(
    network: OnnxModel, device: torch.device | str, engine: str, precision: str
) -> PrecisionChoice:
    if engine not in ("auto", "onnxruntime") or isinstance(device, str):
        raise InferenceError(
            f"{network.path} runs with onnxruntime alone: set engine to auto and device to auto, "
            "or use the checkpoint that it was exported from"
        )
    chosen = network.precision if precision == "auto" else precision
    return PrecisionChoice(network.build_engine(device, precision), chosen, "as exported")


def _torch(network: AMDANet, device: torch.device) -> Callable[[str], Engine]:
    return lambda precision: build_engine(network, device, precision)


def _torch_or_openvino(
    network: AMDANet, device: torch.device, precision: str, size: tuple[int, int] | None
) -> PrecisionChoice:
    build = _torch(network, device)
    try:
        folded = FoldedAMDANet(network)
        conversion = SharedConversion(folded)
        others = _candidates(conversion, "CPU")
    except UnsupportedVariantError:
        return choose_precision(build, device, precision)
    except InferenceError as error:
        choice = choose_precision(build, device, precision)
        return replace(choice, reason=f"{choice.reason}; {one_line(error, 200)}")
    others = [each for each in others if precision in ("auto", each.precision)]
    if not others:
        return choose_precision(build, device, precision)
    known = HALVES if precision == "auto" else ()
    own = "fp32" if precision == "auto" else precision
    first = Candidate(f"torch {own}", own, lambda: build(own))
    of_torch = [Candidate(f"torch {each}", each, lambda each=each: build(each)) for each in known]
    memory = ChoiceMemory(GraphCache(cache_folder()), _choice_key(conversion, precision, size))
    choice = memory.recall([first, *others, *of_torch])
    if choice is None:
        notes, reference = ["as configured"], None
        if precision == "auto":
            worth, notes = half_candidates(build, device)
            # Where both have a format, OpenVINO's is several times faster.
            names = {each.name for each in worth} - {each.precision for each in others}
            of_torch = [each for each in of_torch if each.precision in names]
        elif precision in HALVES:
            reference = build("fp32")
        with conversion.kept():
            choice = measured_choice([first, *others, *of_torch], device, notes, size, reference)
        memory.keep(choice)
    return choice


def _choice_key(conversion: SharedConversion, precision: str, size: tuple[int, int] | None) -> str:
    threads = torch.get_num_threads()
    versions = f"torch {torch.__version__} OpenVINO {runtime.version()}"
    where = f"{runtime.processor_name('CPU')} {versions}"
    return f"{conversion.digest} {size} {precision} {threads} {where}"


def _openvino(
    network: AMDANet, device: str, precision: str, size: tuple[int, int] | None
) -> PrecisionChoice:
    if not runtime.is_installed():
        raise InferenceError(f"engine openvino needs OpenVINO: {runtime.ADVICE}")
    try:
        conversion = SharedConversion(FoldedAMDANet(network))
        candidates = _candidates(conversion, device)
    except UnsupportedVariantError as error:
        raise InferenceError(f"engine openvino: {error}: set engine to torch") from error
    if precision != "auto":
        found = [each for each in candidates if each.precision == precision]
        if not found:
            native = ", ".join(each.precision for each in candidates)
            raise InferenceError(
                f"OpenVINO {device} does not compute {precision} here: set precision to auto, "
                f"{native}"
            )
        return PrecisionChoice(found[0].build(), precision, "as configured")
    cpu = torch.device("cpu")
    reference = build_engine(network, cpu, "fp32")
    with conversion.kept():
        return measured_choice(candidates, cpu, size=size, reference=reference)


def _candidates(conversion: SharedConversion, device: str) -> list[Candidate]:
    """Return OpenVINO's engines on a device, one for each format that it computes; fp32 first."""
    cache = GraphCache(cache_folder())
    return [
        Candidate(
            f"OpenVINO {precision}",
            precision,
            lambda precision=precision: OpenVinoEngine(conversion, device, precision, cache),
        )
        for precision in PRECISIONS
        if precision in runtime.native_precisions(device)
        and not (device == "CPU" and precision == "fp16")
    ]
