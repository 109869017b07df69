"""Calibrate an RGB and a thermal camera by a board that both see.

Examples:
  amdanet calibrate rig_bag --board 8x6 --square 0.04 -o rig
  amdanet calibrate rgb_folder thermal_folder --board 8x6 --square 0.04 -o rig
  amdanet calibrate rig_bag --board 4x11 --square 0.03 --pattern asymmetric_circles -o rig

--board counts the corners where four squares meet, in a row and in a column: a board of 9 x 7
squares is 8x6. The board is warmed so that the thermal camera sees its squares too. The folder
holds rgb.yaml and thermal.yaml (camera_info), params.yaml for the node and for amdanet fuse,
summary.yaml, and residuals.png to look at. Nothing is written where the views do not determine the
calibration: one line says what is missing. docs/calibration.md shows each step.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..one_line import one_line
from ..programs.arguments import number
from .errors import CommandError
from .input_errors import mistakes_as_command_errors
from .said import say
from .source_arguments import (
    add_reading_arguments,
    add_source_arguments,
    open_source,
    reading_settings,
)

if TYPE_CHECKING:
    from ..calibration.board import Board
    from ..calibration.rig import RigCalibration
    from ..calibration.views import View
    from ..fuse.source import Source
    from ..pipeline.image_pair import ImagePair

SUMMARY = "calibrate both cameras by a warm checkerboard: lenses, and where they stand"
_PATTERNS = ("checkerboard", "circles", "asymmetric_circles")
_MODELS = ("plumb_bob", "rational_polynomial")
_NAMED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--board", required=True, metavar="8x6", help="inner corners in a row x in a column"
    )
    parser.add_argument(
        "--square",
        type=number("--square", float, 0.001, 10),
        required=True,
        help="side of a square, m; of circles the distance of their centres (asymmetric: half of "
        "that in a row)",
    )
    parser.add_argument("--pattern", choices=_PATTERNS, default=_PATTERNS[0])
    parser.add_argument(
        "--rgb-distortion", choices=_MODELS, default=_MODELS[0], help="model of the RGB lens"
    )
    parser.add_argument(
        "--thermal-distortion", choices=_MODELS, default=_MODELS[0], help="the same of thermal"
    )
    parser.add_argument(
        "--views",
        type=number("--views", int, 6, 200),
        default=40,
        help="most views of a camera to calibrate with (default 40)",
    )
    parser.add_argument(
        "--frames",
        type=number("--frames", int, 6, 1e5),
        default=300,
        help="most pairs to look for the board in (default 300)",
    )
    add_reading_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Calibrate and write; returns 0.

    Raises:
        CommandError: a mistake in the call or the input, views that do not determine the
            calibration, a disk that cannot be written.
    """
    with mistakes_as_command_errors(arguments.output, goes_on=False):
        return _calibrate(arguments)


def _calibrate(arguments: argparse.Namespace) -> int:
    from ..calibration.board import Board, BoardError
    from ..calibration.result_files import write_calibration
    from ..calibration.rig import calibrate_rig
    from ..whole_folder import whole_folder

    try:
        board = Board.of(arguments.board, arguments.square, arguments.pattern)
    except BoardError as error:
        raise CommandError(f"--board is {one_line(arguments.board, 40)}: {error}") from error
    settings = reading_settings(arguments)
    source = open_source(arguments, settings)
    _check_output(arguments, source)
    seen = _look(source, board, arguments.frames, settings.sync.slop)
    models = (arguments.rgb_distortion, arguments.thermal_distortion)
    rig = calibrate_rig(seen.views["rgb"], seen.views["thermal"], arguments.views, models)
    _tell(rig, seen)
    notes = {
        "source": source.description,
        "pairs_looked_at": seen.looked,
        "board_found": {name: len(each) for name, each in seen.views.items()},
    }
    if arguments.thermal_frame is not None:
        notes["parameters"] = {"thermal.frame": arguments.thermal_frame}
    place = Path(os.path.realpath(arguments.output))
    with whole_folder(arguments.output) as folder:
        write_calibration(folder, place, rig, board, notes)
    print(
        f"{arguments.output / 'params.yaml'} for --params-file; look at "
        f"{arguments.output / 'residuals.png'}: points everywhere, residuals without a pattern"
    )
    return 0


def _check_output(arguments: argparse.Namespace, source: Source) -> None:
    from ..output_place import check_new_folder, folders_of, keep_apart

    given = [path for path in (arguments.input, arguments.thermal) if path is not None]
    keep_apart(arguments.output, [*given, *source.files, *folders_of(source.files, given)])
    check_new_folder(arguments.output)


class _Seen(NamedTuple):
    """What the images show: views of each camera, places of the pairs by name, pairs looked at."""

    views: dict[str, list[View]]
    places: dict[str, Mapping[str, str]]
    looked: int


def _look(source: Source, board: Board, most: int, slop: float) -> _Seen:
    """Look for the board in pairs spread over the source; what is left out is said."""
    from ..calibration.detection import has_smaller_board, view_of_rgb, view_of_thermal
    from .left_out import LeftOut
    from .spread import nothing_read, spread_pairs

    left_out = LeftOut(source.streams)
    seen = _Seen({"rgb": [], "thermal": []}, {}, 0)
    without: list[ImagePair] = []
    for pair, images in spread_pairs(source, most, left_out):
        seen = seen._replace(looked=seen.looked + 1)
        seen.places[pair.name] = pair.places
        rgb = view_of_rgb(pair.name, images.rgb, board)
        thermal = view_of_thermal(pair.name, images.thermal, board)
        seen.views["rgb"] += [rgb] if rgb else []
        seen.views["thermal"] += [thermal] if thermal else []
        if rgb is None and len(without) < _NAMED:
            without.append(images)
    say((*left_out.further(), *source.remarks))
    if not seen.looked:
        raise nothing_read(source, left_out, slop)
    if not seen.views["rgb"] and has_smaller_board([each.rgb for each in without], board):
        raise CommandError(
            f"--board is {board.columns}x{board.rows}, and the images show "
            f"{board.columns - 1}x{board.rows - 1}: count inner corners, not squares"
        )
    return seen._replace(
        views={name: _of_one_size(name, views) for name, views in seen.views.items()}
    )


def _of_one_size(name: str, views: list[View]) -> list[View]:
    """Return the views whose images have the size of most; others are said."""
    sizes = Counter(view.size for view in views)
    size = max(sizes, key=sizes.get, default=None)
    kept = [view for view in views if view.size == size]
    if len(kept) < len(views):
        say(
            [
                f"{len(views) - len(kept)} {name} images are left out: they have another size than "
                f"most ({size[1]} x {size[0]}): calibrate with them alone"
            ]
        )
    return kept


def _tell(rig: RigCalibration, seen: _Seen) -> None:
    """Print what was found; say which views were dropped, and what would be better."""
    for name in ("rgb", "thermal"):
        camera = getattr(rig, name)
        fx, fy, cx, cy = camera.matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
        print(
            f"{name} camera: {len(camera.views)} views, reprojection error {camera.error:.2f} "
            f"pixels; focal lengths {fx:.1f}, {fy:.1f}, centre {cx:.1f}, {cy:.1f} (standard "
            f"deviation {max(camera.deviations[:2]):.1f}, {max(camera.deviations[2:]):.1f})"
        )
        say(_dropped(f"{name} camera", camera.dropped, seen, name))
    pair = rig.pair
    print(
        f"thermal to RGB: {len(pair.names)} pairs, reprojection error {pair.error:.2f} pixels; "
        f"translation {', '.join(f'{1000 * each:.1f}' for each in pair.translation)} mm"
    )
    say(_dropped("both cameras", pair.dropped, seen, None))
    say(rig.remarks)


def _dropped(
    what: str, dropped: Sequence[tuple[str, float]], seen: _Seen, stream: str | None
) -> list[str]:
    """Return a sentence that names the views that were dropped."""
    if not dropped:
        return []
    named = []
    for name, error in dropped[:_NAMED]:
        places = seen.places[name]
        place = places[stream] if stream else " and ".join(places.values())
        named.append(f"{place} ({error:.2f} pixels)")
    more = f" and {len(dropped) - _NAMED} more" if len(dropped) > _NAMED else ""
    return [f"{what}: {len(dropped)} views do not fit the others: {', '.join(named)}{more}"]
