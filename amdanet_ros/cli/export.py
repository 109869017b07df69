"""Write a checkpoint as ONNX, checked against the network, for onnxruntime and TensorRT.

Examples:
  amdanet export mfnet.pth -o mfnet_480x640.onnx --size 480 640    # fastest: one size
  amdanet export mfnet.pth -o mfnet.onnx                           # any size
  amdanet export mfnet.pth -o half.onnx --precision fp16           # for GPUs; a smaller file

The node takes the file as its checkpoint. On a GPU with onnxruntime's TensorRT provider the first
start builds an engine, which takes minutes, and stores it in $XDG_CACHE_HOME/amdanet_ros/tensorrt
(~/.cache without that variable); --build does that now.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .disk_words import disk_words
from .errors import CommandError
from .size_argument import add_size_argument

_METADATA_BYTES = 2**20
SUMMARY = "write a checkpoint as ONNX (onnxruntime, TensorRT)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("checkpoint", help="weights (.safetensors, .pth, or demo)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="ONNX file to write")
    add_size_argument(parser, "--size", "image size; without it, any")
    parser.add_argument(
        "--precision",
        choices=("fp32", "fp16"),
        default="fp32",
        help="fp32, or fp16: the encoder in half precision, as the node's fp16",
    )
    parser.add_argument(
        "--build", action="store_true", help="build the TensorRT engine now (minutes)"
    )
    parser.add_argument("--device", default="auto", help="for --build: auto, cuda or cuda:N")


def run(arguments: argparse.Namespace) -> int:
    """Export and check; returns 0."""
    import time

    from ..inference import InferenceError, Predictor
    from ..inference.checkpoint_file import read_checkpoint, recommended_size_of
    from ..inference.device import choose_device
    from ..inference.onnx_export import export_onnx
    from ..network.checkpoint import CheckpointError
    from ..output_place import check_own, check_writable_kind, keep_apart

    size = tuple(arguments.size) if arguments.size else None
    if arguments.output.suffix.lower() != ".onnx":
        raise CommandError(f"--output {arguments.output}: give a name that ends in .onnx")
    keep_apart(arguments.output, [Path(arguments.checkpoint)])
    check_writable_kind(arguments.output)
    check_own(arguments.output, _is_export, "amdanet export")
    try:
        if arguments.build:
            choose_device(arguments.device)  # before an export, which takes a minute
        checkpoint, classes = read_checkpoint(arguments.checkpoint)
        print("exporting; this takes up to a minute", flush=True)
        best = recommended_size_of(checkpoint)
        difference = export_onnx(
            checkpoint.build(), arguments.output, classes, size, best, arguments.precision
        )
        print(f"{arguments.output}: differs from the network by at most {difference:.1e}")
        if arguments.build:
            print("building the engine for this device; this can take minutes", flush=True)
            started = time.perf_counter()
            predictor = Predictor.from_checkpoint(arguments.output, arguments.device)
            predictor.warm_up(size)
            print(f"{predictor.describe()}: ready after {time.perf_counter() - started:.0f} s")
    except OSError as error:
        raise CommandError(disk_words(error, arguments.output, goes_on=False)) from error
    except (CheckpointError, InferenceError, ValueError) as error:
        raise CommandError(str(error)) from error
    return 0


def _is_export(path: Path) -> bool:
    """Whether a file has the metadata of an export, which lie behind the weights."""
    from ..inference.onnx_export import CONFIG_KEY

    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _METADATA_BYTES))
        return CONFIG_KEY.encode() in file.read(_METADATA_BYTES)
