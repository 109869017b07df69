"""Fuse and segment a recording without a ROS graph.

Examples:
  amdanet fuse my_bag -o fused_bag --checkpoint mfnet.pth
  amdanet fuse rgb_folder thermal_folder -o pictures --format pictures
  amdanet fuse folder_with_NAME_rgb_and_NAME_thermal -o film.mp4 --format video

Interrupted, the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .errors import CommandError

SUMMARY = "fuse a bag or folders of pictures into a bag, pictures or a video"
_FORMATS = ("bag", "pictures", "video")
_VIDEO_SUFFIXES = (".mp4", ".avi")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("input", type=Path, help="a bag, or a folder of pictures (RGB, or both)")
    parser.add_argument("thermal", type=Path, nargs="?", help="folder of the thermal pictures")
    parser.add_argument("-o", "--output", type=Path, required=True, help="bag, folder or video")
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        help="default: video for .mp4 and .avi, else bag for a bag and pictures for pictures",
    )
    parser.add_argument("--checkpoint", default="demo", help="weights (default: the demo's)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16", "fp16"))
    parser.add_argument(
        "--inference-size", type=int, nargs=2, metavar=("H", "W"), help="default: the pictures' own"
    )
    parser.add_argument("--rgb-topic", help="of the bag (default: by its name)")
    parser.add_argument("--thermal-topic", help="of the bag (default: by its name)")
    parser.add_argument("--slop", type=float, default=0.05, help="of a pair's stamps, seconds")
    parser.add_argument("--thermal-offset", type=float, default=0.0, help="added to thermal stamps")
    parser.add_argument(
        "--thermal-normalization", default="percentile", choices=("percentile", "fixed", "none")
    )
    parser.add_argument("--thermal-range", type=float, nargs=2, metavar=("LOW", "HIGH"))
    parser.add_argument(
        "--registration",
        type=float,
        nargs=9,
        metavar="H",
        help="3 x 3 homography thermal pixel -> RGB pixel, row-major",
    )
    parser.add_argument("--stretch", action="store_true", help="stretch each fused picture")
    parser.add_argument("--video-rate", type=float, default=10.0, help="frames a second")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output")


def run(arguments: argparse.Namespace) -> int:
    """Fuse; returns 0, or 1 where no pair was usable."""
    # Before torch is loaded: threads that wait spinning starve each other on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from tqdm import tqdm

    from ..bags.errors import BagError
    from ..fuse.fuse import fuse, open_output, recording_source
    from ..fuse.image_folders import PictureError
    from ..fuse.journal import FuseJournal
    from ..inference import InferenceError, Predictor, ThermalNormalizer
    from ..inference.freed_memory import keep_freed_memory
    from ..network.checkpoint import CheckpointError

    try:
        source = recording_source(
            arguments.input,
            arguments.thermal,
            arguments.rgb_topic,
            arguments.thermal_topic,
            arguments.slop,
            arguments.thermal_offset,
        )
        kind = arguments.format or _default_format(arguments.output, source.in_sequence)
        _make_room(arguments.output, kind, arguments.overwrite)
        normalizer = ThermalNormalizer(
            arguments.thermal_normalization,
            tuple(arguments.thermal_range) if arguments.thermal_range else None,
            # Unrelated pictures have no common scale to keep.
            smoothing=0.9 if source.in_sequence else 0.0,
        )
        predictor = Predictor.from_checkpoint(
            arguments.checkpoint,
            arguments.device,
            arguments.precision,
            tuple(arguments.inference_size) if arguments.inference_size else None,
            normalizer,
            arguments.registration,
            arguments.stretch,
        )
        print(f"{source.description}: {predictor.describe()}", flush=True)
        journal = FuseJournal(arguments.output, _settings(arguments, kind))
        bad = []

        def on_bad(name: str, error: Exception) -> None:
            bad.append(name)
            print(f"amdanet: pair {name} is left out: {error}", file=sys.stderr)

        keep_freed_memory()
        count = fuse(
            source,
            lambda: open_output(kind, arguments.output, predictor, arguments.video_rate),
            predictor,
            journal,
            lambda pairs: tqdm(pairs, total=source.most, unit="pair", disable=None),
            on_bad,
        )
    except (BagError, PictureError, CheckpointError, InferenceError, ValueError, OSError) as error:
        raise CommandError(str(error)) from error
    left_out = f", {len(bad)} left out" if bad else ""
    print(f"{count} pairs fused{left_out}: {arguments.output}")
    return 0 if count else 1


def _default_format(output: Path, is_bag: bool) -> str:
    if output.suffix.lower() in _VIDEO_SUFFIXES:
        return "video"
    return "bag" if is_bag else "pictures"


def _make_room(output: Path, kind: str, overwrite: bool) -> None:
    """Refuse or remove an output that is there already (pictures are written into a folder)."""
    import shutil

    if kind == "pictures" or not output.exists():
        return
    if not overwrite:
        raise CommandError(f"{output} exists: give another --output, or --overwrite")
    if output.is_dir():
        if not (output / "metadata.yaml").exists():
            raise CommandError(f"{output} is a folder that holds no bag: it is not removed")
        shutil.rmtree(output)
    else:
        output.unlink()


def _settings(arguments: argparse.Namespace, kind: str) -> dict[str, object]:
    """What the predictions depend on: another value starts afresh."""
    unimportant = {"run", "command", "overwrite", "video_rate", "output", "format", "device"}
    settings = {k: str(v) for k, v in vars(arguments).items() if k not in unimportant}
    checkpoint = Path(arguments.checkpoint)
    if checkpoint.is_file():
        settings["checkpoint_changed"] = str(checkpoint.stat().st_mtime_ns)
    return settings
