"""Show what this machine can run or, with INPUT, what that is and which command takes it.

amdanet info
amdanet info street
amdanet info weights.safetensors
amdanet info my_bag
amdanet info folder_of_images
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..dds_profile import VARIABLES
from ..one_line import one_line
from ..programs import exit_status
from ..programs.errors import ProgramError
from ..programs.ros_environment import check_ros_environment
from ..regular_file import refusal
from ..user_folders import expanded
from .errors import CommandError
from .input_facts import facts_of

if TYPE_CHECKING:
    from ..network.checkpoint import Checkpoint

SUMMARY = "show what this machine can run, and what a checkpoint, bag, folder or image is"

_ROS_WORDS = {
    "installed": "installed",
    "shim": "not installed, the package's own shim is used",
    "missing": "not installed, the package works without it",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "input",
        nargs="?",
        metavar="INPUT",
        help="a checkpoint, a bag, a folder or an image, or built-in weights: street, demo, "
        "demo_adaptive",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print; returns 0, or 1 where ROS is there and cannot start."""
    if arguments.input is None:
        trouble = _trouble()
        _print(machine(trouble))
        return exit_status.INCOMPLETE if trouble else exit_status.DONE
    from ..bags.errors import BagError
    from ..fuse.image_folders import ImageFolderError
    from ..images.errors import BadImage
    from ..inference.built_in_weights import BUILT_IN
    from ..inference.errors import InferenceError

    path = expanded(arguments.input)
    if words := refusal(path, "a bag, a checkpoint, a video, or images in files"):
        raise CommandError(f"{one_line(path)} {words}")
    try:
        facts = facts_of(path) if arguments.input else None
        if facts is None and arguments.input not in BUILT_IN and not os.path.lexists(path):
            raise CommandError(
                f"{one_line(path)} does not exist: give a bag, a folder, an image, a video, a "
                f"checkpoint, or the name of built-in weights: {', '.join(BUILT_IN)}"
            )
        _print(_checkpoint(arguments.input) if facts is None else facts)
    except (BagError, ImageFolderError, InferenceError) as error:
        raise CommandError(str(error)) from error
    except BadImage as error:
        raise CommandError(f"{one_line(path)}: {error}") from error
    return exit_status.DONE


def _print(facts: Iterator[tuple[str, str]]) -> None:
    for name, value in facts:
        print(f"{name + ':':<18}{value}" if name else value)


def _trouble() -> str:
    """Return why ROS cannot start here; empty where it can, or is not there."""
    if importlib.util.find_spec("rclpy") is None:
        return ""
    try:
        check_ros_environment()
    except ProgramError as error:
        return str(error)
    return ""


def machine(trouble: str = "") -> Iterator[tuple[str, str]]:
    """Yield what this machine can run as pairs of name and text; trouble: why ROS cannot start."""
    import torch

    yield "amdanet_ros", f"{__version__} in {resources.files('amdanet_ros')}"
    yield "python", f"{platform.python_version()} on {platform.platform()}"
    yield "torch", f"{torch.__version__}, {torch.get_num_threads()} threads"
    yield from _devices()
    if trouble:
        yield "ROS 2", f"cannot start: {one_line(trouble)}"
    else:
        yield from _ros()
    yield "export", _found("onnxruntime", "pip install 'amdanet_ros[export]'")


def _devices() -> Iterator[tuple[str, str]]:
    import torch

    from ..inference.device import choose_device
    from ..inference.plain_engine import PRECISIONS
    from ..inference.precision import product_gain

    names = ["cpu"]
    if torch.cuda.is_available():
        names += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    chosen = choose_device("auto")
    for name in names:
        device = torch.device(name)
        text = "fp32"
        for precision in ("bf16", "fp16"):
            try:
                gain = product_gain(PRECISIONS[precision], device)
            except RuntimeError:
                text += f", no {precision}"
            else:
                text += f", {precision} at {gain:.2g} times the speed"
        if device.type == "cuda":
            properties = torch.cuda.get_device_properties(device)
            text = f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB: {text}"
        yield name, text + (" (device: auto)" if device == chosen else "")


def _ros() -> Iterator[tuple[str, str]]:
    if importlib.util.find_spec("rclpy") is None:
        yield (
            "ROS 2",
            "not found: source a ROS 2, or pip install amdanet_ros; commands without ROS work",
        )
        return
    import rclpy

    yield "rclpy", f"{_version('rclpy')}, {rclpy.get_rmw_implementation_identifier()}"
    messages = importlib.util.find_spec("amdanet_ros.msg")
    if messages is None:
        yield "amdanet_ros.msg", "not built: pip install ., or colcon build and source it"
        return
    yield "amdanet_ros.msg", f"built, in {Path(messages.origin).parent}"
    from ..ros.shims import sources

    for package, source in sources().items():
        yield package, _ROS_WORDS[source]
    for variable in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", *VARIABLES):
        if variable in os.environ:
            yield "environment", f"{variable}={os.environ[variable]}"


def _checkpoint(name: str) -> Iterator[tuple[str, str]]:
    from ..inference.built_in_weights import checkpoint_file
    from ..inference.errors import DemoWeightsMissingError
    from ..network.checkpoint import CheckpointError, load_checkpoint

    try:
        with checkpoint_file(name) as path:
            checkpoint = load_checkpoint(path)
            checkpoint.build()
            size = checkpoint.path.stat().st_size
    except (CheckpointError, DemoWeightsMissingError) as error:
        raise CommandError(str(error)) from error
    return _description(checkpoint, size)


def _description(checkpoint: Checkpoint, size: int) -> Iterator[tuple[str, str]]:
    parameters = sum(value.numel() for value in checkpoint.state.values())
    yield "checkpoint", f"{checkpoint.path}, {size / 2**20:.1f} MiB"
    yield "network", "AMDANet, complete: every weight is there and fits"
    for name, value in asdict(checkpoint.config).items():
        yield name, str(value)
    yield "parameters", f"{parameters / 1e6:.1f} million, with BatchNorm statistics"
    if checkpoint.classes is None:
        yield "classes", "the file does not name them"
    else:
        yield "classes", ", ".join(checkpoint.classes)
    for name, text in checkpoint.metadata.items():
        yield one_line(name, 60), one_line(text)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "of unknown version"


def _found(package: str, fix: str) -> str:
    if importlib.util.find_spec(package) is None:
        return f"{package} not installed: {fix}"
    return f"{package} {_version(package)}"
