"""Time checkpoints on this machine: whole predictions, uint8 images in and out.

Examples:
  amdanet benchmark demo                                   # the built-in weights, 480 x 640
  amdanet benchmark mfnet.pth --precisions fp32 fp16       # compare precisions
  amdanet benchmark mfnet.pth mfnet_480x640.onnx           # compare torch and onnxruntime
  amdanet benchmark demo --engines torch openvino          # compare engines
  amdanet benchmark demo --size 720 1280 --json times.json

All candidates run alternately, so that other load affects all of them; the ratios and the share of
equal labels compare them with the first. For the node's own time see docs/performance.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..programs.arguments import number
from .errors import CommandError
from .size_argument import add_size_argument

if TYPE_CHECKING:
    from ..inference import Predictor
    from ..inference.timing import Timing

_MOST_BYTES = 2**20
SUMMARY = "time checkpoints on this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "checkpoints",
        nargs="+",
        metavar="CHECKPOINT",
        help=".safetensors, .pth or .onnx file, or built-in weights: street, demo",
    )
    add_size_argument(parser, "--size", "image size", (480, 640))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N, openvino:GPU")
    parser.add_argument(
        "--precisions",
        nargs="+",
        metavar="P",
        choices=("auto", "fp32", "bf16", "fp16"),
        default=["auto"],
        help="auto, fp32, bf16, fp16: each checkpoint runs in each of them",
    )
    parser.add_argument(
        "--engines",
        nargs="+",
        metavar="E",
        choices=("auto", "torch", "openvino", "onnxruntime"),
        default=["auto"],
        help="auto, torch, openvino, onnxruntime: each checkpoint runs in each of them",
    )
    threads = number("--threads", int, 0, 1024)
    parser.add_argument("--threads", type=threads, default=0, help="0: the processors it may use")
    rounds = number("--rounds", int, 1, 1e6)
    parser.add_argument("--rounds", type=rounds, default=20, help="counted runs of each")
    parser.add_argument("--json", type=Path, help="also write the numbers here")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print a table; returns 0."""
    from ..inference import InferenceError
    from ..inference.freed_memory import keep_freed_memory
    from ..inference.threads import share_threads
    from ..inference.timing import time_predictors
    from ..network.checkpoint import CheckpointError
    from ..output_place import check_own, check_writable_kind, keep_apart
    from ..whole_file import write_whole

    if arguments.json is not None:
        keep_apart(arguments.json, map(Path, arguments.checkpoints))
        check_writable_kind(arguments.json)
        check_own(arguments.json, _is_measurement, "amdanet benchmark")
    share_threads(arguments.threads)
    keep_freed_memory()  # as the node and `amdanet fuse` run
    try:
        predictors = _predictors(arguments)
        for name, predictor in predictors.items():
            print(f"{name}: {predictor.describe()}")
        timings = time_predictors(predictors, tuple(arguments.size), arguments.rounds)
    except (CheckpointError, InferenceError, ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    print(f"\n{arguments.rounds} rounds at {arguments.size[0]} x {arguments.size[1]}:\n")
    print(_table(timings))
    if arguments.json is not None:
        numbers = {name: timing._asdict() for name, timing in timings.items()}
        content = {"size": list(arguments.size), "rounds": arguments.rounds, "seconds": numbers}
        write_whole(arguments.json, json.dumps(content, indent=2) + "\n")
    return 0


def _predictors(arguments: argparse.Namespace) -> dict[str, Predictor]:
    from ..inference import Predictor

    predictors = {}
    several = len(set(arguments.engines)) > 1
    for checkpoint, engine, precision in itertools.product(
        dict.fromkeys(arguments.checkpoints),
        dict.fromkeys(arguments.engines),
        dict.fromkeys(arguments.precisions),
    ):
        predictor = Predictor.from_checkpoint(
            checkpoint, arguments.device, precision, engine=engine
        )
        name = f"{Path(checkpoint).name} {precision}"
        predictors[f"{name} {engine}" if several else name] = predictor
    return predictors


def _is_measurement(path: Path) -> bool:
    """Whether a file holds what this command writes."""
    if path.stat().st_size > _MOST_BYTES:
        return False
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.keys() == {"size", "rounds", "seconds"}


def _table(timings: dict[str, Timing]) -> str:
    lines = [
        "| | ms, median | ms, 95 % | pairs/s | prepare, network, finish ms | ratio | labels |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, timing in timings.items():
        parts = ", ".join(
            f"{1e3 * part:.1f}" for part in (timing.prepare, timing.network, timing.finish)
        )
        lines.append(
            f"| {name} | {1e3 * timing.median:.1f} | {1e3 * timing.slowest:.1f} "
            f"| {1 / timing.median:.1f} | {parts} | {timing.ratio:.2f} | {timing.agreement:.1%} |"
        )
    return "\n".join(lines)
