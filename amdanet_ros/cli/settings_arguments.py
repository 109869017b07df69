"""Options that set the node's parameters for a command: a parameter file, and single values."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..programs.arguments import number
from .errors import CommandError
from .size_argument import add_inference_size_argument

if TYPE_CHECKING:
    from ..settings import Settings

_PARAMETERS = {
    "checkpoint": "checkpoint",
    "device": "device",
    "precision": "precision",
    "engine": "engine",
    "threads": "threads",
    "inference_size": "inference_size",
    "slop": "sync.slop",
    "thermal_offset": "sync.thermal_offset",
    "thermal_normalization": "thermal.normalization",
    "thermal_range": "thermal.range",
    "registration": "thermal.registration",
    "stretch": "fused.stretch",
}
"""Options of the command line and the parameters that they set."""


def params_path(text: str) -> Path:
    """Return the path of ``--params-file``, which may be a pipe and is read several times.

    Raises:
        CommandError: nothing comes from the pipe.
    """
    from ..params_file import ParameterFileError, kept_params_file

    try:
        return kept_params_file(text)
    except ParameterFileError as error:
        raise CommandError(str(error)) from error


def add_settings_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those that are not given are None."""
    parser.add_argument(
        "--params-file",
        type=params_path,
        help="parameters of the node, such as amdanet register writes",
    )
    parser.add_argument(
        "-p", "--param", action="append", default=[], metavar="NAME:=VALUE",
        help="set one of the node's parameters, for example -p thermal.crop:='[2, 0, 0, 0]'",
    )  # fmt: skip
    parser.add_argument(
        "--node", default="/amdanet", help="whose parameters the file holds (default /amdanet)"
    )
    parser.add_argument("--pair", default="", help="camera pair of the params file's pairs")
    parser.add_argument("--checkpoint", help="weights (default: street, built in)")
    parser.add_argument("--device", help="auto (default), cpu, cuda, cuda:N, openvino:GPU")
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16", "fp16"))
    parser.add_argument("--engine", choices=("auto", "torch", "openvino", "onnxruntime"))
    threads = number("--threads", int, 0, 1024)
    parser.add_argument("--threads", type=threads, help="0: the processors it may use")
    add_inference_size_argument(parser, "default: the images' own")
    parser.add_argument("--thermal-normalization", choices=("percentile", "fixed", "none"))
    parser.add_argument(
        "--thermal-range",
        type=number("--thermal-range", float, -1e9, 1e9),
        nargs=2,
        metavar=("LOW", "HIGH"),
    )
    parser.add_argument(
        "--registration",
        type=number("--registration", float, -1e12, 1e12),
        nargs=9,
        metavar="H",
        help="3 x 3 homography thermal pixel -> RGB pixel, row-major",
    )
    parser.add_argument(
        "--stretch", action=argparse.BooleanOptionalAction, help="stretch each fused image"
    )


def read_settings(
    arguments: argparse.Namespace, defaults: Mapping[str, Any] | None = None
) -> Settings:
    """Return the settings: of the command line, else of the parameter file, else the defaults.

    ``defaults`` are by parameter name, where the command's differ from the node's.

    Raises:
        CommandError: a value or a name that is not allowed.
    """
    from ..parameters import build, flat
    from ..params_file import read_params_file
    from ..settings import Settings, settings_of

    try:
        given = _given(arguments)
        namespace, _, name = arguments.node.rpartition("/")
        file = arguments.params_file
        from_file = read_params_file(file, name, namespace or "/") if file else {}
        pairs = settings_of({**(defaults or {}), **from_file})
        if arguments.pair not in pairs:
            named = ", ".join(filter(None, pairs))
            raise CommandError(
                f"the parameters name the camera pairs {named}: choose one with --pair"
                if named
                else f"--pair {arguments.pair}: the parameters name no camera pairs"
            )
        if given.get("thermal.normalization") == "fixed" and "thermal.range" not in (
            given.keys() | from_file.keys()
        ):
            raise CommandError("--thermal-normalization fixed needs --thermal-range LOW HIGH")
        return build(Settings, {**flat(pairs[arguments.pair]), **given})
    except ValueError as error:
        raise CommandError(str(error)) from error


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters that the command line sets, by name."""
    from ..params_file import read_value

    given: dict[str, Any] = {}
    for text in arguments.param:
        name, arrow, value = text.partition(":=")
        if not (name and arrow):
            raise CommandError(f"--param {text!r}: write NAME:=VALUE, for example max_wait:=0.2")
        given[name] = read_value(value)
    for option, name in _PARAMETERS.items():
        if getattr(arguments, option) is not None:
            given[name] = getattr(arguments, option)
    if arguments.registration is not None:
        # The file's sizes and its way to register belong to another homography.
        given["thermal.registration_sizes"] = [0, 0, 0, 0]
        given["thermal.registration_from"] = "homography"
    return given
