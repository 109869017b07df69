"""What a calibration writes: two camera_info files, the node's parameters, a summary, an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from ..registration.camera_info_file import CameraInfoValues, camera_info_text
from ..registration.lens import Lens
from . import fisheye_fit
from .board import Board
from .drawing import draw_calibration
from .intrinsics import Intrinsics
from .rig import CAMERAS, RigCalibration

RGB_INFO, THERMAL_INFO, PARAMETERS = "rgb.yaml", "thermal.yaml", "params.yaml"
SUMMARY, IMAGE = "summary.yaml", "residuals.png"


def write_calibration(
    folder: Path, place: Path, rig: RigCalibration, board: Board, notes: dict[str, Any]
) -> None:
    """Write all files of a calibration.

    Args:
        folder: to write into.
        place: absolute path that the folder will have: the parameters name the files there.
        rig: the calibration.
        board: by which it was found.
        notes: further entries of the summary, and "parameters": further ones of the node.

    Raises:
        OSError: the disk.
    """
    notes = dict(notes)
    further = notes.pop("parameters", {})
    for name, file in zip(CAMERAS, (RGB_INFO, THERMAL_INFO), strict=True):
        text = camera_info_text(camera_info(getattr(rig, name)), f"{name}_camera")
        (folder / file).write_text(text, encoding="utf-8")
    parameters = {**node_parameters(rig, place), **further}
    (folder / PARAMETERS).write_text(_HEAD + _yaml(_for_all(parameters)), encoding="utf-8")
    (folder / SUMMARY).write_text(_yaml({**notes, **summary(rig, board)}), encoding="utf-8")
    image = cv2.imencode(".png", draw_calibration(rig)[..., ::-1])[1]
    (folder / IMAGE).write_bytes(image.tobytes())


_HEAD = (
    "# Written by amdanet calibrate, for --params-file. If the folder moves, correct the paths.\n"
    "# A point X of the thermal camera's optical frame is rotation * X + translation of RGB's.\n"
    "# thermal.registration_distance is not set: far scenes are registered. See "
    "docs/calibration.md.\n"
)


def camera_info(camera: Intrinsics) -> CameraInfoValues:
    """Return a camera's calibration as ``sensor_msgs/CameraInfo`` has it.

    P is that of ``camera_calibration``: rectified images without pixels that were not seen.
    """
    height, width = camera.size
    if camera.model in fisheye_fit.STEPS:
        rectified = cv2.fisheye.estimateNewCameraMatrixForUndistortRectify(
            camera.matrix, camera.distortion, (width, height), np.eye(3), balance=0.0
        )
    else:
        rectified, _ = cv2.getOptimalNewCameraMatrix(
            camera.matrix, camera.distortion, (width, height), 0.0
        )
    if not (np.isfinite(rectified).all() and rectified[0, 0] > 0 and rectified[1, 1] > 0):
        rectified = camera.matrix
    return CameraInfoValues(
        height=height,
        width=width,
        distortion_model=camera.model,
        d=_numbers(camera.distortion),
        k=_numbers(camera.matrix),
        r=_numbers(np.eye(3)),
        p=_numbers(np.column_stack([rectified, np.zeros(3)])),
    )


def node_parameters(rig: RigCalibration, place: Path) -> dict[str, Any]:
    """Return the parameters by which the node uses the calibration in the folder ``place``."""
    return {
        "thermal.registration_from": "camera_info",
        "thermal.rotation": list(_numbers(rig.pair.rotation)),
        "thermal.translation": list(_numbers(rig.pair.translation)),
        "rgb.camera_info_file": str(place / RGB_INFO),
        "thermal.camera_info_file": str(place / THERMAL_INFO),
    }


def summary(rig: RigCalibration, board: Board) -> dict[str, Any]:
    """Return what was found and how sure it is: numbers, words, lists and mappings of them."""
    turn = np.degrees(cv2.Rodrigues(rig.pair.rotation)[0].reshape(3))
    return {
        "board": f"{board.name}, {board.square:g} m",
        "rgb_camera": _camera(rig.rgb),
        "thermal_camera": _camera(rig.thermal),
        "thermal_to_rgb": {
            "translation_m": _rounded(rig.pair.translation, 5),
            "translation_deviation_m": _rounded(rig.pair.translation_deviation, 5),
            "rotation_vector_degrees": _rounded(turn, 3),
            "rotation_deviation_degrees": round(float(np.degrees(rig.pair.rotation_deviation)), 3),
            "reprojection_error_pixels": round(rig.pair.error, 3),
            "pairs": _by_name(zip(rig.pair.names, rig.pair.errors, strict=True)),
            "dropped_pairs": _by_name(rig.pair.dropped),
        },
        "remarks": list(rig.remarks),
    }


def _camera(camera: Intrinsics) -> dict[str, Any]:
    height, width = camera.size
    fx, fy, cx, cy = camera.matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
    views = zip((view.name for view in camera.views), camera.errors, strict=True)
    return {
        "width": width,
        "height": height,
        "focal_lengths_pixels": _rounded([fx, fy], 3),
        "centre_pixels": _rounded([cx, cy], 3),
        "deviations_of_both_pixels": _rounded(camera.deviations, 3),
        "field_of_view_degrees": _rounded(_field_of_view(camera), 1),
        "distortion_model": camera.model,
        "distortion": _rounded(camera.distortion, 6),
        "reprojection_error_pixels": round(camera.error, 3),
        "views": _by_name(views),
        "dropped_views": _by_name(camera.dropped),
    }


def _field_of_view(camera: Intrinsics) -> tuple[float, float]:
    """Return the angles across the middle row and column of the image, degrees."""
    halves = np.array(camera.size[::-1]) / 2 / np.diag(camera.matrix)[:2]
    if camera.model not in fisheye_fit.STEPS:
        return tuple(np.degrees(2 * np.arctan(halves)))
    lens = Lens(True, tuple(camera.distortion))
    edges = np.nan_to_num(lens.directions(np.diag(halves)), nan=-1.0)
    return tuple(np.degrees(2 * np.arctan2(np.diag(edges[:, :2]), edges[:, 2])))


def _by_name(errors: Any) -> dict[str, float]:
    return {name: round(float(error), 3) for name, error in errors}


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{value:.9g}") for value in np.asarray(values).reshape(-1))


def _rounded(values: Any, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _for_all(parameters: dict[str, Any]) -> dict[str, Any]:
    return {"/**": {"ros__parameters": parameters}}


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(
        content, default_flow_style=None, sort_keys=False, allow_unicode=True, width=100
    )
