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
before a camera's first camera_info use that one. After an interruption, the same command continues
where it stopped.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CommandError
from .settings_arguments import add_settings_arguments, read_settings
from .source_arguments import add_source_arguments, is_bag, open_source

if TYPE_CHECKING:
    from ..findings import Finding
    from ..fuse.job import Step
    from ..fuse.source import Source
    from ..pipeline.fusion import Fusion
    from ..settings import Settings

SUMMARY = "fuse a bag or folders of images into a bag, images or a video"
_FORMATS = ("bag", "images", "video")
_VIDEO_SUFFIXES = (".mp4", ".avi")


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
    parser.add_argument("--video-rate", type=float, default=10.0, help="frames a second")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output")


def run(arguments: argparse.Namespace) -> int:
    """Fuse; returns 0, or 1 where no pair was usable."""
    # Before torch is loaded: threads that wait spinning starve each other on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from tqdm import tqdm

    from ..bags.errors import BagError
    from ..fuse.bag_output import BagOutput
    from ..fuse.image_folders import ImageFolderError
    from ..fuse.image_output import ImageOutput
    from ..fuse.job import compute, write
    from ..fuse.journal import FuseJournal
    from ..fuse.video_output import VideoOutput
    from ..inference import InferenceError, Predictor
    from ..inference.freed_memory import keep_freed_memory
    from ..network.checkpoint import CheckpointError
    from ..pipeline.pipeline import FusionPipeline

    # Unrelated images have no common scale to keep.
    in_sequence = arguments.thermal is None and is_bag(arguments.input)
    settings = read_settings(arguments, {} if in_sequence else {"thermal.smoothing": 0.0})
    try:
        source = open_source(arguments, settings)
        kind = arguments.format or _default_format(arguments.output, in_sequence)
        _make_room(arguments.output, kind, arguments.overwrite)
        network = settings.network
        predictor = Predictor.from_checkpoint(
            network.checkpoint, network.device, network.precision, network.inference_size
        )
        print(f"{source.description}: {predictor.describe()}", flush=True)
        journal = FuseJournal(arguments.output, _job(arguments, settings))
        keep_freed_memory()
        steps = compute(source, FusionPipeline(predictor, settings.fusion), journal)
        progress = tqdm(steps, total=source.most, unit="pair", disable=None)
        fusions, left_out = _followed(progress, source)
        if kind == "video":
            output = VideoOutput(arguments.output, arguments.video_rate)
        else:
            output = (BagOutput if kind == "bag" else ImageOutput)(arguments.output)
        write(source, fusions, journal, output)
    except (
        BagError, ImageFolderError, CheckpointError, InferenceError, ValueError, OSError
    ) as error:  # fmt: skip
        raise CommandError(str(error)) from error
    words = f", {left_out} left out" if left_out else ""
    print(f"{len(fusions)} pairs fused{words}: {arguments.output}")
    return 0 if fusions else 1


def _followed(steps: Iterable[Step], source: Source) -> tuple[dict[str, Fusion], int]:
    """Go through the steps; return the fusions by name, and how many pairs are left out.

    What is found is said once, and of each bad image where it lies.
    """
    from ..images.errors import BadImage

    fusions: dict[str, Fusion] = {}
    said: set[str] = set()
    left_out = 0
    for pair, fusion, error in steps:
        if fusion is not None:
            fusions[pair.name] = fusion
            _say([_sentence(each, source) for each in fusion.findings], said)
            continue
        left_out += 1
        if isinstance(error, BadImage):
            place = pair.place_of(error.stream)
            _say([f"pair {pair.name} is left out: {place}: {error}"], said)
        else:
            _say([f"pairs are left out: {_sentence(error.finding, source)}"], said)
    _say([_sentence(each, source) for each in source.findings], said)
    return fusions, left_out


def _say(sentences: Iterable[str], said: set[str]) -> None:
    for sentence in sentences:
        if sentence not in said:
            print(f"amdanet: {sentence}", file=sys.stderr)
            said.add(sentence)


def _sentence(finding: Finding, source: Source) -> str:
    from .finding_text import text

    return text(finding, source.streams)


def _default_format(output: Path, is_bag: bool) -> str:
    if output.suffix.lower() in _VIDEO_SUFFIXES:
        return "video"
    return "bag" if is_bag else "images"


def _make_room(output: Path, kind: str, overwrite: bool) -> None:
    """Refuse or remove an output that is there already (images are written into a folder)."""
    if kind == "images" or not output.exists():
        return
    if not overwrite:
        raise CommandError(f"{output} exists: give another --output, or --overwrite")
    if output.is_dir():
        if not (output / "metadata.yaml").exists():
            raise CommandError(f"{output} is a folder that holds no bag: it is not removed")
        shutil.rmtree(output)
    else:
        output.unlink()


def _job(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
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
    return job
