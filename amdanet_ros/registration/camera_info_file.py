"""Calibrations in files: the YAML of ROS's ``camera_calibration_parsers``, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ..bounded_yaml import load_yaml, yaml_advice
from ..one_line import one_line
from ..regular_file import refusal
from ..user_folders import NoHomeError, expanded

_MOST_BYTES = 256 * 1024
_MOST_PIXELS = 2**31 - 1
_MOST_NUMBERS = 14
_OF_YAML = (
    yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError,
    RecursionError,
)  # fmt: skip
"""What PyYAML raises for bad text."""

_MATRICES = (
    ("k", "camera_matrix", (3, 3)),
    ("r", "rectification_matrix", (3, 3)),
    ("p", "projection_matrix", (3, 4)),
)


class CameraInfoFileError(ValueError):
    """A file is no calibration; the message is one line: file, cause and fix."""


@dataclass(frozen=True)
class _Region:
    """``sensor_msgs/RegionOfInterest``."""

    x_offset: int = 0
    y_offset: int = 0
    height: int = 0
    width: int = 0
    do_rectify: bool = False


@dataclass(frozen=True)
class _Header:
    """What of ``std_msgs/Header`` a file can tell."""

    frame_id: str = ""


@dataclass(frozen=True)
class CameraInfoValues:
    """A calibration with the attributes of ``sensor_msgs/CameraInfo``.

    Attributes:
        height, width: of the images that it belongs to, in pixels; 0: those in use.
        distortion_model: such as ``plumb_bob``.
        d: coefficients of the distortion.
        k: 3 x 3 camera matrix, row by row, in pixels.
        r: 3 x 3 rotation of rectification, row by row.
        p: 3 x 4 projection of rectified images, row by row, in pixels; zeros: not known.
        binning_x, binning_y, roi, header: as of whole images.
    """

    height: int
    width: int
    distortion_model: str
    d: tuple[float, ...]
    k: tuple[float, ...]
    r: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    p: tuple[float, ...] = (0.0,) * 12
    binning_x: int = 0
    binning_y: int = 0
    roi: _Region = field(default_factory=_Region)
    header: _Header = field(default_factory=_Header)


def path_of(name: str | Path) -> Path:
    """Return the path of a file that may be named with ``file://`` in front or ``~``."""
    return expanded(str(name).removeprefix("file://"))


def read_camera_info_file(path: str | Path) -> CameraInfoValues:
    """Return the calibration of a file; one that has not changed is read once.

    Args:
        path: of the YAML file, also with ``file://`` in front or ``~``.

    Raises:
        CameraInfoFileError: it cannot be read, or is no calibration.
    """
    place = Path(str(path))
    try:
        place = path_of(path)
        state = place.stat()
        return _read(place, state.st_mtime_ns, state.st_size)
    except NoHomeError as error:
        raise CameraInfoFileError(str(error)) from error
    except (OSError, ValueError) as error:
        if isinstance(error, CameraInfoFileError):
            raise
        why = getattr(error, "strerror", None) or error
        raise CameraInfoFileError(
            f"{one_line(place)} cannot be read: {one_line(why)}: give the path of a camera_info "
            "YAML file"
        ) from error


def camera_info_text(values: CameraInfoValues, camera_name: str) -> str:
    """Return a calibration as the text of a file that ROS's drivers and this package read."""

    def matrix(numbers: tuple[float, ...], columns: int) -> dict[str, Any]:
        data = [float(number) for number in numbers]
        return {"rows": len(data) // columns if columns else 1, "cols": columns, "data": data}

    content = {
        "image_width": int(values.width),
        "image_height": int(values.height),
        "camera_name": camera_name,
        "camera_matrix": matrix(values.k, 3),
        "distortion_model": values.distortion_model,
        "distortion_coefficients": matrix(values.d, len(values.d)),
        "rectification_matrix": matrix(values.r, 3),
        "projection_matrix": matrix(values.p, 4),
    }
    return yaml.safe_dump(content, default_flow_style=None, sort_keys=False, allow_unicode=True)


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int, _size: int) -> CameraInfoValues:
    file = one_line(path)
    if path.is_dir():
        raise CameraInfoFileError(f"{file} is a folder: give the path of a camera_info YAML file")
    if words := refusal(path, "the path of a camera_info YAML file"):
        raise CameraInfoFileError(f"{file} {words}")
    with path.open("rb") as opened:
        text = opened.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise CameraInfoFileError(f"{file} has more than {_MOST_BYTES} bytes: it is no camera_info")
    try:
        content = load_yaml(text)
    except _OF_YAML as error:
        advice = yaml_advice(error) or ": write it with amdanet calibrate or camera_calibration"
        raise CameraInfoFileError(f"{file} is no YAML: {one_line(error, 150)}{advice}") from error
    if not isinstance(content, Mapping) or "camera_matrix" not in content:
        raise CameraInfoFileError(
            f"{file} is no camera_info: it has no camera_matrix: write it with amdanet calibrate "
            "or camera_calibration"
        )
    try:
        return _values(content)
    except ValueError as error:
        raise CameraInfoFileError(
            f"{file}: {one_line(error, 200)}: calibrate the camera again"
        ) from error


def _values(content: Mapping[str, Any]) -> CameraInfoValues:
    """Return the calibration of a file's content; raises ValueError."""
    given: dict[str, Any] = {}
    for name, key, (rows, columns) in _MATRICES:
        if key in content:
            numbers = _numbers(content, key)
            if len(numbers) != rows * columns:
                raise ValueError(f"{key} holds {len(numbers)} numbers instead of {rows * columns}")
            given[name] = numbers
    d: tuple[float, ...] = ()
    if "distortion_coefficients" in content:
        d = _numbers(content, "distortion_coefficients")
        if len(d) > _MOST_NUMBERS:
            raise ValueError(f"distortion_coefficients holds {len(d)} numbers")
    model = content.get("distortion_model", "plumb_bob")
    if not isinstance(model, str):
        raise ValueError("distortion_model is no word")
    height, width = (_count(content, key) for key in ("image_height", "image_width"))
    return CameraInfoValues(height, width, model, d, **given)


def _numbers(content: Mapping[str, Any], key: str) -> tuple[float, ...]:
    """Return the numbers of a matrix, with or without its rows and columns."""
    matrix = content[key]
    data = matrix.get("data") if isinstance(matrix, Mapping) else matrix
    if data is None and key == "distortion_coefficients":
        return ()
    is_list = isinstance(data, list) and all(
        isinstance(each, (int, float)) and not isinstance(each, bool) for each in data
    )
    if not is_list:
        raise ValueError(f"{key} has no data of numbers")
    try:
        numbers = tuple(float(each) for each in data)
    except OverflowError:
        raise ValueError(f"{key} holds a number that is too large") from None
    if not np.all(np.isfinite(numbers)):
        raise ValueError(f"{key} holds NaN or infinite numbers")
    return numbers


def _count(content: Mapping[str, Any], key: str) -> int:
    value = content.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_PIXELS:
        raise ValueError(f"{key} is {one_line(value, 40)}: it must be a number of pixels")
    return value
