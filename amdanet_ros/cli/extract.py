"""Extract training pairs from recordings: registered, undamaged, different, with first labels.

Examples:
  amdanet extract my_bag -o my_set --params-file rig.yaml
  amdanet extract rgb.mp4 thermal.mp4 -o my_set
  amdanet extract bags.txt "2026-*/run_*" -o my_set
  amdanet extract monday.mcap tuesday.mcap -o my_set --every 2 --count 300 --degraded-rgb

A pair is looked at every --every seconds, and taken where both images are as they should be. Of
these the most different --count are written, in appearance and in time, and none that differs from
another by less than --change (0: no bound; two places differ by about 1). The set has the layout of
training, labels by the network (255 where its confidence is below --confidence), its confidence as
images, and lists: test.txt holds spans of time that train.txt does not have.

The set appears when it is whole; recordings are not written to.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..one_line import one_line
from ..programs.arguments import number
from ..videos.video_names import is_video
from .input_errors import mistakes_as_command_errors
from .many_inputs import all_inputs
from .settings_arguments import add_settings_arguments, read_settings
from .source_arguments import add_camera_info_arguments, add_pairing_arguments, open_source

if TYPE_CHECKING:
    from ..fuse.source import Source
    from ..settings import Settings

SUMMARY = "extract different, undamaged, registered pairs of bags for training, with first labels"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "bags",
        type=Path,
        nargs="+",
        metavar="BAG",
        help="bags, folders of RGB and thermal, videos (RGB and thermal by turns), or lists, "
        "patterns and folders of bags",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    add_extraction_arguments(parser)
    add_pairing_arguments(parser)
    add_camera_info_arguments(parser)
    add_settings_arguments(parser)


def add_extraction_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which pairs are taken, and how they are labelled."""
    parser.add_argument(
        "--every",
        type=number("--every", float, 0, 1e6),
        default=1.0,
        metavar="S",
        help="seconds between pairs that are looked at; 0: each",
    )
    parser.add_argument(
        "--count", type=number("--count", int, 2, 1e6), default=200, help="most pairs to write"
    )
    parser.add_argument(
        "--change",
        type=number("--change", float, 0, 10),
        default=0.1,
        help="least difference of two pairs",
    )
    parser.add_argument(
        "--confidence",
        type=number("--confidence", float, 0, 1),
        default=0.6,
        help="least confidence of a label; below it the pixel is not labelled (255)",
    )
    parser.add_argument(
        "--held",
        type=number("--held", float, 0.01, 0.9),
        default=0.2,
        help="share of the pairs for test.txt",
    )
    parser.add_argument(
        "--degraded-rgb",
        action="store_true",
        help="take pairs whose RGB image is dark, too bright or without contrast too (night)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Extract; returns 0.

    Raises:
        CommandError: a mistake in the call or the input, fewer than two pairs, a full disk.
    """
    # Before torch is loaded: threads that wait spinning starve each other on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    with mistakes_as_command_errors(arguments.output, goes_on=False):
        return _extract(arguments)


def _extract(arguments: argparse.Namespace) -> int:
    from ..inference import Predictor
    from ..whole_folder import whole_folder
    from .extract_work import Recording, chosen_pairs, write_set

    settings = read_settings(arguments, {"thermal.smoothing": 0.0})
    named = arguments.bags
    arguments.bags = all_inputs(named, arguments.output, arguments.stacked is not None)
    recordings = [
        Recording(first, _source(arguments, settings, first, thermal))
        for first, thermal in _recordings(arguments)
    ]
    _check_output(arguments, named, [each.source for each in recordings])
    chosen = chosen_pairs(recordings, settings, arguments)
    predictor = Predictor.of(settings.network)
    print(
        f"{len(chosen.taken)} of {chosen.candidates} pairs; labels: {predictor.describe()}",
        flush=True,
    )
    if predictor.notice:
        print(one_line(predictor.notice, 500), flush=True)
    with whole_folder(arguments.output) as folder:
        extracted = write_set(folder, chosen, predictor, settings, arguments)
    print(f"{len(extracted.names)} pairs with first labels: {arguments.output}")
    return 0


def _recordings(arguments: argparse.Namespace) -> Iterator[tuple[Path, Path | None]]:
    """Yield what holds both cameras: a bag, a folder, a stacked video, or two videos in a row."""
    given = list(arguments.bags)
    while given:
        first = given.pop(0)
        is_half = is_video(first) and not arguments.stacked and given and is_video(given[0])
        yield first, given.pop(0) if is_half else None


def _source(
    arguments: argparse.Namespace, settings: Settings, first: Path, thermal: Path | None
) -> Source:
    given = argparse.Namespace(**{**vars(arguments), "input": first, "thermal": thermal})
    return open_source(given, settings)


def _check_output(
    arguments: argparse.Namespace, named: Sequence[Path], sources: list[Source]
) -> None:
    from ..output_place import check_new_folder, folders_of, keep_apart

    files = [file for source in sources for file in source.files]
    given = [Path(each) for each in (arguments.params_file, arguments.checkpoint) if each]
    read = [*named, *arguments.bags, *files, *folders_of(files, named), *given]
    keep_apart(arguments.output, read)
    check_new_folder(arguments.output)
