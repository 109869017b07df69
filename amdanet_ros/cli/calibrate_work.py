"""A calibration of a recording, as `amdanet calibrate` and `amdanet fleet` compute it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..one_line import one_line
from .errors import CommandError
from .said import say

if TYPE_CHECKING:
    from ..calibration.board import Board
    from ..calibration.rig import RigCalibration
    from ..calibration.views import View
    from ..fuse.source import Source
    from ..pipeline.image_pair import ImagePair
    from ..settings import Settings

_NAMED = 5


def board_of(arguments: argparse.Namespace) -> Board:
    """Return the board that the arguments name; raises CommandError."""
    from ..calibration.board import Board, BoardError

    try:
        return Board.of(arguments.board, arguments.square, arguments.pattern)
    except BoardError as error:
        raise CommandError(f"--board is {one_line(arguments.board, 40)}: {error}") from error


class Calibrated(NamedTuple):
    """A calibration, and what it was found from.

    Attributes:
        rig: both cameras.
        board: that was seen.
        notes: for the summary, see ``write_calibration``.
    """

    rig: RigCalibration
    board: Board
    notes: dict[str, object]

    def write(self, folder: Path, place: Path) -> None:
        """Write all files.

        Args:
            folder: to write into.
            place: absolute path that the folder will have.

        Raises:
            OSError: the disk.
        """
        from ..calibration.result_files import write_calibration

        write_calibration(folder, place, self.rig, self.board, dict(self.notes))


def calibrated(source: Source, settings: Settings, arguments: argparse.Namespace) -> Calibrated:
    """Look for the board in a source and calibrate both cameras; what is left out is said.

    Args:
        source: of pairs.
        settings: of reading.
        arguments: of `amdanet calibrate`.

    Raises:
        CommandError: no pair can be used, or the board is another one.
        CalibrationError: the views do not determine the calibration.
        BagError, OSError: the source cannot be read.
    """
    from ..calibration.rig import calibrate_rig

    board = board_of(arguments)
    seen = _look(source, board, arguments.frames, settings.sync.slop)
    models = (arguments.rgb_distortion, arguments.thermal_distortion)
    rig = calibrate_rig(seen.views["rgb"], seen.views["thermal"], arguments.views, models)
    say(_left_out(rig, seen))
    notes: dict[str, object] = {
        "source": source.description,
        "pairs_looked_at": seen.looked,
        "board_found": {name: len(each) for name, each in seen.views.items()},
    }
    if arguments.thermal_frame is not None:
        notes["parameters"] = {"thermal.frame": arguments.thermal_frame}
    return Calibrated(rig, board, notes)


class Seen(NamedTuple):
    """What the images show: views of each camera, places of the pairs by name, pairs looked at."""

    views: dict[str, list[View]]
    places: dict[str, Mapping[str, str]]
    looked: int


def _look(source: Source, board: Board, most: int, slop: float) -> Seen:
    """Look for the board in pairs spread over the source; what is left out is said."""
    from ..calibration.detection import has_smaller_board, view_of_rgb, view_of_thermal
    from .left_out import LeftOut
    from .spread import nothing_read, spread_pairs

    left_out = LeftOut(source.streams)
    seen = Seen({"rgb": [], "thermal": []}, {}, 0)
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


def sentences(rig: RigCalibration) -> list[str]:
    """Return what was found, in a line for each camera and one for both."""
    lines = []
    for name in ("rgb", "thermal"):
        camera = getattr(rig, name)
        fx, fy, cx, cy = camera.matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
        lines.append(
            f"{name} camera: {len(camera.views)} views, reprojection error {camera.error:.2f} "
            f"pixels; focal lengths {fx:.1f}, {fy:.1f}, centre {cx:.1f}, {cy:.1f} (standard "
            f"deviation {max(camera.deviations[:2]):.1f}, {max(camera.deviations[2:]):.1f})"
        )
    pair = rig.pair
    lines.append(
        f"thermal to RGB: {len(pair.names)} pairs, reprojection error {pair.error:.2f} pixels; "
        f"translation {', '.join(f'{1000 * each:.1f}' for each in pair.translation)} mm"
    )
    return lines


def _left_out(rig: RigCalibration, seen: Seen) -> list[str]:
    """Return which views were dropped, and what would be better."""
    said: list[str] = []
    for name in ("rgb", "thermal"):
        said += _dropped(f"{name} camera", getattr(rig, name).dropped, seen, name)
    return [*said, *_dropped("both cameras", rig.pair.dropped, seen, None), *rig.remarks]


def _dropped(
    what: str, dropped: Sequence[tuple[str, float]], seen: Seen, stream: str | None
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
