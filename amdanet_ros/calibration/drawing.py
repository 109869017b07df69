"""An image of a calibration: where the board was, and by how much its points miss."""

from __future__ import annotations

import cv2
import numpy as np

from .extrinsics import Extrinsics
from .intrinsics import Intrinsics
from .rig import RigCalibration

_PANEL = 480
"""Width of a camera's image as drawn, pixels."""
_GAP, _LINE = 24, 22
_BARS = 90
"""Height of the largest bar, pixels."""
_WHITE, _BLACK, _GREY, _RED = (255, 255, 255), (30, 30, 30), (205, 205, 205), (200, 40, 40)
_BAR = (70, 110, 180)
_MAGNIFIED = 12.0
_LONGEST = 60.0
"""Length of the lines of a common and of the largest residual, pixels of the drawing."""


def draw_calibration(rig: RigCalibration) -> np.ndarray:
    """Draw both cameras, one below the other, and the pairs; returns H x W x 3 uint8, RGB.

    Left: the board in all views that were used, a colour each. Right: by how much each found point
    misses, magnified. Below: a bar for each view, red for those that were dropped.
    """
    rows = [_camera("RGB", rig.rgb), _camera("thermal", rig.thermal), _pairs(rig.pair)]
    width = max(row.shape[1] for row in rows)
    wide = [
        cv2.copyMakeBorder(row, 0, 0, 0, width - row.shape[1], cv2.BORDER_CONSTANT, value=_WHITE)
        for row in rows
    ]
    return np.concatenate(wide)


def _camera(name: str, camera: Intrinsics) -> np.ndarray:
    height, width = camera.size
    scale = _PANEL / width
    panel = round(height * scale)
    canvas = np.full((panel + _BARS + 5 * _LINE + _GAP, 2 * _PANEL + 3 * _GAP, 3), 255, np.uint8)
    top = 2 * _LINE
    left, right = _GAP, _PANEL + 2 * _GAP
    common = np.median(np.concatenate([np.linalg.norm(each, axis=1) for each in camera.residuals]))
    factor = _MAGNIFIED / max(float(common), 1e-3)
    title = f"{name} camera, {width} x {height}: {len(camera.views)} views"
    _text(canvas, title, left, _LINE)
    _text(canvas, "where the board was", left, top - 4)
    _text(canvas, f"residuals, {factor / scale:.0f} times as long", right, top - 4)
    for x in (left, right):
        cv2.rectangle(canvas, (x, top), (x + _PANEL, top + panel), _GREY, 1)
    colours = _colours(len(camera.views))
    for view, residual, colour in zip(camera.views, camera.residuals, colours, strict=True):
        places = (view.points + 0.5) * scale + (left, top)
        grid = places.reshape(view.board.rows, view.board.columns, 2)
        edge = np.concatenate([grid[0], grid[1:, -1], grid[-1, -2::-1], grid[-2:0:-1, 0]])
        cv2.polylines(canvas, [np.rint(edge).astype(np.int32)], True, colour, 1, cv2.LINE_AA)
        for place in places:
            cv2.circle(canvas, _whole(place), 2, colour, -1, cv2.LINE_AA)
        for place, miss in zip(places + (right - left, 0), residual, strict=True):
            longer = factor * float(np.linalg.norm(miss))
            end = _whole(place + factor * miss * min(1.0, _LONGEST / max(longer, 1e-9)))
            cv2.line(canvas, _whole(place), end, colour, 1, cv2.LINE_AA)
            cv2.circle(canvas, _whole(place), 1, colour, -1, cv2.LINE_AA)
    said = f"reprojection error of each view, pixels (all: {camera.error:.2f})"
    _bars(canvas, top + panel + _LINE, said, camera.errors, [each for _, each in camera.dropped])
    return canvas


def _pairs(pair: Extrinsics) -> np.ndarray:
    canvas = np.full((_BARS + 4 * _LINE, 2 * _PANEL + 3 * _GAP, 3), 255, np.uint8)
    said = f"both cameras: error of each pair, pixels (all: {pair.error:.2f})"
    _bars(canvas, _LINE, said, pair.errors, [each for _, each in pair.dropped])
    return canvas


def _bars(
    canvas: np.ndarray, top: int, title: str, errors: np.ndarray, dropped: list[float]
) -> None:
    """Draw a bar for each error, those of dropped views in red behind the others."""
    if dropped:
        title += f"; red: {len(dropped)} dropped"
    _text(canvas, title, _GAP, top + _LINE - 6)
    values = [*errors, *dropped]
    limit = 3.0 * max(float(np.max(errors)), 1e-6)
    step = min(40.0, 2.0 * _PANEL / len(values))
    bottom = top + _LINE + _BARS
    tallest = min(limit, max(values))
    for index, value in enumerate(values):
        x = round(_GAP + index * step)
        tall = round(_BARS * min(value, tallest) / tallest)
        colour = _BAR if index < len(errors) else _RED
        cv2.rectangle(
            canvas, (x, bottom - tall), (round(x + max(1.0, step - 3)), bottom), colour, -1
        )
    _text(canvas, f"{tallest:.2f}", round(_GAP + len(values) * step) + 6, top + _LINE + 10)


def _colours(count: int) -> list[tuple[int, int, int]]:
    """Return colours that can be told apart, RGB."""
    hues = (np.arange(count) * 180 * 0.381966).astype(int) % 180
    hsv = np.stack([hues, np.full(count, 200), np.full(count, 200)], axis=-1).astype(np.uint8)
    return [tuple(map(int, each)) for each in cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0]]


def _whole(place: np.ndarray) -> tuple[int, int]:
    x, y = np.clip(np.rint(place), -(10**4), 10**4).astype(int)
    return int(x), int(y)


def _text(canvas: np.ndarray, text: str, x: int, y: int) -> None:
    cv2.putText(canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _BLACK, 1, cv2.LINE_AA)
