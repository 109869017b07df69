"""What a result of `amdanet fuse` depends on beside its input, and the network with that."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..user_folders import expanded
from .errors import CommandError
from .source_arguments import TOPIC_OPTIONS

if TYPE_CHECKING:
    from ..inference import Predictor
    from ..settings import Settings

VIDEO_RATE = 10.0
"""Frames a second of a video, where neither the call nor the input tells it."""
FILES = ("checkpoint", "classes", "rgb.camera_info_file", "thermal.camera_info_file")
"""Parameters that name files; those of networks and classes may be names of built-in ones."""
_UNIMPORTANT = {"device", "max_age", "autostart", "pairs", "qos.reliability"}
"""Parameters that change no result."""
_OF_THE_NODE = {
    "hang_timeout", "exit_on_hang", "rgb.transport", "thermal.transport",
    "thermal.registration_check_period",
}  # fmt: skip


def files_of(settings: Settings) -> dict[str, Path]:
    """Return the files that parameters name, by the parameter; built-in ones are left out."""
    from ..parameters import flat
    from ..registration.camera_info_file import path_of

    values = flat(settings)
    named = {name: path_of(values[name]) for name in FILES if values[name]}
    # The name of built-in weights or classes may be that of a folder here.
    return {name: file for name, file in named.items() if file.is_file()}


def file_fingerprints(settings: Settings) -> dict[str, str]:
    """Return the fingerprints of all files that parameters name: a copy of them is the same.

    Raises:
        CheckpointError: there is no such checkpoint.
        OSError: they cannot be read.
    """
    from ..fuse.made_of import file_fingerprint
    from ..inference.built_in_weights import checkpoint_file

    named = files_of(settings)
    named.pop("checkpoint", None)
    found = {name: file_fingerprint(file) for name, file in named.items()}
    with checkpoint_file(expanded(settings.network.checkpoint)) as file:
        found["checkpoint"] = file_fingerprint(file)
    return found


def result_options(
    arguments: argparse.Namespace, settings: Settings, kind: str, files: Mapping[str, str]
) -> dict[str, object]:
    """Return all that a result depends on beside its input, in words that JSON takes.

    Args:
        arguments: of `amdanet fuse`.
        settings: of the arguments.
        kind: "bag", "images" or "video".
        files: fingerprints of the settings' files.
    """
    from ..parameters import flat

    unimportant = _UNIMPORTANT | _OF_THE_NODE
    options: dict[str, object] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in flat(settings).items()
        if name not in unimportant
    }
    options |= files
    options |= {name: getattr(arguments, name) for name in TOPIC_OPTIONS}
    options |= {"format": kind, "version": __version__}
    if arguments.stacked:
        options["stacked"] = arguments.stacked
    if kind == "video":
        options["video_rate"] = arguments.video_rate or VIDEO_RATE
    return options


def load_predictor(settings: Settings, files: Mapping[str, str]) -> Predictor:
    """Return the network of the settings.

    Args:
        settings: say which.
        files: their fingerprints when the call began.

    Raises:
        CheckpointError, InferenceError, ValueError: it cannot be loaded.
        CommandError: a file has changed meanwhile, so that results would be taken for others.
    """
    from ..inference import Predictor

    predictor = Predictor.of(settings.network)
    now = file_fingerprints(settings)
    changed = sorted(name for name in {*files, *now} if files.get(name) != now.get(name))
    if changed:
        raise CommandError(
            f"the file that the parameter {changed[0]} names has changed since this call began: "
            "call it again"
        )
    return predictor


@dataclass(frozen=True)
class Loaded:
    """A network, and what makes the results of all inputs that it is used for.

    Attributes:
        predictor: the network.
        settings: that it was loaded with.
        options: fingerprint of ``result_options``.
    """

    predictor: Predictor
    settings: Settings
    options: str

    @classmethod
    def of(cls, arguments: argparse.Namespace, settings: Settings, kind: str) -> Loaded:
        """Load the network; arguments and errors as of ``result_options``, ``load_predictor``."""
        from ..fuse.made_of import options_fingerprint

        files = file_fingerprints(settings)
        options = result_options(arguments, settings, kind, files)
        predictor = load_predictor(settings, files)
        return cls(predictor, settings, options_fingerprint(options))
