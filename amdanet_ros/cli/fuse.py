"""Fuse and segment a bag or folders of images without a ROS graph.

Examples:
  amdanet fuse my_bag -o fused_bag --checkpoint mfnet.pth
  amdanet fuse my_bag -o fused_bag --params-file rig.yaml
  amdanet fuse rgb_folder thermal_folder -o images --format images
  amdanet fuse folder_with_NAME_rgb_and_NAME_thermal -o film.mp4 --format video

The output bag holds what the node publishes for the same pairs with the same parameters. Options
on the command line win over the params file. max_age and the parameters of subscriptions have no
effect. Messages are paired as if they arrived when they were recorded: max_wait and the silence of
a camera are measured by that time, and no pair is dropped because the network is slow. Images
before a camera's first camera_info use that one.

The output appears when it is whole. After an interruption or on a full disk, the same command goes
on from the folder .NAME.partial beside it. --overwrite replaces only what this command wrote, and
no output may be an input. Images that cannot be used are left out, named and counted.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..one_line import one_line
from ..programs.arguments import number
from .errors import CommandError
from .settings_arguments import add_settings_arguments, read_settings
from .source_arguments import add_source_arguments, is_bag, open_source

if TYPE_CHECKING:
    from ..findings import Finding
    from ..fuse.job import Step
    from ..fuse.output import FuseOutput
    from ..fuse.source import Source
    from ..pipeline.fusion import Fusion
    from ..settings import Settings

SUMMARY = "fuse a bag or folders of images into a bag, images or a video"
_FORMATS = ("bag", "images", "video")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="bag, folder or video")
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        help="default: video for .mp4 and .avi, else bag for a bag and images for images",
    )
    parser.add_argument("--rgb-info-topic", help="camera_info of the bag (default: beside RGB)")
    parser.add_argument("--thermal-info-topic", help="the same of the thermal camera")
    add_settings_arguments(parser)
    parser.add_argument(
        "--video-rate",
        type=number("--video-rate", float, 0.1, 1000),
        default=10.0,
        help="frames a second",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an output that this command wrote"
    )


def run(arguments: argparse.Namespace) -> int:
    """Fuse; returns 0.

    Raises:
        CommandError: a mistake in the call or the input, no pair that can be fused, a full disk.
    """
    # Before torch is loaded: threads that wait spinning starve each other on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from ..bags.errors import BagError
    from ..fuse.image_folders import ImageFolderError
    from ..inference import InferenceError
    from ..network.checkpoint import CheckpointError
    from ..output_place import OutputPlaceError
    from .disk_words import disk_words

    if not 0 < arguments.video_rate <= 1000:
        raise CommandError(f"--video-rate is {arguments.video_rate:g}: it must lie in 0 to 1000")
    try:
        return _fuse(arguments)
    except OSError as error:
        raise CommandError(disk_words(error, arguments.output)) from error
    except (
        BagError, CheckpointError, ImageFolderError, InferenceError, OutputPlaceError, ValueError
    ) as error:  # fmt: skip
        raise CommandError(str(error)) from error


def _fuse(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..fuse.job import compute, write
    from ..fuse.journal import FuseJournal
    from ..fuse.place import OutputPlace, kind_of
    from ..inference import Predictor
    from ..inference.freed_memory import keep_freed_memory
    from ..pipeline.pipeline import FusionPipeline
    from .no_pairs import why_no_pairs

    # Unrelated images have no common scale to keep.
    in_sequence = arguments.thermal is None and is_bag(arguments.input)
    settings = read_settings(arguments, {} if in_sequence else {"thermal.smoothing": 0.0})
    kind = kind_of(arguments.output, arguments.format, "bag" if in_sequence else "images")
    source = open_source(arguments, settings)
    inputs = _inputs(arguments, settings, source)
    place = OutputPlace.of(arguments.output, kind, arguments.overwrite, inputs)
    predictor = Predictor.of(settings.network)
    print(f"{source.description}: {predictor.describe()}", flush=True)
    with contextlib.closing(FuseJournal(place.path, _job(arguments, settings, source))) as journal:
        keep_freed_memory()
        steps = compute(source, FusionPipeline(predictor, settings.fusion), journal)
        progress = tqdm(steps, total=source.most, unit="pair", disable=None)
        fusions, left_out = _followed(progress, source)
        words = f"{len(fusions)} pairs fused" + (f", {left_out} left out" if left_out else "")
        if not fusions:
            why = why_no_pairs(source, settings.sync.slop)
            raise CommandError(
                f"{words}, nothing is written: {'why is said above' if left_out else why}"
            )
        part = journal.fresh_part()
        write(source, fusions, journal, _output(kind, part, arguments.video_rate))
        place.publish(part, journal.aside)
        journal.remove()
    print(f"{words}: {arguments.output}")
    return 0


def _inputs(arguments: argparse.Namespace, settings: Settings, source: Source) -> list[Path]:
    """Return all that is read: files, and the folders that hold the images."""
    given = [arguments.input, arguments.thermal, arguments.params_file]
    network = settings.network
    files = [Path(os.path.expanduser(each)) for each in (network.checkpoint, network.classes)]
    # The name of built-in weights or classes may be that of a folder here.
    given += [file for file in files if file.is_file()]
    folders = {Path(each).parent for each in source.files}
    return [path for path in (*given, *folders, *source.files) if path is not None]


def _output(kind: str, path: Path, rate: float) -> FuseOutput:
    from ..fuse.bag_output import BagOutput
    from ..fuse.image_output import ImageOutput
    from ..fuse.video_output import VideoOutput

    if kind == "video":
        return VideoOutput(path, rate)
    return BagOutput(path) if kind == "bag" else ImageOutput(path)


def _followed(steps: Iterable[Step], source: Source) -> tuple[dict[str, Fusion], int]:
    """Go through the steps; return the fusions by name, and how many pairs are left out.

    What is found is said once, and of each bad image where it lies.
    """
    from .left_out import LeftOut

    fusions: dict[str, Fusion] = {}
    said: set[str] = set()
    left_out = LeftOut(source.streams)
    for step in steps:
        if step.fusion is None:
            _say(left_out.add(step.pair, step.error), said)
            continue
        fusions[step.pair.name] = step.fusion
        _say([_sentence(each, source) for each in step.fusion.findings], said)
    _say(left_out.further(), said)
    _say(source.remarks, said)
    if fusions or left_out.count:
        _say([_sentence(each, source) for each in source.findings], said)
    return fusions, left_out.count


def _say(sentences: Iterable[str], said: set[str]) -> None:
    for sentence in sentences:
        if sentence not in said:
            print(f"amdanet: {one_line(sentence, 1000)}", file=sys.stderr)
            said.add(sentence)


def _sentence(finding: Finding, source: Source) -> str:
    from .finding_text import text

    return text(finding, source.streams)


def _job(arguments: argparse.Namespace, settings: Settings, source: Source) -> dict[str, object]:
    """Return what the results depend on: another value starts afresh."""
    from ..parameters import flat

    # Neither of them changes a result.
    unimportant = {"device", "max_age", "autostart", "pairs", "qos.reliability"}
    job: dict[str, object] = {k: v for k, v in flat(settings).items() if k not in unimportant}
    topics = ("rgb_topic", "thermal_topic", "rgb_info_topic", "thermal_info_topic")
    job |= {name: str(getattr(arguments, name)) for name in ("input", "thermal", *topics)}
    checkpoint = Path(settings.network.checkpoint)
    if checkpoint.is_file():
        job["checkpoint_changed"] = checkpoint.stat().st_mtime_ns
    files = hashlib.sha256()
    for file in source.files:
        state = file.lstat()
        files.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\n".encode(errors="replace"))
    return {**job, "files": files.hexdigest(), "version": __version__}
