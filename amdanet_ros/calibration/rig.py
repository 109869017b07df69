"""From views of the board to the calibration of both cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .determination import LEAST_VIEWS, lacks, lacks_of_pair, remarks
from .errors import CalibrationError
from .extrinsics import Extrinsics, calibrate_pair
from .intrinsics import Intrinsics, calibrate_camera
from .views import View, appearance, chosen, farthest

CAMERAS = ("rgb", "thermal")


@dataclass(frozen=True, eq=False)
class RigCalibration:
    """Two calibrated cameras.

    Attributes:
        rgb, thermal: the cameras.
        pair: where they stand to each other.
        remarks: sentences about what would make it better.
    """

    rgb: Intrinsics
    thermal: Intrinsics
    pair: Extrinsics
    remarks: tuple[str, ...]


def calibrate_rig(
    rgb: Sequence[View], thermal: Sequence[View], most: int, models: tuple[str, str]
) -> RigCalibration:
    """Calibrate both cameras.

    Each camera's lens is calibrated with its own views, those that the other camera does not
    see too; where they stand, with the views of the same name.

    Args:
        rgb, thermal: all views of each camera; those of one moment have one name.
        most: use at most so many of each camera, and so many pairs.
        models: of the distortion: RGB's and thermal's, see `intrinsics.MODELS`.

    Raises:
        CalibrationError: the views do not determine it.
    """
    seen = {"rgb": rgb, "thermal": thermal}
    pairs = _pairs(rgb, thermal)
    _check_counts(seen, len(pairs))
    cameras, missing = {}, []
    for name, model in zip(CAMERAS, models, strict=True):
        views = [seen[name][i] for i in chosen(seen[name], most)]
        try:
            cameras[name] = calibrate_camera(views, LEAST_VIEWS, model)
        except CalibrationError as error:
            missing.append(f"{name} camera: {error}")
            continue
        missing += [f"{name} camera: {each}" for each in lacks(cameras[name])]
    if missing:
        raise CalibrationError("; ".join(missing))
    dropped = {name for camera in cameras.values() for name, _ in camera.dropped}
    pairs = [pair for pair in pairs if pair[0].name not in dropped]
    _check_counts(seen, len(pairs))
    places = np.array([np.append(appearance(a), appearance(b)) for a, b in pairs])
    used = [pairs[i] for i in farthest(places, most)]
    found = calibrate_pair(used, cameras["rgb"], cameras["thermal"], LEAST_VIEWS)
    missing = lacks_of_pair(found, cameras["rgb"], cameras["thermal"])
    if missing:
        raise CalibrationError("; ".join(missing))
    said = tuple(f"{name} camera: {each}" for name in CAMERAS for each in remarks(cameras[name]))
    return RigCalibration(cameras["rgb"], cameras["thermal"], found, said)


def _pairs(rgb: Sequence[View], thermal: Sequence[View]) -> list[tuple[View, View]]:
    partners = {view.name: view for view in thermal}
    return [(view, partners[view.name]) for view in rgb if view.name in partners]


def _check_counts(seen: dict[str, Sequence[View]], pairs: int) -> None:
    """Raise a CalibrationError where there are too few views."""
    for name, views in seen.items():
        if len(views) < LEAST_VIEWS:
            raise CalibrationError(
                f"the board is found in {len(views)} {name} images, and at least {LEAST_VIEWS} "
                f"different views are needed (20 are good): {_ADVICE[name]}"
            )
    if pairs < LEAST_VIEWS:
        raise CalibrationError(
            f"the board is found by both cameras at once in {pairs} pairs, and at least "
            f"{LEAST_VIEWS} are needed: hold it where both see the whole of it"
        )


_ADVICE = {
    "rgb": "show the whole board, evenly lit, and count its inner corners for --board",
    "thermal": "warm the board (sun, a lamp, a hair dryer) until its squares show, and show the "
    "whole of it",
}
